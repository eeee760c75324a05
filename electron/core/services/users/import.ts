import type { ImportEvent } from '#shared/contract/users';
import { type ErrorShape, toAppError } from '#shared/model/errors';
import { migratedMark } from '#shared/model/users';
import type { UserDirectory } from '../../ports/users';
import { type ImportLine, parseUsersCsv } from './import-csv';

const batchSize = 500;

export interface ImportTotals {
  lines: number;
  imported: number;
  existing: number;
  bad: number;
  /** The import stopped in their midst. */
  unknown: number;
  stopped?: ErrorShape;
}

type UserLine = Extract<ImportLine, { user: unknown }>;

/**
 * Imports what is good, names what is not by its line, and recognises what is there already, so that it can be run again. A dry run does
 * everything but write.
 */
export async function* importCsv(
  directory: UserDirectory,
  text: string,
  dryRun: boolean,
  signal: AbortSignal,
): AsyncGenerator<ImportEvent, ImportTotals> {
  const { used, ignored, lines } = parseUsersCsv(text);
  const notes =
    directory.path === 'api' && used.some((name) => /^(created_at|last_sign_in_at)$/i.test(name))
      ? ['The admin API cannot keep the dates of creation and of the last sign-in.']
      : [];
  yield { type: 'columns', used, ignored, notes };
  const totals: ImportTotals = { lines: lines.length, imported: 0, existing: 0, bad: 0, unknown: 0 };
  for (let from = 0; from < lines.length && totals.stopped === undefined; from += batchSize) {
    const batch = lines.slice(from, from + batchSize);
    const bad = batch.flatMap((item) => ('reason' in item ? [item] : []));
    const good = batch.filter((item): item is UserLine => 'user' in item);
    try {
      const { results, stopped } = await directory.importUsers(
        good.map(({ user }) => ({ ...user, appMetadata: { [migratedMark]: 'csv', ...user.appMetadata } })),
        dryRun,
        signal,
      );
      results.forEach((result, index) => {
        if (result.status === 'bad') bad.push({ line: good[index]?.line ?? 0, reason: result.reason });
        else if (result.status !== 'untouched') totals[result.status] += 1;
      });
      if (stopped !== undefined) totals.stopped = stopped.toShape();
    } catch (error) {
      totals.stopped = toAppError(error).toShape();
    }
    totals.bad += bad.length;
    for (const { line, reason } of bad.sort((a, b) => a.line - b.line)) yield { type: 'bad', line, reason };
    const { stopped: _stopped, lines: _lines, ...counts } = totals;
    yield { type: 'progress', lines: Math.min(from + batchSize, lines.length), ...counts };
  }
  yield { type: 'end', ...totals };
  return totals;
}
