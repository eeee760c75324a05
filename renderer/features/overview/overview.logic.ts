import type { ConnectionView } from '#shared/contract/connections';
import type { End } from '#shared/model/settings';
import type { Lane, RunView } from '#shared/model/run';
import { isSettled } from '#shared/model/run-view';
import { laneProgress } from '../../api/run-progress.logic';
import { formatAmount, formatPercent } from '../../ui/format';
import type { Tone } from '../../ui/tag';

/** One line of the picture: what is here, how far it is, where it goes. */
export interface Way {
  id: string;
  from: { title: string; detail: string };
  to: { title: string; detail: string };
  state: { label: string; tone: Tone };
  /** How much of the line is drawn, 0 to 1. */
  fraction: number;
}

const of = (connections: readonly ConnectionView[], end: End) =>
  connections.find((connection) => connection.end === end);

function point(connections: readonly ConnectionView[], end: End): string {
  const connection = of(connections, end);
  if (connection === undefined || connection.state === 'empty') return 'not set up';
  return connection.summary === '' ? 'incomplete' : connection.summary;
}

function endState(connection: ConnectionView | undefined): { label: string; tone: Tone } {
  if (connection === undefined || connection.state === 'empty')
    return { label: 'Not connected', tone: 'idle' };
  if (connection.state === 'incomplete') return { label: 'Incomplete', tone: 'warn' };
  if (connection.lastTest === undefined) return { label: 'Not tested', tone: 'idle' };
  return connection.lastTest.ok ? { label: 'Reachable', tone: 'ok' } : { label: 'Test failed', tone: 'bad' };
}

function moveState(
  lane: Lane,
  pair: readonly (ConnectionView | undefined)[],
  view: RunView | undefined,
): Pick<Way, 'state' | 'fraction'> {
  const progress = view === undefined ? undefined : laneProgress(view, lane);
  if (view === undefined || progress === undefined) {
    const states = pair.map(endState);
    const worst =
      states.find((state) => state.tone === 'bad') ??
      states.find((state) => state.label === 'Not connected') ??
      states.find((state) => state.tone === 'warn');
    return { state: worst ?? { label: 'Ready', tone: 'idle' }, fraction: 0 };
  }
  const { fraction, state, measure } = progress;
  const amount = measure === undefined ? '' : `${formatAmount(measure.total, measure.unit)} `;
  switch (state) {
    case 'waiting':
      if (fraction > 0)
        return { state: { label: `Stopped at ${formatPercent(fraction)}`, tone: 'warn' }, fraction };
      return { state: { label: 'Waiting', tone: 'idle' }, fraction };
    case 'running': {
      const percent = formatPercent(fraction);
      if (view.state === 'paused')
        return { state: { label: `Paused at ${percent}`, tone: 'warn' }, fraction };
      if (isSettled(view.state)) return { state: { label: `Stopped at ${percent}`, tone: 'warn' }, fraction };
      return { state: { label: `Copying, ${percent}`, tone: 'run' }, fraction };
    }
    case 'copied':
      return { state: { label: `${amount}copied`, tone: 'run' }, fraction };
    case 'verifying':
      return { state: { label: 'Verifying', tone: 'run' }, fraction };
    case 'verified':
      return { state: { label: `${amount}moved and verified`, tone: 'ok' }, fraction };
    case 'differs':
      return { state: { label: 'Differs', tone: 'bad' }, fraction };
    case 'failed':
      return { state: { label: 'Failed', tone: 'bad' }, fraction };
  }
}

/** The four ways from self-hosted to managed as they truly stand. */
export function ways(connections: readonly ConnectionView[], view: RunView | undefined): Way[] {
  const [source, files, supabase, r2, easypanel] = [
    of(connections, 'sourceDatabase'),
    of(connections, 'sourceObjects'),
    of(connections, 'supabase'),
    of(connections, 'r2'),
    of(connections, 'easypanel'),
  ];
  return [
    {
      id: 'database',
      from: { title: 'PostgreSQL', detail: point(connections, 'sourceDatabase') },
      to: { title: 'Supabase Postgres', detail: point(connections, 'supabase') },
      ...moveState('database', [source, supabase], view),
    },
    {
      id: 'users',
      from: { title: 'Users table', detail: point(connections, 'sourceDatabase') },
      to: { title: 'Supabase Auth', detail: 'auth.users' },
      ...moveState('users', [source, supabase], view),
    },
    {
      id: 'objects',
      from: { title: 'MinIO', detail: point(connections, 'sourceObjects') },
      to: { title: 'Cloudflare R2', detail: point(connections, 'r2') },
      ...moveState('objects', [files, r2], view),
    },
    {
      id: 'host',
      from: { title: 'Services', detail: 'not moved by a migration' },
      to: { title: 'Easypanel', detail: point(connections, 'easypanel') },
      state: endState(easypanel),
      fraction: 0,
    },
  ];
}
