import type { ConnectionTest, ConnectionView } from '#shared/contract/connections';
import { AppError } from '#shared/model/errors';
import { type End, endTitles } from '#shared/model/settings';
import { type Lane, usualLanes } from '#shared/model/run';
import { endsOfLanes } from '../../../core/services/connections/connection-state';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodeOfError, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { type SessionOptions, withSession } from '../session';
import { printWarning } from '../text';

/** Tests what a migration needs, and the host when it is configured. */
export function check(
  context: CommandContext,
  options: SessionOptions & { only?: Lane[] },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const connections = await handlers['connections.list']({}, { signal });
    const chosen = endsToTest(connections, options.only);
    const tests = await Promise.all(chosen.map((end) => handlers['connections.test']({ end }, { signal })));
    if (signal.aborted) throw new AppError('CANCELLED', 'The check was cancelled.');
    await output.document({ tests });
    for (const test of tests)
      printTest(
        output,
        test,
        connections.find(({ end }) => end === test.end),
      );
    const failures = tests.filter((test) => !test.ok);
    if (failures.length === 0) return exitCodes.done;
    // A missing value is the caller's to give; it must not hide a service that refuses.
    const codes = failures.map(({ error }) => exitCodeOfError(error?.code ?? 'INTERNAL'));
    return codes.every((code) => code === exitCodes.usage) ? exitCodes.usage : exitCodes.failed;
  });
}

function endsToTest(connections: readonly ConnectionView[], only: readonly Lane[] | undefined): End[] {
  const needed = endsOfLanes(only ?? usualLanes);
  const host = connections.find(({ end }) => end === 'easypanel');
  return only === undefined && host !== undefined && host.state !== 'empty'
    ? [...needed, 'easypanel']
    : needed;
}

function printTest(output: Output, test: ConnectionTest, connection: ConnectionView | undefined): void {
  const mark = test.ok ? output.paint('good', 'ok    ') : output.paint('bad', 'failed');
  const where = connection?.summary ?? '';
  output.line(
    `${mark}  ${output.paint('bold', endTitles[test.end])}${where === '' ? '' : `  ${where}`}  ${test.latencyMs} ms`,
  );
  for (const { label, value } of test.facts) output.line(`        ${label}: ${value}`);
  if (test.error !== undefined) {
    output.line(`        ${test.error.code}: ${test.error.message}`);
    if (test.error.hint !== undefined) output.line(`        ${test.error.hint}`);
  }
  for (const warning of test.warnings) printWarning(output, warning);
}
