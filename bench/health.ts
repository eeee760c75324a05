/**
 * `npm run bench -- health [--seconds N] [--services N] [--late MS]`: what watching costs the core, what alarms it raises while answers are
 * late at random by up to so many milliseconds, how long a day of history takes to open, and how much room 90 days need.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { buildChecks } from '../electron/core/services/health/build-checks';
import { createHealthRuntime } from '../electron/core/services/health/health-runtime';
import { openHistory } from '../electron/core/services/health/history/history';
import { createSettings } from '../electron/core/services/settings/settings';
import { AppError } from '../shared/model/errors';
import { defaultHealthConfig } from '../shared/model/health';

const addressSchema = z.object({ port: z.number() });
const dayMs = 86_400_000;
const intervalSeconds = 10;
const rounds = 5;

if (process.send !== undefined) {
  // The services that are watched, in a process of their own.
  const late = Number(process.argv[2]);
  const server = createServer((_request, response) => {
    setTimeout(() => response.end('ok'), Math.random() * late);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send(server.address());
} else {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '120' },
      services: { type: 'string', default: '60' },
      late: { type: 'string', default: '0' },
    },
    allowPositionals: true,
  });
  await measure(Number(values.services), Number(values.seconds), values.late);
}

async function measure(services: number, seconds: number, late: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-bench-health-'));
  const child = fork(import.meta.filename, [late]);
  try {
    const { port } = await new Promise<{ port: number }>((resolve) => {
      child.once('message', (address) => resolve(addressSchema.parse(address)));
    });
    const config = {
      ...defaultHealthConfig,
      enabled: true,
      custom: Array.from({ length: services }, (_item, index) => ({
        kind: 'http' as const,
        id: `s${index}`,
        title: `Service ${index}`,
        url: `http://127.0.0.1:${port}/${index}`,
        status: 200,
        intervalSeconds,
      })),
    };
    const settings = createSettings({
      environment: {},
      workspace: {},
      locked: [],
      lockedError: () => new AppError('SECRETS_LOCKED', 'Nothing is locked.'),
      secretTexts: [],
    });
    const runtime = createHealthRuntime({
      folder,
      host: 'bench',
      workspace: 'bench',
      config,
      built: buildChecks(settings, config, { keyPassphrase: undefined, agent: undefined }),
      receivers: [],
      redact: (text) => text,
      onChange: () => undefined,
    });
    runtime.start();
    // Loading and compiling are paid once.
    await pause(20_000);
    const before = process.cpuUsage();
    const began = performance.now();
    let peak = 0;
    while (performance.now() - began < seconds * 1000) {
      await pause(1000);
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    const { user, system } = process.cpuUsage(before);
    const share = (user + system) / 1000 / (performance.now() - began);
    const healthy = runtime.services().filter(({ state }) => state === 'healthy').length;
    await runtime.stop();
    const alarms = await runtime.incidents.list();
    console.log(
      `${services} services every ${intervalSeconds} s, ${healthy} healthy: ${(share * 100).toFixed(2)}% of one core, ${megabytes(peak)} resident at most`,
    );
    console.log(
      `Alarms in ${seconds} s with answers up to ${late} ms late: ${alarms.length === 0 ? 'none' : alarms.map(({ startedAt, cause }) => `${startedAt} ${cause}`).join('; ')}`,
    );
    await history(path.join(folder, 'full'), services);
  } finally {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function history(folder: string, services: number): Promise<void> {
  const written = openHistory(folder);
  const start = Date.UTC(2026, 2, 1);
  const step = intervalSeconds * 1000;
  for (let at = start; at < start + dayMs; at += step) {
    for (let service = 0; service < services; service += 1) {
      await written.add({
        check: `custom-s${service}.check`,
        at: at + service,
        state: 'healthy',
        latencyMs: 20 + Math.random() * 200 * Math.random(),
        covered: { state: 'healthy', ms: step },
      });
    }
  }
  const open = async (name: string): Promise<void> => {
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now();
      await written.buckets('custom-s7.check', start, start + dayMs, 300_000);
      times.push(performance.now() - began);
    }
    const { user, system } = process.cpuUsage(before);
    console.log(
      `A day of one service opens in ${Math.max(...times).toFixed(0)} ms at most of ${rounds} times, with ${((user + system) / 1000 / rounds).toFixed(0)} ms of a core (${name})`,
    );
  };
  await open('from its samples');
  const raw = await sizes(folder, 'raw');
  await written.tidy(start + 2 * dayMs);
  const [minute, quarter] = [await sizes(folder, 'minute'), await sizes(folder, 'quarter')];
  await written.tidy(start + 5 * dayMs);
  await open('rolled up');
  await written.close();
  // Today and what is kept besides, plus the day that waits to be tidied.
  const whole = raw * 4 + minute * 16 + quarter * 92;
  console.log(
    `A day is ${megabytes(raw)} of samples, ${megabytes(minute)} by the minute, ${megabytes(quarter)} by the quarter of an hour; 90 days are ${megabytes(whole)}`,
  );
}

async function sizes(folder: string, kind: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder))
    if (name.endsWith(`.${kind}`)) sum += (await stat(path.join(folder, name))).size;
  return sum;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
