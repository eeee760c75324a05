import { type Lane, type PlanView, usualLanes } from '#shared/model/run';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { type SessionOptions, withSession } from '../session';
import { applyDatabaseChoices, type DatabaseChoiceOptions } from '../database-choices';
import { applyUsersMapping } from '../users-mapping-file';
import { printWarning } from '../text';

/** Prints what a run would do. Reads only. */
export function plan(
  context: CommandContext,
  options: SessionOptions & DatabaseChoiceOptions & { only?: Lane[]; usersMapping?: string },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const { handlers } = session;
    await applyUsersMapping(context, session, options.usersMapping);
    await applyDatabaseChoices(context, session, options);
    const made = await handlers['migration.plan']({ only: options.only ?? [...usualLanes] }, { signal });
    await output.document(made);
    printPlan(output, made);
    output.line();
    output.line(`Run exactly this plan: cutover run --plan ${made.hash}`);
    return exitCodes.done;
  });
}

/** A plan for a person to read before anything is written. */
export function printPlan(output: Output, made: Pick<PlanView, 'steps'>): void {
  made.steps.forEach((step, index) => {
    const effect = step.effect === 'read' ? 'reads only' : `${step.effect}s`;
    const shown = step.effect === 'irreversible' ? 'irreversible' : effect;
    const tone = step.effect === 'read' || step.effect === 'create' ? 'dim' : 'warn';
    output.line(`${index + 1}. ${output.paint('bold', step.title)}  ${output.paint(tone, shown)}`);
    output.line(`   ${step.summary}`);
    for (const warning of step.warnings) printWarning(output, warning);
  });
}
