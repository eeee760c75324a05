import type { ExposureFinding, ExposureReport } from '#shared/contract/exposure';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { confirm } from '../prompt';
import { type SessionOptions, withSession } from '../session';

export interface ExposureOptions extends SessionOptions {
  finding?: string[];
  yes?: boolean;
}

/** Shows what the publishable key reaches, with the SQL that closes it. Exit code 4 when something must be fixed. Reads only. */
export function showExposure(
  context: CommandContext,
  options: ExposureOptions & { ask: boolean },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const report = await handlers['exposure.show']({ ask: options.ask }, { signal });
    await output.document(report);
    printReport(output, report);
    const open = report.findings.some(({ severity }) => severity === 'must-fix');
    return open ? exitCodes.differs : exitCodes.done;
  });
}

function printFinding(output: Output, { severity, id, message, sql }: ExposureFinding): void {
  const tone = severity === 'must-fix' ? 'bad' : severity === 'check' ? 'warn' : 'dim';
  output.line(`${output.paint(tone, severity)}  ${message}`);
  output.line(`  ${output.paint('dim', id)}`);
  for (const line of sql.split('\n')) output.line(`  ${line}`);
}

function printReport(output: Output, { findings, proofs, schemas }: ExposureReport): void {
  output.line(`The REST interface serves ${schemas.join(', ')}.`);
  for (const finding of findings) printFinding(output, finding);
  if (findings.length === 0) output.line('Nothing is open.');
  if (proofs === undefined) return;
  output.line(output.paint('bold', 'Asked with the publishable key'));
  for (const { object, answer, status } of proofs) {
    const tone = answer === 'rows' ? 'bad' : answer === 'refused' ? 'good' : 'dim';
    output.line(`  ${output.paint(tone, answer)}  ${object} (${status})`);
  }
}

/** Applies fixes on the target: those that are named, otherwise all that must be fixed. */
export function closeExposure(context: CommandContext, options: ExposureOptions): Promise<ExitCode> {
  const { output, signal, terminal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const { findings } = await handlers['exposure.show']({ ask: false }, { signal });
    const unknown = options.finding?.find((id) => !findings.some((finding) => finding.id === id));
    if (unknown !== undefined) {
      throw new AppError('NOT_FOUND', `There is no finding ${unknown}.`, {
        hint: 'List them with cutover exposure show.',
      });
    }
    const chosen = findings.filter(({ id, severity }) =>
      options.finding === undefined ? severity === 'must-fix' : options.finding.includes(id),
    );
    if (chosen.length === 0) {
      await output.document({ applied: [] });
      output.line('Nothing has to be closed.');
      return exitCodes.done;
    }
    for (const finding of chosen) printFinding(output, finding);
    if (options.yes !== true) {
      if (terminal === undefined || output.json) {
        throw new AppError(
          'INVALID_INPUT',
          'This changes rights on the target, and there is no terminal to ask on.',
          { hint: 'Read cutover exposure show, then add --yes.' },
        );
      }
      if (!(await confirm(terminal, `Apply ${chosen.length} fixes on the target?`, signal)))
        return exitCodes.cancelled;
    }
    const done = await handlers['exposure.apply'](
      { fixes: chosen.map(({ id, sql }) => ({ id, sql })) },
      { signal },
    );
    await output.document(done);
    output.line(`${done.applied.length} fixes applied.`);
    return exitCodes.done;
  });
}
