import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import type { HealthState } from '#shared/model/health';
import type { CheckDefinition, CheckOutcome } from './check';
import { createMonitor, type Monitor, type Sample, type Transition } from './monitor';
import { createTestClock, type TestClock } from './test-clock';

const fine: CheckOutcome = { summary: 'Answers', facts: [], findings: [], latencyMs: 12 };
const unreachable = () => new AppError('HOST_UNREACHABLE', 'No way there.', { hint: 'Look.' });
const refused = () => new AppError('CONNECTION_REFUSED', 'Refused.', { hint: 'Look.' });

function plain(changes: Partial<CheckDefinition>): CheckDefinition {
  return {
    id: 'a',
    title: 'a',
    service: { id: 'a', title: 'a', group: 'custom' },
    intervalMs: 10_000,
    timeoutMs: 3000,
    run: () => Promise.resolve(fine),
    ...changes,
  };
}

/** Services whose answers a test changes. */
class Watched {
  readonly clock: TestClock = createTestClock();
  readonly samples: Sample[] = [];
  readonly transitions: Transition[] = [];
  readonly failing = new Map<string, () => AppError>();
  readonly runs = new Map<string, number>();
  running = 0;
  mostRunning = 0;
  network = true;
  /** The last beginning of not knowing that was shown. */
  unknownSince = 0;
  readonly monitor: Monitor;

  constructor(checks: (Partial<CheckDefinition> & { id: string })[], takes = 0) {
    this.monitor = createMonitor({
      clock: this.clock,
      hasNetwork: () => this.network,
      onSample: (sample) => this.samples.push(sample),
      onTransition: (transition) => this.transitions.push(transition),
      onChange: () => {
        for (const check of this.monitor.checks())
          if (check.state === 'unknown') this.unknownSince = check.since;
      },
      checks: checks.map((check) => ({
        title: check.id,
        service: { id: check.id, title: check.id, group: 'custom' },
        intervalMs: 10_000,
        timeoutMs: 3000,
        run: async () => {
          this.runs.set(check.id, (this.runs.get(check.id) ?? 0) + 1);
          this.running += 1;
          this.mostRunning = Math.max(this.mostRunning, this.running);
          const late = takes * this.clock.random();
          if (takes > 0) await new Promise<void>((resolve) => this.clock.after(late, resolve));
          this.running -= 1;
          const failure = this.failing.get(check.id);
          if (failure !== undefined) throw failure();
          return takes > 0 ? { ...fine, latencyMs: late } : fine;
        },
        ...check,
      })),
    });
    this.monitor.start();
  }

  state(id: string): HealthState | undefined {
    return this.monitor.checks().find(({ definition }) => definition.id === id)?.state;
  }

  /** Alarms: what an incident would be opened for. */
  alarms(): string[] {
    return this.transitions
      .filter(({ to }) => to === 'down' || to === 'degraded')
      .map(({ definition }) => definition.id);
  }
}

test('a failure is seen within two intervals, its end too, whenever it begins', async () => {
  for (const offset of [0, 2500, 5000, 9900]) {
    const watched = new Watched([{ id: 'a' }]);
    await watched.clock.pass(20_000 + offset);
    expect(watched.state('a')).toBe('healthy');
    watched.failing.set('a', refused);
    await watched.clock.pass(20_000);
    expect(watched.state('a')).toBe('down');
    // Long enough for the back-off to be at its end.
    await watched.clock.pass(600_000);
    watched.failing.clear();
    await watched.clock.pass(20_000);
    expect(watched.state('a')).toBe('healthy');
    await watched.monitor.stop();
  }
});

test('services that hang are seen within two intervals, however many and whatever their time-out, and their return too', async () => {
  for (const offset of [0, 3000, 7000, 9900]) {
    const hanging = { now: false };
    const watched = new Watched(
      Array.from({ length: 40 }, (_item, index) => ({
        id: `c${index}`,
        timeoutMs: 30_000,
        run: () => (hanging.now ? new Promise<CheckOutcome>(() => undefined) : Promise.resolve(fine)),
      })),
    );
    const states = () => new Set(watched.monitor.checks().map(({ state }) => state));
    await watched.clock.pass(20_000 + offset);
    expect(states()).toEqual(new Set(['healthy']));
    hanging.now = true;
    await watched.clock.pass(20_000);
    expect(states()).toEqual(new Set(['down']));
    await watched.clock.pass(600_000);
    hanging.now = false;
    await watched.clock.pass(20_000);
    expect(states()).toEqual(new Set(['healthy']));
    await watched.monitor.stop();
  }
});

