import { formatBytes } from '#shared/model/format-bytes';
import type { InspectReport } from '#shared/contract/migration';
import { type Lane, usualLanes } from '#shared/model/run';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { type SessionOptions, withSession } from '../session';
import { applyDatabaseChoices, type DatabaseChoiceOptions } from '../database-choices';
import { applyUsersMapping } from '../users-mapping-file';
import { count } from '#shared/model/counted';
import { table } from '../text';
import { workResult } from '../work-result';

/** Prints what the source holds and what will not survive the move. Reads only. */
export function inspect(
  context: CommandContext,
  options: SessionOptions & DatabaseChoiceOptions & { only?: Lane[]; usersMapping?: string },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const { handlers } = session;
    await applyUsersMapping(context, session, options.usersMapping);
    await applyDatabaseChoices(context, session, options);
    const only = options.only ?? [...usualLanes];
    const report = await workResult(
      handlers['migration.inspect']({ only }, { signal, after: -1 }),
      ({ buckets, objects, bytes }) =>
        output.progress(
          `Inspecting: ${count(objects)} objects, ${formatBytes(bytes)}, ${count(buckets.done)} of ${count(buckets.total)} buckets`,
        ),
    );
    await output.document(report);
    printReport(output, report);
    return exitCodes.done;
  });
}

function printReport(output: Output, { database, users, objects, findings }: InspectReport): void {
  if (database !== undefined) {
    output.line(output.paint('bold', `Database ${database.name}`));
    output.line(
      `  ${database.version}, ${formatBytes(database.bytes)}, ${count(database.tables.length)} tables`,
    );
    if (database.estimate !== undefined) {
      const { seconds, assumes } = database.estimate;
      output.line(`  about ${count(seconds.least)} to ${count(seconds.most)} s, at ${assumes}`);
    }
    const settings = database.settings.map(({ name, source, target }) => [`  ${name}`, source, target]);
    for (const line of table([['  server', 'source', 'target'], ...settings], [])) output.line(line);
    const rows = database.tables.map((item) => [
      `  ${item.schema}.${item.name}`,
      count(item.rows),
      formatBytes(item.bytes),
      formatBytes(item.indexBytes),
    ]);
    for (const line of table([['  table', 'rows', 'size', 'indexes'], ...rows], [1, 2, 3])) output.line(line);
  }
  if (users !== undefined) {
    output.line(output.paint('bold', `Users in ${users.table}`));
    const hashes = users.hashes.map(
      ({ kind, users: number, accepted }) =>
        `${kind} ${count(number)}${accepted || kind === 'none' ? '' : ' (refused)'}`,
    );
    output.line(`  ${count(users.count)} users; password hashes: ${hashes.join(', ') || 'none'}`);
    output.line(`  ${count(users.unverified)} unverified, ${count(users.inactive)} inactive`);
    for (const { table: name, type, kept, references } of users.ids) {
      const pointed = references.length === 0 ? 'nothing' : references.join(', ');
      output.line(`  ids of ${name}: ${type}, ${kept ? 'kept' : 'get a uuid'}; referenced by ${pointed}`);
    }
    for (const { keep, why, others } of users.disputes) {
      output.line(
        `  ${keep.address}: ${keep.ref} keeps it (${why}), not ${others.map((one) => one.ref).join(', ')}`,
      );
    }
    output.line(`  mapping ${users.chosen ? 'of the workspace' : 'found by itself'}; print it with --json`);
  }
  if (objects !== undefined) {
    output.line(output.paint('bold', 'Buckets'));
    const rows = objects.buckets.map((item) => [
      `  ${item.name}`,
      item.target,
      count(item.objects),
      formatBytes(item.bytes),
      item.public ? 'public' : '',
      item.classes.map(({ label, objects: number }) => `${count(number)} ${label}`).join(', '),
    ]);
    for (const line of table([['  bucket', 'on R2', 'objects', 'size', 'access', 'sizes'], ...rows], [2, 3]))
      output.line(line);
    const { estimate } = objects;
    output.line(
      `  About ${count(Math.ceil(estimate.seconds / 60))} minutes at ${estimate.assumes}. On R2 ${count(estimate.writes)} writes and ${count(estimate.reads)} reads for $${estimate.operationsUsd.toFixed(2)}, then $${estimate.storageUsdPerMonth.toFixed(2)} a month for storage (prices of ${estimate.pricesAsOf}, before free allowances).`,
    );
  }
  if (findings.length > 0) output.line(output.paint('bold', 'Findings'));
  for (const { severity, code, message, hint } of findings) {
    const tone = severity === 'blocker' ? 'bad' : severity === 'warning' ? 'warn' : 'dim';
    output.line(`  ${output.paint(tone, severity)}  ${code}: ${message}`);
    if (hint !== undefined) output.line(`    ${hint}`);
  }
}
