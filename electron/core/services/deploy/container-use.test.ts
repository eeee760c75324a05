import { expect, test } from 'vitest';
import { coresInUse } from './container-use';

const at = (cpuSeconds: number, hostSeconds: number) => ({
  cpuNanoseconds: cpuSeconds * 1e9,
  hostNanoseconds: hostSeconds * 1e9,
  cores: 4,
  memoryBytes: 1,
  memoryLimitBytes: 2,
});

test('cores in use are the share of all cores since the measurement before', () => {
  // One second of four cores, in which the container had one and a half.
  expect(coresInUse(at(10, 100), at(11.5, 104))).toBe(1.5);
  expect(coresInUse(at(10, 100), at(10, 104))).toBe(0);
});

test('nothing is said without a measurement before, without time between, or after a restart', () => {
  expect(coresInUse(undefined, at(11, 104))).toBeNull();
  expect(coresInUse(at(10, 100), at(11, 100))).toBeNull();
  expect(coresInUse(at(10, 100), at(0.1, 104))).toBeNull();
});
