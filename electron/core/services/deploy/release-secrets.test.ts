import { expect, it } from 'vitest';
import { encodeValue } from './env-file';
import { environmentRedactor } from './release-secrets';

it('takes secrets out of what containers print, encoded ones too, and leaves the rest readable', () => {
  const redact = environmentRedactor([
    ['DATABASE_URL', 'postgresql://app:pa55-word@db:5432/shop'],
    ['OLD_JWT_SECRET', encodeValue('a "quoted" secret')],
    ['R2_ACCESS_KEY_ID', 'id-of-the-key'],
    ['TOKEN_MINUTES', '60'],
    ['APP_VERSION', '1.4.2'],
  ]);
  expect(redact('password pa55-word refused for a "quoted" secret')).toBe('password ••• refused for •••');
  expect(redact(encodeValue('a "quoted" secret'))).toBe('•••');
  expect(redact('1.4.2: id-of-the-key after 60 s at db:5432')).toBe(
    '1.4.2: id-of-the-key after 60 s at db:5432',
  );
});
