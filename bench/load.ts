/**
 * `npm run bench -- load [--rounds N] [--seconds N] [--users N]`: what a load check measures beside what hey and wrk measure on the same server, in
 * turns. The server answers after 20 to 80 ms, as an application does.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { generateLoad } from '../electron/core/adapters/load/generate-load';

interface Figures {
  perSecond: number;
  p50: number;
  p95?: number | undefined;
  p99: number;
}

const addressSchema = z.object({ port: z.number() });
const execute = promisify(execFile);

if (process.send !== undefined) {
  const server = createServer((_request, response) => {
    setTimeout(() => response.end('ok'), 20 + Math.random() * 60);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send(server.address());
} else {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '10' },
      users: { type: 'string', default: '100' },
    },
    allowPositionals: true,
  });
  await measure(Number(values.rounds), Number(values.seconds), Number(values.users));
}

async function measure(rounds: number, seconds: number, users: number): Promise<void> {
  const child = fork(import.meta.filename);
  try {
    const { port } = await new Promise<{ port: number }>((resolve) => {
      child.once('message', (address) => resolve(addressSchema.parse(address)));
    });
    const url = `http://127.0.0.1:${port}/`;
    const generators: [string, () => Promise<Figures>][] = [
      ['cutover', () => own(url, seconds, users)],
      ['hey', () => hey(url, seconds, users)],
      ['wrk', () => wrk(url, seconds, users)],
    ];
    const found = new Map<string, Figures[]>(generators.map(([name]) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, generate] of generators) {
        const figures = await generate();
        found.get(name)?.push(figures);
        console.log(`${round + 1} ${name.padEnd(8)} ${lineOf(figures)}`);
      }
    }
    const middle = (name: string, figure: keyof Figures) =>
      median((found.get(name) ?? []).flatMap((one) => one[figure] ?? []));
    for (const figure of ['perSecond', 'p50', 'p95', 'p99'] as const) {
      const mine = middle('cutover', figure);
      const others = ['hey', 'wrk'].flatMap((name) => {
        const value = middle(name, figure);
        if (Number.isNaN(value)) return [];
        return [`${name} ${value.toFixed(1)} (${(((mine - value) / value) * 100).toFixed(1)}%)`];
      });
      console.log(`median ${figure}: cutover ${mine.toFixed(1)}, ${others.join(', ')}`);
    }
  } finally {
    child.kill();
  }
}

async function own(url: string, seconds: number, users: number): Promise<Figures> {
  const { total } = await generateLoad(
    {
      origin: new URL(url).origin,
      routes: [{ path: '/', users }],
      headers: {},
      rampMs: 1000,
      holdMs: seconds * 1000,
      timeoutMs: 20_000,
    },
    () => undefined,
    new AbortController().signal,
  );
  return { perSecond: total.perSecond, p50: total.p50 ?? 0, p95: total.p95, p99: total.p99 ?? 0 };
}

async function hey(url: string, seconds: number, users: number): Promise<Figures> {
  const { stdout } = await execute('hey', ['-c', String(users), '-z', `${seconds}s`, url]);
  const share = (percent: number) =>
    Number(new RegExp(`${percent}% in ([0-9.]+) secs`).exec(stdout)?.[1]) * 1000;
  const perSecond = Number(/Requests\/sec:\s+([0-9.]+)/.exec(stdout)?.[1]);
  return { perSecond, p50: share(50), p95: share(95), p99: share(99) };
}

async function wrk(url: string, seconds: number, users: number): Promise<Figures> {
  const { stdout } = await execute('wrk', [
    '-c',
    String(users),
    '-t',
    '1',
    '-d',
    String(seconds),
    '--latency',
    url,
  ]);
  const share = (percent: number) => {
    const [, value, unit] = new RegExp(`${percent}%\\s+([0-9.]+)(us|ms|s)`).exec(stdout) ?? [];
    return Number(value) * (unit === 's' ? 1000 : unit === 'us' ? 0.001 : 1);
  };
  const perSecond = Number(/Requests\/sec:\s+([0-9.]+)/.exec(stdout)?.[1]);
  return { perSecond, p50: share(50), p99: share(99) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function lineOf({ perSecond, p50, p95, p99 }: Figures): string {
  const ms = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(1));
  return `${perSecond.toFixed(0)} requests/s, p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)} ms`;
}
