import { z } from 'zod';
import { runCli } from './cli';
import { compareDatabases, compareObjects } from './compare';
import { runAndKill } from './kill-loop';
import { clearTarget, type RunningPractice } from './practice';

const runList = z.array(z.object({ id: z.string(), state: z.string() }));

export interface KillResult {
  kills: number;
  /** Exit code and output of the last, undisturbed command: a resume, or a verification where the last kill came after the run's end. */
  code: number | null;
  output: string;
  databases: Awaited<ReturnType<typeof compareDatabases>>;
  objects: Awaited<ReturnType<typeof compareObjects>>;
}

/**
 * One migration that is killed again and again at random moments (each within `windowMs` of its first event) until `kills` are reached or it
 * ended, then resumed to its end and compared by the test's own reads. The target is emptied first.
 */
export async function killedMigration(
  practice: RunningPractice,
  kills: number,
  windowMs: number,
): Promise<KillResult> {
  const args = (...command: string[]) => [
    ...command,
    '--workspace',
    practice.workspace,
    '--env-file',
    practice.envFile,
    '--json',
  ];
  await clearTarget(practice);
  const listed = async () => runList.parse(JSON.parse((await runCli(args('runs'), {})).stdout));
  const earlier = new Set((await listed()).map((run) => run.id));
  let done = 0;
  let own: { id: string; state: string } | undefined;
  const next = () => {
    if (own === undefined) return ['run', '--yes'];
    // A kill can fall between the run's last journal event and the end of the process.
    return own.state.startsWith('succeeded') ? ['verify', own.id] : ['run', '--yes', '--resume', own.id];
  };
  while (done < kills && own?.state.startsWith('succeeded') !== true) {
    if (!(await runAndKill(args(...next()), {}, Math.random() * windowMs)).killed) break;
    done += 1;
    own = (await listed()).find((run) => !earlier.has(run.id));
  }
  own = (await listed()).find((run) => !earlier.has(run.id));
  const last = await runCli(args(...next()), {});
  const [databases, objects] = [await compareDatabases(practice), await compareObjects(practice)];
  return {
    kills: done,
    code: last.code,
    output: (last.stdout.slice(-1500) + last.stderr).trim(),
    databases,
    objects,
  };
}
