import type { AlertConfig } from '#shared/model/health';
import type { Alert } from './alert-book';

/** What goes to a receiver; without alerts it is a test. */
export interface AlertMessage {
  workspace: string;
  /** ISO 8601. */
  at: string;
  alerts: readonly Alert[];
}

/** One line for a subject or a notification. */
export function alertTitle({ workspace, alerts }: AlertMessage): string {
  const [first] = alerts;
  if (first === undefined) return `${workspace}: this is a test`;
  const more = alerts.length === 1 ? '' : ` and ${alerts.length - 1} more`;
  return `${workspace}: ${headOf(first)}${more}`;
}

function headOf({ kind, incident: { serviceTitle, state } }: Alert): string {
  switch (kind) {
    case 'opened':
      return `${serviceTitle} is ${state}`;
    case 'worse':
      return `${serviceTitle} is ${state} now`;
    case 'lasts':
      return `${serviceTitle} is still ${state}`;
    case 'resolved':
      return `${serviceTitle} is healthy again`;
  }
}

/** Everything as plain text. */
export function alertText(message: AlertMessage): string {
  if (message.alerts.length === 0)
    return `${alertTitle(message)}\nAlerts of Cutover arrive here. Nothing is wrong.`;
  return [
    alertTitle(message),
    ...message.alerts.flatMap((alert) => ['', ...linesOf(alert, message.at)]),
  ].join('\n');
}

function linesOf(alert: Alert, at: string): string[] {
  const { incident } = alert;
  const head = `${headOf(alert)} (${incident.checkTitle})`;
  if (alert.kind === 'resolved') {
    return [
      `${head}, after ${duration(incident.startedAt, incident.endedAt ?? at)}. It was: ${incident.cause}`,
    ];
  }
  return [`${head}, since ${incident.startedAt}.`, `${incident.code}: ${incident.cause}`, incident.remedy];
}

function duration(from: string, to: string): string {
  const minutes = Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** Discord refuses longer ones. https://discord.com/developers/docs/resources/webhook#execute-webhook */
const discordLimit = 2000;

/** The JSON that a webhook wants. */
export function webhookBody(url: string, shape: AlertConfig['webhookShape'], message: AlertMessage): string {
  const text = alertText(message);
  switch (shape === 'auto' ? shapeOf(new URL(url).hostname) : shape) {
    case 'slack':
      // Slack reads <…> as links and mentions. https://docs.slack.dev/messaging/formatting-message-text
      return JSON.stringify({
        text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
      });
    case 'discord':
      return JSON.stringify({
        content: text.length > discordLimit ? `${text.slice(0, discordLimit - 1)}…` : text,
        allowed_mentions: { parse: [] },
      });
    case 'plain':
      return JSON.stringify({
        source: 'cutover',
        test: message.alerts.length === 0,
        workspace: message.workspace,
        at: message.at,
        text,
        alerts: message.alerts.map(({ kind, incident: { notes: _notes, ...incident } }) => ({
          kind,
          ...incident,
        })),
      });
  }
}

function shapeOf(host: string): 'slack' | 'discord' | 'plain' {
  if (host === 'hooks.slack.com') return 'slack';
  return /(^|\.)discord(app)?\.com$/.test(host) ? 'discord' : 'plain';
}
