import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeSamples } from '../../electron/core/services/health/history/format';
import { openHistory } from '../../electron/core/services/health/history/history';
import { openIncidentLog } from '../../electron/core/services/health/history/incidents';

const kills = Number(process.env['CUTOVER_KILLS'] ?? '8');
const start = Date.parse('2026-03-01T00:00:00Z');

/** Writes from a number on, is killed at a random moment, and answers the last number that the system had taken. */
async function writeAndDie(folder: string, from: number): Promise<number> {
  const script = join(import.meta.dirname, 'support/history-writer.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, String(from), String(start)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = from - 1;
  let rest = '';
  const enough = from + 20 + Math.floor(Math.random() * 400);
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) last = Number(line);
    if (last >= enough) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return last;
}

test('a process that is killed while it writes loses at most the sample that it was writing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-history-kill-'));
  try {
    let next = 0;
    // A process may die between a sample and its incident; the next one begins after that sample.
    const due: number[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      const taken = await writeAndDie(folder, next);
      const bytes = await readFile(join(folder, '2026-03-01.raw'));
      const at = [...decodeSamples(bytes)].map((sample) => sample.at - start);
      // Every sample that the system had taken is there, in order; one or a few more may be that were not told any more.
      expect(at.slice(0, taken + 1)).toEqual(Array.from({ length: taken + 1 }, (_item, index) => index));
      expect(at).toEqual(Array.from({ length: at.length }, (_item, index) => index));
      const noted = (await openIncidentLog(folder).list()).map(({ checkTitle }) => Number(checkTitle));
      for (let told = next; told <= taken; told += 1) if (told % 50 === 0) due.push(told);
      expect(noted).toEqual(expect.arrayContaining(due));
      next = at.length;
    }
    const history = openHistory(folder);
    const counted = await Promise.all(
      [0, 1, 2].map(async (check) => {
        const buckets = await history.buckets(`service.${check}`, start, start + 86_400_000, 60_000);
        return buckets.reduce((sum, { covered }) => sum + covered.healthy, 0);
      }),
    );
    expect(counted.reduce((sum, ms) => sum + ms, 0)).toBe(next);
    expect((await readdir(folder)).toSorted()).toEqual(['2026-03-01.raw', 'checks.json', 'incidents.jsonl']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
