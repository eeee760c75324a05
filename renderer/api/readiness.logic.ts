import type { ConnectionView } from '#shared/contract/connections';
import { endTitles, settingDefinitions, type End } from '#shared/model/settings';
import type { Lane } from '#shared/model/run';

const needs: Record<Lane, readonly End[]> = {
  database: ['sourceDatabase', 'supabase'],
  users: ['sourceDatabase', 'supabase'],
  objects: ['sourceObjects', 'r2'],
  links: ['sourceDatabase', 'sourceObjects', 'supabase', 'r2'],
};

/** The ends that a migration of these lanes connects to. */
export function endsFor(lanes: readonly Lane[]): Set<End> {
  return new Set(lanes.flatMap((lane) => needs[lane]));
}

/** Something that the operator has to see to in Connections. */
export interface OpenPoint {
  end: End;
  /** `must`: a migration can't start. `check`: it was not tested, or a test warned. */
  weight: 'must' | 'check';
  text: string;
}

function listOf(names: readonly string[]): string {
  return names.length <= 2
    ? names.join(' and ')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** The users alone can go by the admin API; the database of the project is all that may be missing. */
function goesWithout(connection: ConnectionView, lanes: readonly Lane[]): boolean {
  const { end, state, missing } = connection;
  return (
    end === 'supabase' &&
    state === 'incomplete' &&
    missing.every((name) => name === 'SUPABASE_DB_URL') &&
    !lanes.includes('database') &&
    !lanes.includes('links')
  );
}

function pointsOf(connection: ConnectionView, lanes: readonly Lane[]): OpenPoint[] {
  const { end, state, missing, lastTest } = connection;
  const title = endTitles[end];
  if (goesWithout(connection, lanes)) {
    const text = `${title} has no database URL: the users go one by one by the admin API, and their dates are not kept.`;
    return [{ end, weight: 'check', text }];
  }
  if (state === 'empty') return [{ end, weight: 'must', text: `${title} is not set up.` }];
  if (state === 'incomplete') {
    const labels = missing.map((name) => settingDefinitions[name].label);
    return [
      {
        end,
        weight: 'must',
        text: `${title}: ${listOf(labels)} ${labels.length === 1 ? 'is' : 'are'} missing.`,
      },
    ];
  }
  if (lastTest === undefined) return [{ end, weight: 'check', text: `${title} has not been tested.` }];
  if (!lastTest.ok)
    return [{ end, weight: 'must', text: `${title}: ${lastTest.error?.message ?? 'the last test failed.'}` }];
  return lastTest.warnings.map((warning) => ({ end, weight: 'check', text: `${title}: ${warning.message}` }));
}

/** What is open before a migration of these lanes, the hindrances first. An end that no lane needs is left out. */
export function openPoints(connections: readonly ConnectionView[], lanes: readonly Lane[]): OpenPoint[] {
  const needed = endsFor(lanes);
  const points = connections
    .filter((connection) => needed.has(connection.end))
    .flatMap((connection) => pointsOf(connection, lanes));
  return [
    ...points.filter((point) => point.weight === 'must'),
    ...points.filter((point) => point.weight === 'check'),
  ];
}

/** Whether every setting that these lanes need is there; a failed test does not hinder, since it may be old. */
export function isConfigured(connections: readonly ConnectionView[], lanes: readonly Lane[]): boolean {
  const needed = endsFor(lanes);
  return connections.every(
    (connection) =>
      !needed.has(connection.end) || connection.state === 'configured' || goesWithout(connection, lanes),
  );
}
