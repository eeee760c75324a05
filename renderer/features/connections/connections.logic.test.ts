import { expect, it } from 'vitest';
import type { ConnectionView } from '#shared/contract/connections';
import { changesOf, connectionState, guessFormat } from './connections.logic';

const r2: ConnectionView = {
  end: 'r2',
  state: 'configured',
  missing: [],
  summary: '',
  settings: [
    { name: 'R2_ACCOUNT_ID', set: true, origin: 'workspace', value: 'abc' },
    { name: 'R2_SECRET_ACCESS_KEY', set: true, origin: 'workspace' },
    { name: 'R2_BUCKET_PREFIX', set: false },
    { name: 'R2_PUBLIC_URL', set: true, origin: 'environment', value: 'https://cdn' },
  ],
};

it('sends real changes only', () => {
  expect(changesOf({}, r2)).toEqual({});
  expect(changesOf({ R2_ACCOUNT_ID: ' abc ' }, r2)).toEqual({});
  expect(changesOf({ R2_ACCOUNT_ID: '' }, r2)).toEqual({ R2_ACCOUNT_ID: null });
  expect(changesOf({ R2_SECRET_ACCESS_KEY: 'new' }, r2)).toEqual({ R2_SECRET_ACCESS_KEY: 'new' });
  expect(changesOf({ R2_SECRET_ACCESS_KEY: null }, r2)).toEqual({ R2_SECRET_ACCESS_KEY: null });
  expect(changesOf({ R2_BUCKET_PREFIX: '' }, r2)).toEqual({});
  expect(changesOf({ R2_PUBLIC_URL: 'https://other' }, r2)).toEqual({});
});

it('says in a word how an end stands', () => {
  expect(connectionState(r2, true).label).toBe('Testing');
  expect(connectionState(r2, false).label).toBe('Not tested');
  expect(connectionState({ ...r2, state: 'incomplete' }, false).label).toBe('Incomplete');
});

it('guesses a format by name, then by text', () => {
  expect(guessFormat('docker-compose.yml', '')).toBe('compose');
  expect(guessFormat('.env.production', 'services:')).toBe('env');
  expect(guessFormat('text.txt', 'version: "3"\nservices:\n  db:\n')).toBe('compose');
});
