import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CheckState, flaps, initialState, interrupt, observe, type RawState } from './check-state';

const raw = fc.constantFrom<RawState>('healthy', 'degraded', 'down', 'unknown');
const after = (states: readonly RawState[], from: CheckState = initialState(0)) =>
  states.reduce((check, state, index) => observe(check, state, index + 1), from);

test('one bad run changes nothing, two make it down, two good ones heal it', () => {
  expect(after(['healthy', 'down'])).toMatchObject({ state: 'healthy', since: 1 });
  expect(after(['healthy', 'down', 'down'])).toMatchObject({ state: 'down', since: 3 });
  expect(after(['healthy', 'down', 'down', 'healthy']).state).toBe('down');
  expect(after(['healthy', 'down', 'down', 'healthy', 'healthy'])).toMatchObject({
    state: 'healthy',
    since: 5,
  });
});

test('answers that come and go are degraded, and stay so until they are steady', () => {
  const comesAndGoes: RawState[] = ['healthy', 'down', 'healthy', 'down', 'healthy', 'down'];
  expect(after(comesAndGoes).state).toBe('degraded');
  const flapping = after([...comesAndGoes, 'healthy', 'down']);
  expect(flaps(flapping)).toBe(true);
  expect(after(['healthy', 'healthy', 'healthy', 'healthy'], flapping).state).toBe('degraded');
  expect(after(['healthy', 'healthy', 'healthy', 'healthy', 'healthy'], flapping).state).toBe('healthy');
});

test('a service that was down and answers slowly is degraded', () => {
  expect(after(['down', 'down', 'degraded', 'degraded']).state).toBe('degraded');
});

test('an interruption forgets the evidence and says since when nothing is known', () => {
  const interrupted = interrupt(after(['healthy', 'down']), 100);
  expect(interrupted).toEqual({ state: 'unknown', since: 100, recent: [] });
  expect(after(['down'], interrupted).state).toBe('unknown');
  expect(after(['healthy'], interrupted).state).toBe('healthy');
});

test('no bad state comes without two bad runs among the last five', () => {
  fc.assert(
    fc.property(fc.array(raw, { maxLength: 60 }), (states) => {
      let check = initialState(0);
      const seen: RawState[] = [];
      states.forEach((state, index) => {
        const before = check.state;
        check = observe(check, state, index + 1);
        seen.push(state);
        if (check.state === before || check.state === 'healthy' || check.state === 'unknown') return;
        const recent = seen.slice(-5);
        expect(recent.filter((one) => one === 'down' || one === 'degraded').length).toBeGreaterThanOrEqual(2);
        if (check.state === 'down') expect(seen.slice(-2)).toEqual(['down', 'down']);
      });
    }),
  );
});

test('whatever came before, two equal failures are believed at once and five good runs heal', () => {
  fc.assert(
    fc.property(fc.array(raw, { maxLength: 60 }), (states) => {
      const check = after(states);
      expect(after(['down', 'down'], check).state).toBe('down');
      expect(after(Array<RawState>(5).fill('healthy'), check).state).toBe('healthy');
    }),
  );
});