test('what depends on a service that is well is seen to fail within two intervals', async () => {
  for (const offset of [0, 3000, 7000, 9900]) {
    const watched = new Watched([{ id: 'host' }, { id: 'app', dependsOn: 'host' }]);
    await watched.clock.pass(20_000 + offset);
    watched.failing.set('app', refused);
    await watched.clock.pass(20_000);
    expect([watched.state('host'), watched.state('app')]).toEqual(['healthy', 'down']);
    await watched.monitor.stop();
  }
});

test('an answer that is slow is degraded, and one that takes longer than its interval allows is waited for', async () => {
  const took = { ms: 100 };
  const clock = createTestClock();
  const monitor = createMonitor({
    clock,
    hasNetwork: () => true,
    checks: [
      plain({
        timeoutMs: 5000,
        slowMs: 6000,
        run: async () => {
          await new Promise<void>((resolve) => clock.after(took.ms, resolve));
          return { summary: 'Answers', facts: [], findings: [] };
        },
      }),
    ],
  });
  monitor.start();
  const shown = () => {
    const [check] = monitor.checks();
    return { state: check?.state, codes: check?.last?.outcome.findings.map(({ code }) => code) };
  };
  await clock.pass(20_000);
  expect(shown()).toEqual({ state: 'healthy', codes: [] });
  took.ms = 6500;
  await clock.pass(40_000);
  expect(shown()).toEqual({ state: 'degraded', codes: ['SLOW'] });
  await monitor.stop();
});

test('what is costly runs by its schedule and when its service is asked for, not with everything', async () => {
  const watched = new Watched([{ id: 'a' }, { id: 'usage', costly: true, intervalMs: 86_400_000 }]);
  const runs = () => watched.runs.get('usage') ?? 0;
  await watched.clock.pass(601_000);
  const scheduled = runs();
  expect(scheduled).toBe(1);
  watched.clock.sleep(3_600_000);
  await watched.clock.pass(601_000);
  expect([watched.state('usage'), runs()]).toEqual(['healthy', scheduled]);
  const signal = new AbortController().signal;
  await watched.monitor.checkNow({}, signal);
  expect(runs()).toBe(scheduled);
  await watched.monitor.checkNow({ service: 'usage' }, signal);
  expect(runs()).toBe(scheduled + 1);
  // Neither has rested for its interval.
  await watched.monitor.checkNow({}, signal);
  const before = watched.runs.get('a');
  await watched.monitor.checkNow({ due: true }, signal);
  expect(watched.runs.get('a')).toBe(before);
  await watched.monitor.stop();
});

test('a check that never answers is given up in its time and does not pile up', async () => {
  const watched = new Watched([{ id: 'a', run: () => new Promise<CheckOutcome>(() => undefined) }]);
  await watched.clock.pass(60_000);
  expect(watched.state('a')).toBe('down');
  expect(watched.monitor.checks()[0]?.last?.outcome.findings[0]?.code).toBe('TIMED_OUT');
  await watched.monitor.stop();
});

test('no more checks run at once than allowed', async () => {
  const watched = new Watched(
    Array.from({ length: 90 }, (_item, index) => ({ id: `c${index}` })),
    240,
  );
  await watched.clock.pass(60_000);
  expect(watched.mostRunning).toBe(6);
  expect(watched.runs.size).toBe(90);
  await watched.monitor.stop();
});

test.each([
  ['a sleep that stops the monotonic clock', (clock: TestClock) => clock.sleep(3_600_000)],
  ['a sleep that does not', (clock: TestClock) => clock.sleep(3_600_000, true)],
  ['a clock set forward', (clock: TestClock) => clock.set(86_400_000)],
  ['a clock set back', (clock: TestClock) => clock.set(-86_400_000)],
])('%s makes everything unknown since then, raises no alarm and piles nothing up', async (_name, happen) => {
  const watched = new Watched([{ id: 'a' }, { id: 'b' }]);
  await watched.clock.pass(60_000);
  const [before, runsBefore] = [watched.clock.wall(), watched.runs.get('a') ?? 0];
  happen(watched.clock);
  const begun = Math.min(before, watched.clock.wall());
  await watched.clock.pass(20_000);
  const unknown = watched.transitions.filter(({ from, to }) => from === 'healthy' && to === 'unknown');
  expect(unknown.map(({ definition }) => definition.id)).toEqual(['a', 'b']);
  expect(watched.unknownSince).toBeGreaterThan(begun - 15_000);
  expect(watched.unknownSince).toBeLessThanOrEqual(begun + 5000);
  expect(watched.state('a')).toBe('healthy');
  expect((watched.runs.get('a') ?? 0) - runsBefore).toBeLessThanOrEqual(4);
  expect(watched.alarms()).toEqual([]);
  const covered = watched.samples.filter(({ check }) => check === 'a').map((sample) => sample.covered);
  const known = covered.filter(({ state }) => state === 'healthy').reduce((sum, { ms }) => sum + ms, 0);
  // A minute before and twenty seconds after, of which a moment is not counted.
  expect(known).toBeGreaterThan(50_000);
  expect(known).toBeLessThanOrEqual(80_000);
  expect(covered.every(({ state }) => state !== 'down')).toBe(true);
  await watched.monitor.stop();
});

