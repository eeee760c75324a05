import type { LogLine } from '#shared/contract/deploy';
import type { DockerApi } from '../../adapters/docker/docker-api';
import { logFrames } from '../../adapters/docker/log-frames';
import type { LogFilter } from './runtime';

/** What the engine's address of a log tells, as the lines of a service. */
export async function* engineLog(
  docker: DockerApi,
  path: string,
  service: string,
  { tail, follow }: LogFilter,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const answer = await docker.stream(
    {
      path,
      query: { stdout: '1', stderr: '1', timestamps: '1', tail: String(tail), follow: follow ? '1' : '0' },
    },
    signal,
  );
  const read = logFrames();
  try {
    for await (const chunk of answer) {
      if (!Buffer.isBuffer(chunk)) continue;
      for (const { stream, text } of read(chunk)) {
        const [, at = '', line = ''] = /^(\S+) ([^]*?)\n?$/.exec(text) ?? [];
        yield { service, at, stream, text: line };
      }
    }
  } finally {
    answer.destroy();
  }
}

/** What several sources give, as it comes. */
export async function* merged<T>(sources: AsyncGenerator<T>[]): AsyncGenerator<T> {
  const pending = new Map(
    sources.map((source) => [source, source.next().then((result) => ({ source, result }))] as const),
  );
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values());
      if (result.done === true) pending.delete(source);
      else {
        pending.set(
          source,
          source.next().then((next) => ({ source, result: next })),
        );
        yield result.value;
      }
    }
  } finally {
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}
