import type { AlertConfig, Incident } from '#shared/model/health';

/** What is told of an incident, one after another. */
export interface Alert {
  kind: 'opened' | 'worse' | 'lasts' | 'resolved';
  incident: Incident;
}

/** What a receiver was told of an incident last. */
export interface Told {
  /** Milliseconds since 1970. */
  at: number;
  state: Incident['state'];
}

export interface AlertRules extends Pick<AlertConfig, 'from' | 'repeatMinutes' | 'quiet'> {
  /** Alerts of this service are held back at this moment. */
  inMaintenance: (service: string, now: number) => boolean;
}

/** What one receiver has to be told. It sends nothing itself. */
export interface AlertBook {
  /** An incident as it is now: opened, worse or ended. */
  note(incident: Incident): void;
  /** What is to be sent at this moment, the oldest first. */
  due(now: number): Alert[];
  /** The receiver has taken it. */
  sent(alerts: readonly Alert[], now: number): void;
  /** By incident. */
  told(): Record<string, Told>;
}

/** `before` is what {@link AlertBook.told} said when the process ended. */
export function createAlertBook(rules: AlertRules, before: Readonly<Record<string, Told>>): AlertBook {
  const incidents = new Map<string, Incident>();
  const told = new Map<string, Told>(Object.entries(before));

  const alertOf = (incident: Incident, now: number): Alert | undefined => {
    const last = told.get(incident.id);
    if (incident.endedAt !== undefined)
      return last === undefined ? undefined : { kind: 'resolved', incident };
    if (rules.from === 'down' && incident.state === 'degraded') return undefined;
    if (rules.inMaintenance(incident.service, now)) return undefined;
    if (last === undefined) return { kind: 'opened', incident };
    if (last.state === 'degraded' && incident.state === 'down') return { kind: 'worse', incident };
    // A clock that was set back must not silence what lasts.
    const passed = Math.abs(now - last.at);
    return rules.repeatMinutes > 0 && passed >= rules.repeatMinutes * 60_000
      ? { kind: 'lasts', incident }
      : undefined;
  };

  return {
    note(incident) {
      // What came and went without being told needs no end.
      if (incident.endedAt !== undefined && !told.has(incident.id)) incidents.delete(incident.id);
      else incidents.set(incident.id, incident);
    },
    due: (now) =>
      isQuiet(rules.quiet, now)
        ? []
        : [...incidents.values()].flatMap((incident) => alertOf(incident, now) ?? []),
    sent(alerts, now) {
      for (const { incident } of alerts) {
        if (incident.endedAt === undefined) {
          told.set(incident.id, { at: now, state: incident.state });
          continue;
        }
        told.delete(incident.id);
        incidents.delete(incident.id);
      }
    },
    told: () => Object.fromEntries(told),
  };
}

/** Whether a moment is within the quiet hours, by the clock of this machine. Hours that end before they begin go over midnight. */
function isQuiet(quiet: AlertConfig['quiet'], now: number): boolean {
  if (quiet === undefined || quiet.from === quiet.to) return false;
  const date = new Date(now);
  const minute = date.getHours() * 60 + date.getMinutes();
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  return from < to ? from <= minute && minute < to : minute >= from || minute < to;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
