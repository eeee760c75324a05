import { expect, it } from 'vitest';
import { errorDetails } from './copy-details.logic';

it('holds everything that is known of a failure and its cause', () => {
  const text = errorDetails({
    code: 'TARGET_LOST',
    message: 'The target went away.',
    hint: 'Bring it back.',
    retryable: true,
    step: 'data',
    unit: 'public.a',
    details: { host: 'db.example.com' },
    cause: { code: 'CONNECTION_REFUSED', message: 'Nothing listens.', retryable: true },
  });
  expect(text.split('\n')).toEqual([
    'TARGET_LOST: The target went away.',
    'Hint: Bring it back.',
    'Step: data',
    'Unit: public.a',
    'host: db.example.com',
    'Caused by CONNECTION_REFUSED: Nothing listens.',
  ]);
});
