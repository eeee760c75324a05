import { z } from 'zod';
import { toErrorShape } from '#shared/model/errors';
import { lanes } from '#shared/model/run';
import { openAppendFile, type AppendFile } from '#core/engine/run-files';
import { diskService } from './disk-service';

/** The process that tests kill: starts or resumes a run and prints how it ended, as one line of JSON each. */
const input = z
  .object({
    workspace: z.string(),
    host: z.string(),
    pace: z.number(),
    resume: z.string().optional(),
    killAt: z.object({ type: z.string(), how: z.enum(['torn', 'after']) }).optional(),
    behaviour: z.object({ deaf: z.number().optional() }).optional(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

const print = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** A journal that ends this process as it writes the first event of a type. */
const deadlyFile = async (path: string): Promise<AppendFile> => {
  const file = await openAppendFile(path);
  const { killAt } = input;
  if (killAt === undefined) return file;
  const die = (): void => void process.kill(process.pid, 'SIGKILL');
  let deadly = false;
  return {
    ...file,
    async append(text) {
      deadly = text.includes(`"type":"${killAt.type}"`);
      if (deadly && killAt.how === 'torn') {
        await file.append(text.slice(0, -20));
        die();
      }
      await file.append(text);
      // Progress and log lines are not flushed, so there is no later moment.
      if (deadly && (killAt.type === 'progress' || killAt.type === 'log')) die();
    },
    async sync() {
      await file.sync();
      if (deadly) die();
    },
  };
};

const service = await diskService({
  workspace: input.workspace,
  host: input.host,
  pace: input.pace,
  behaviour: input.behaviour?.deaf === undefined ? {} : { deaf: input.behaviour.deaf },
  overrides: { openFile: deadlyFile },
});
try {
  const begin = async (): Promise<{ runId: string }> => {
    if (input.resume !== undefined) return service.resume(input.resume);
    const { hash } = await service.plan(lanes, new AbortController().signal);
    return service.start({ only: lanes, planHash: hash }, new AbortController().signal);
  };
  const { runId } = await begin();
  print({ runId });
  const view = await service.settled(runId);
  print({ state: view.state });
} catch (error) {
  print({ error: toErrorShape(error).code });
}
await service.close();
