import type { ConnectionTest, ConnectionView } from '#shared/contract/connections';
import type { SettingName } from '#shared/model/settings';
import { remedies } from '../../ui/remedies';
import type { Tone } from '../../ui/tag';

/** The state of an end in a word. `testing` stands above what an earlier test said. */
export function connectionState(
  { state, lastTest }: ConnectionView,
  testing: boolean,
): { label: string; tone: Tone } {
  if (testing) return { label: 'Testing', tone: 'run' };
  if (state === 'empty') return { label: 'Not set up', tone: 'idle' };
  if (state === 'incomplete') return { label: 'Incomplete', tone: 'warn' };
  if (lastTest === undefined) return { label: 'Not tested', tone: 'idle' };
  if (!lastTest.ok) return { label: 'Failed', tone: 'bad' };
  return lastTest.warnings.length > 0
    ? { label: 'Reachable, with warnings', tone: 'warn' }
    : { label: 'Reachable', tone: 'ok' };
}

/** What an operator has typed and not saved; null stands for a value to be removed. */
export type Draft = Partial<Record<SettingName, string | null>>;

/** What a save would send: only real changes, an emptied field as a removal. Secrets that were not typed stay. */
export function changesOf(draft: Draft, connection: ConnectionView): Draft {
  const changes: Draft = {};
  for (const { name, value, set, origin } of connection.settings) {
    const typed = draft[name];
    if (typed === undefined || origin === 'environment') continue;
    const next = typed?.trim() === '' ? null : (typed?.trim() ?? null);
    if (next === null ? set : next !== value) changes[name] = next;
  }
  return changes;
}

/** A file's likely format, by its name and then by its text. */
export function guessFormat(fileName: string, text: string): 'env' | 'compose' {
  if (/\.ya?ml$/i.test(fileName)) return 'compose';
  if (/env/i.test(fileName)) return 'env';
  return /^services\s*:/m.test(text) ? 'compose' : 'env';
}

/** What a failed test says at the field that it blames: the fact and what to do. */
export function fieldError(test: ConnectionTest | undefined): string | undefined {
  const error = test?.error;
  if (error === undefined) return undefined;
  return `${error.message} ${error.hint ?? remedies[error.code].todo}`;
}
