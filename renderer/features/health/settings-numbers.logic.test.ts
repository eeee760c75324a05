import { expect, test } from 'vitest';
import { defaultHealthConfig, healthConfigSchema } from '#shared/model/health';
import { numberFields, textOf, withNumbers } from './settings-numbers.logic';

test('numbers are taken where they belong, and refused out of their range', () => {
  expect(withNumbers(defaultHealthConfig, {})).toEqual(defaultHealthConfig);
  const changed = withNumbers(defaultHealthConfig, { queueLimit: '5', diskPercent: '70' });
  expect(changed).toMatchObject({ queueLimit: 5, limits: { diskPercent: 70, memoryPercent: 93 } });
  expect(withNumbers(defaultHealthConfig, { diskPercent: '101' })).toBeUndefined();
  expect(withNumbers(defaultHealthConfig, { slowMs: 'soon' })).toBeUndefined();
});

test('each field takes its ends, and the host does too', () => {
  for (const { name, min, max } of numberFields) {
    for (const end of [min, max]) {
      const changed = withNumbers(defaultHealthConfig, { [name]: String(end) });
      expect(changed === undefined ? '' : textOf(changed, {}, name)).toBe(String(end));
      expect(healthConfigSchema.safeParse(changed).success).toBe(true);
    }
  }
});