test('when every remote service falls silent at once it is the own network, and nobody is to blame', async () => {
  const remote = ['a', 'b', 'c'].map((id) => ({ id, host: `${id}.example.com` }));
  const watched = new Watched([...remote, { id: 'here', host: '127.0.0.1' }]);
  await watched.clock.pass(30_000);
  for (const { id } of remote) watched.failing.set(id, unreachable);
  await watched.clock.pass(60_000);
  expect(remote.map(({ id }) => watched.state(id))).toEqual(['unknown', 'unknown', 'unknown']);
  expect(watched.state('here')).toBe('healthy');
  expect(watched.alarms()).toEqual([]);
  expect(watched.monitor.checks()[0]?.last?.outcome.findings[0]?.code).toBe('NETWORK_LOST');
  watched.failing.clear();
  await watched.clock.pass(20_000);
  expect(remote.map(({ id }) => watched.state(id))).toEqual(['healthy', 'healthy', 'healthy']);
  await watched.monitor.stop();
});

test('one remote service that falls silent alone is down', async () => {
  const watched = new Watched(['a', 'b', 'c'].map((id) => ({ id, host: `${id}.example.com` })));
  await watched.clock.pass(30_000);
  watched.failing.set('b', unreachable);
  await watched.clock.pass(20_000);
  expect(watched.state('b')).toBe('down');
  expect(watched.alarms()).toEqual(['b']);
  await watched.monitor.stop();
});

test('what depends on a host that is down is unknown, and down when the host is well', async () => {
  const watched = new Watched([
    { id: 'host', intervalMs: 30_000 },
    { id: 'app', dependsOn: 'host' },
  ]);
  await watched.clock.pass(60_000);
  watched.failing.set('host', refused);
  watched.failing.set('app', refused);
  await watched.clock.pass(60_000);
  expect([watched.state('host'), watched.state('app')]).toEqual(['down', 'unknown']);
  expect(watched.alarms()).toEqual(['host']);
  watched.failing.delete('host');
  await watched.clock.pass(60_000);
  expect([watched.state('host'), watched.state('app')]).toEqual(['healthy', 'down']);
  await watched.monitor.stop();
});

test('an hour with answers that are 300 ms late at random raises no alarm', async () => {
  const service = { id: 'a', title: 'a', group: 'custom' } as const;
  const watched = new Watched(
    Array.from({ length: 20 }, (_item, index) => ({
      id: `c${index}`,
      service,
      // As web addresses are judged by default; the goal is held against nobody.
      slowMs: 1000,
      goalMs: 200,
      ...(index % 4 === 0 ? { host: `h${index}.example.com` } : {}),
      ...(index % 4 === 1 ? { dependsOn: `c${index - 1}` } : {}),
    })),
    300,
  );
  await watched.clock.pass(3_600_000);
  expect(watched.alarms()).toEqual([]);
  expect(new Set(watched.monitor.checks().map(({ state }) => state))).toEqual(new Set(['healthy']));
  for (const { definition } of watched.monitor.checks()) {
    const own = watched.samples.filter(({ check }) => check === definition.id);
    expect(own.length).toBeGreaterThan(330);
    const lasted = own.reduce((sum, { covered }) => sum + covered.ms, 0);
    expect(lasted).toBeGreaterThan(3_600_000 - 30_000);
    expect(lasted).toBeLessThanOrEqual(3_600_000);
  }
  await watched.monitor.stop();
});

test('runs leave nothing behind in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect = z.function().parse(runInNewContext('gc'));
  const clock = createTestClock();
  const signals: WeakRef<AbortSignal>[] = [];
  const monitor = createMonitor({
    clock,
    hasNetwork: () => true,
    checks: [
      plain({
        run: (signal) => {
          signals.push(new WeakRef(signal));
          return Promise.resolve(fine);
        },
      }),
    ],
  });
  monitor.start();
  await clock.pass(3_600_000);
  expect(signals.length).toBeGreaterThan(300);
  const held = () => {
    collect();
    return signals.filter((signal) => signal.deref() !== undefined).length;
  };
  await expect.poll(held).toBeLessThan(20);
  await monitor.stop();
});
