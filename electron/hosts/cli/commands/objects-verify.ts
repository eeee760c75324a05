import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type SessionOptions, withSession } from '../session';
import { count } from '#shared/model/counted';

export interface ObjectsVerifyOptions extends SessionOptions {
  bucket?: string[];
  /** Share of the objects to read in full on both sides, 0 to 1. */
  read?: number;
  /** File that gets a JSON line for each object. */
  report?: string;
}

/** Compares every object of the source's buckets with its copy. */
export function objectsVerify(context: CommandContext, options: ObjectsVerifyOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const report = options.report === undefined ? undefined : await openReport(options.report);
    const evidence = await core.objects().verify(
      {
        buckets: options.bucket,
        read: options.read ?? 0,
        onProgress: (compared) => output.progress(`${count(compared)} objects compared`),
        ...(report === undefined ? {} : { onObject: (compared) => report.write(compared) }),
      },
      signal,
    );
    await report?.close();
    await output.document(evidence);
    for (const { subject, method, source, target, equal, note } of evidence) {
      const state = equal ? output.paint('good', 'equal') : output.paint('bad', 'differs');
      output.line(`${state}  ${subject}  ${method}: ${source}; ${target}`);
      if (note !== undefined) output.line(`    ${note}`);
    }
    return evidence.every(({ equal }) => equal) ? exitCodes.done : exitCodes.differs;
  });
}

interface Report {
  write(line: object): Promise<void>;
  close(): Promise<void>;
}

/** Keys and metadata can be private: only the owner may read the file. */
async function openReport(file: string): Promise<Report> {
  const stream = createWriteStream(file, { mode: 0o600 });
  await once(stream, 'open');
  return {
    write: async (line) => {
      if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, 'drain');
    },
    close: async () => {
      stream.end();
      await finished(stream);
    },
  };
}
