import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testR2, testSourceObjects } from '#core/adapters/s3/connection-test';
import { openObjectPorts } from '#core/adapters/s3/open';
import { AppError } from '#shared/model/errors';
import type { SettingName } from '#shared/model/settings';
import { startS3Server } from '../../practice/s3/s3-server';
import { fill, settingsOf, sourceKeys, startTwoStores, targetKeys, type TwoStores } from './objects-harness';

const never = new AbortController().signal;
type Values = Partial<Record<SettingName, string>>;
let both: TwoStores;

beforeAll(async () => {
  both = await startTwoStores();
  await fill(both.clients.source, 'uploads', ['a']);
});
afterAll(() => both.close());

describe('a good connection', () => {
  it('tells the buckets', async () => {
    const source = await testSourceObjects(settingsOf(both.values), never);
    expect(source).toMatchObject({ ok: true, warnings: [] });
    expect(source.facts).toContainEqual({ label: 'Buckets', value: 'uploads' });
    expect(await testR2(settingsOf(both.values), never)).toMatchObject({ ok: true });
  });
  it('of a token that may not list buckets is good with a warning', async () => {
    const server = await startS3Server({
      profile: 'r2',
      ...targetKeys,
      fault: ({ bucket }) => (bucket === '' ? { status: 403, code: 'AccessDenied' } : undefined),
    });
    const result = await testR2(settingsOf({ ...both.values, R2_ENDPOINT: server.endpoint }), never);
    expect(result).toMatchObject({ ok: true, warnings: [{ code: 'R2_TOKEN_OBJECTS_ONLY' }] });
    await server.close();
  });
});

describe('a bad connection', () => {
  const cases: [string, Values, string, SettingName | undefined][] = [
    [
      'a wrong secret',
      { SOURCE_S3_SECRET_ACCESS_KEY: 'planted-wrong-secret' },
      'OBJECTS_AUTH_FAILED',
      'SOURCE_S3_SECRET_ACCESS_KEY',
    ],
    [
      'a wrong access key',
      { SOURCE_S3_ACCESS_KEY_ID: 'nobody' },
      'OBJECTS_AUTH_FAILED',
      'SOURCE_S3_ACCESS_KEY_ID',
    ],
    [
      'a bucket that is not there',
      { SOURCE_S3_BUCKETS: 'uploads, missing' },
      'OBJECTS_BUCKET_NOT_FOUND',
      'SOURCE_S3_BUCKETS',
    ],
    [
      'a port where nothing listens',
      { SOURCE_S3_ENDPOINT: 'http://127.0.0.1:1' },
      'CONNECTION_REFUSED',
      'SOURCE_S3_ENDPOINT',
    ],
    [
      'a name that does not exist',
      { SOURCE_S3_ENDPOINT: 'http://minio.invalid:9000' },
      'HOST_NOT_FOUND',
      'SOURCE_S3_ENDPOINT',
    ],
    [
      'an address with a path',
      { SOURCE_S3_ENDPOINT: 'http://127.0.0.1:9000/uploads' },
      'SETTING_INVALID',
      'SOURCE_S3_ENDPOINT',
    ],
    [
      'an address with a password',
      { SOURCE_S3_ENDPOINT: 'http://u:planted-wrong-secret@127.0.0.1' },
      'SETTING_INVALID',
      'SOURCE_S3_ENDPOINT',
    ],
  ];
  it.each(cases)(
    'with %s says so at the field, with a hint and without a secret',
    async (_name, change, code, setting) => {
      const result = await testSourceObjects(settingsOf({ ...both.values, ...change }), never);
      expect(result.ok).toBe(false);
      expect([result.error?.code, result.setting]).toEqual([code, setting]);
      expect(result.error?.hint).toBeDefined();
      const text = JSON.stringify(result);
      for (const secret of [sourceKeys.secretAccessKey, targetKeys.secretAccessKey, 'planted-wrong-secret'])
        expect(text).not.toContain(secret);
    },
  );

  it('to HTTPS where the server speaks HTTP is not called trusted', async () => {
    const endpoint = both.target.endpoint.replace('http:', 'https:');
    const result = await testR2(settingsOf({ ...both.values, R2_ENDPOINT: endpoint }), never);
    expect(result).toMatchObject({ ok: false, error: { code: 'TLS_UNTRUSTED' } });
  });

  it('to a server that is no S3 service says so', async () => {
    const server = createServer((_request, response) => response.end('<html>console</html>')).listen(
      0,
      '127.0.0.1',
    );
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const result = await testSourceObjects(
      settingsOf({ ...both.values, SOURCE_S3_ENDPOINT: `http://127.0.0.1:${port}` }),
      never,
    );
    expect(result.error?.message).toContain('not as an S3 service');
    server.close();
  });

  it('with a missing setting names it when the port is first used', () => {
    const { R2_SECRET_ACCESS_KEY: _gone, ...values } = both.values;
    const ports = openObjectPorts(settingsOf(values));
    expect(ports.source.endpoint).toBe(both.source.endpoint);
    expect(() => ports.target).toThrow(AppError);
  });
});
