import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toAppError } from '#shared/model/errors';
import { settingNames } from '#shared/model/settings';
import { parseConnectionUrl, percentDecoded } from '../settings/connection-url';
import { publishedPort } from './compose-ports';
import { importCompose } from './import-compose';
import { importEnv } from './import-env';
import { databaseUrl } from './imported-settings';
import { interpolate } from './interpolate';

const valuesOf = (imported: ReturnType<typeof importEnv>) =>
  Object.fromEntries(Object.entries(imported.found).map(([name, found]) => [name, found.value]));

describe('importEnv', () => {
  test("takes Cutover's own names and aliases", () => {
    const imported = importEnv(
      [
        'SOURCE_DATABASE_URL=postgresql://u:p@h:5432/d',
        'SUPABASE_SERVICE_ROLE_KEY="old key"',
        'export R2_ACCOUNT_ID=abc',
      ].join('\n'),
    );
    expect(valuesOf(imported)).toEqual({
      SOURCE_DATABASE_URL: 'postgresql://u:p@h:5432/d',
      SUPABASE_SECRET_KEY: 'old key',
      R2_ACCOUNT_ID: 'abc',
    });
    expect(imported.missing.SOURCE_S3_ENDPOINT).toBe('The file holds no variable for it.');
  });

  test("takes an application's names", () => {
    const imported = importEnv(`
DATABASE_URL=postgresql+asyncpg://shop:p%40ss@db:5432/shop
MINIO_ENDPOINT=minio:9000
MINIO_SECURE=true
MINIO_ROOT_USER=minio-user
MINIO_ROOT_PASSWORD='minio $ecret # not a comment'
S3_BUCKET=uploads
NEXT_PUBLIC_SUPABASE_URL=https://abc.supabase.co
SECRET_KEY=unrelated
POSTGRES_DB=shop
`);
    expect(valuesOf(imported)).toEqual({
      SOURCE_DATABASE_URL: 'postgresql://shop:p%40ss@db:5432/shop',
      SOURCE_S3_ENDPOINT: 'https://minio:9000',
      SOURCE_S3_ACCESS_KEY_ID: 'minio-user',
      SOURCE_S3_SECRET_ACCESS_KEY: 'minio $ecret # not a comment',
      SOURCE_S3_BUCKETS: 'uploads',
      SUPABASE_URL: 'https://abc.supabase.co',
    });
    expect(imported.ignored.map(({ name }) => name)).toEqual(['POSTGRES_DB']);
  });

  test('puts a URL together from its parts, and resolves references inside the file', () => {
    const imported = importEnv(
      'POSTGRES_USER=a b\nPOSTGRES_PASSWORD=p@ss/w:ord\nPOSTGRES_HOST=${HOST:-db}\nPOSTGRES_DB=shop\nS3_ENDPOINT=http://${NOWHERE}:9000\n',
    );
    expect(valuesOf(imported).SOURCE_DATABASE_URL).toBe('postgresql://a%20b:p%40ss%2Fw%3Aord@db:5432/shop');
    expect(imported.ignored).toContainEqual({
      name: 'S3_ENDPOINT',
      reason: 'It refers to a variable that the file does not define.',
    });
  });

  test('tells managed services from the source', () => {
    const imported = importEnv(`
DATABASE_URL=postgresql://postgres.abc:pw@eu.pooler.supabase.com:5432/postgres
AWS_ENDPOINT_URL_S3=https://0123.r2.cloudflarestorage.com
AWS_ACCESS_KEY_ID=r2-key
AWS_SECRET_ACCESS_KEY=r2-secret
`);
    expect(valuesOf(imported)).toEqual({
      SUPABASE_DB_URL: 'postgresql://postgres.abc:pw@eu.pooler.supabase.com:5432/postgres',
      R2_ENDPOINT: 'https://0123.r2.cloudflarestorage.com',
      R2_ACCESS_KEY_ID: 'r2-key',
      R2_SECRET_ACCESS_KEY: 'r2-secret',
    });
  });

  test('never throws, and never repeats a value in what it says', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .tuple(
          fc.constantFrom(...settingNames, 'DATABASE_URL', 'MINIO_ENDPOINT', 'S3_BUCKET'),
          fc.string({
            minLength: 12,
            maxLength: 40,
            unit: fc.constantFrom('Q', 'x', '7', '_', '$', '{', '}', ':'),
          }),
        )
        .map(([name, value]) => `${name}=${value}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const { found, missing, ignored } = importEnv(lines.join('\n'));
        const said = JSON.stringify({ from: Object.values(found).map(({ from }) => from), missing, ignored });
        for (const text of lines) {
          const value = text.slice(text.indexOf('=') + 1);
          if (text.includes('=') && value.length >= 12) expect(said).not.toContain(value);
        }
      }),
    );
  });
});

const compose = `
services:
  db:
    image: postgres:15-alpine
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: \${DB_PASSWORD:-pass/word}
      POSTGRES_DB: shop
    ports: ["5433:5432"]
  minio:
    image: minio/minio:latest
    command: server /data
    environment:
      - MINIO_ROOT_USER=minio-admin
      - MINIO_ROOT_PASSWORD=minio-secret
    ports:
      - target: 9000
        published: "9100"
  backend:
    build: .
    environment:
      DATABASE_URL: postgresql+psycopg://shop:pass%2Fword@db:5432/shop
      S3_BUCKET: uploads
      API_KEY: \${API_KEY}
      SUPABASE_URL: \${SUPABASE_URL}
    env_file: .env
`;

describe('importCompose', () => {
  test('finds PostgreSQL and MinIO as this machine reaches them', () => {
    const imported = importCompose(compose);
    expect(valuesOf(imported)).toEqual({
      SOURCE_DATABASE_URL: 'postgresql://shop:pass%2Fword@localhost:5433/shop',
      SOURCE_S3_ENDPOINT: 'http://localhost:9100',
      SOURCE_S3_ACCESS_KEY_ID: 'minio-admin',
      SOURCE_S3_SECRET_ACCESS_KEY: 'minio-secret',
      SOURCE_S3_BUCKETS: 'uploads',
    });
    expect(imported.ignored).toContainEqual({
      name: 'service backend: SUPABASE_URL',
      reason: 'It uses ${SUPABASE_URL}, which the file does not define.',
    });
    expect(imported.ignored.map(({ name }) => name)).toContain('service backend: env_file');
    expect(imported.missing.SUPABASE_URL).toBe('The file says nothing about it.');
  });

  test('says what is missing: a port, a password', () => {
    const noPort = importCompose(compose.replace('    ports: ["5433:5432"]\n', ''));
    expect(noPort.found.SOURCE_DATABASE_URL).toBeUndefined();
    expect(noPort.missing.SOURCE_DATABASE_URL).toContain('publishes no port');
    const noPassword = importCompose(
      'services: {db: {image: postgres, ports: ["5432:5432"], environment: {POSTGRES_PASSWORD: "${PW}"}}}',
    );
    expect(noPassword.missing.SOURCE_DATABASE_URL).toBe('The password of the service db is not in the file.');
    expect(importCompose('services: {}').missing.SOURCE_S3_ENDPOINT).toBe('The file has no MinIO service.');
  });

  test('merges YAML anchors, and takes a database outside of the file as it is told', () => {
    const imported = importCompose(`
x-env: &env
  DATABASE_URL: postgresql://u:p@10.0.0.5:5432/shop
services:
  web: {build: ., environment: {<<: *env, DEBUG: 1}}
  db: {image: "ghcr.io/acme/postgres:15", environment: {POSTGRES_PASSWORD: other}}
`);
    expect(valuesOf(imported).SOURCE_DATABASE_URL).toBe('postgresql://u:p@10.0.0.5:5432/shop');
  });

  test.each([
    ['no YAML', 'services: [\n'],
    ['no services', 'name: x'],
    ['a list', '- a'],
    ['too large', `services: {a: {image: "${'x'.repeat(1_100_000)}"}}`],
  ])('refuses %s', (_name, text) => {
    expect(toAppError(thrown(() => importCompose(text))).code).toBe('INVALID_INPUT');
  });

  test('a file that doubles itself is refused at once', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 12; n += 1)
      lines.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    lines.push('services: {web: {environment: *a11}}');
    expect(toAppError(thrown(() => importCompose(lines.join('\n')))).code).toBe('INVALID_INPUT');
  });

  test('never fails with anything but INVALID_INPUT', () => {
    const service = fc.record(
      {
        image: fc.oneof(fc.constantFrom('postgres:15', 'minio/minio', ''), fc.string()),
        environment: fc.oneof(
          fc.array(fc.string()),
          fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.constant(null))),
        ),
        ports: fc.array(fc.oneof(fc.string(), fc.integer(), fc.record({ target: fc.integer() }))),
      },
      { requiredKeys: [] },
    );
    const file = fc.record({ services: fc.dictionary(fc.string(), fc.oneof(service, fc.jsonValue())) });
    fc.assert(
      fc.property(
        fc.oneof(
          file.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (text) => {
          const error = thrown(() => importCompose(text));
          if (error !== undefined) expect(toAppError(error).code).toBe('INVALID_INPUT');
        },
      ),
    );
  });
});

function thrown(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('interpolate', () => {
  const variables: Record<string, string> = { A: 'one', EMPTY: '' };
  const lookup = (name: string) => variables[name];

  test.each([
    ['$A/${A}', 'one/one', []],
    ['${B:-x}${B-y}${EMPTY:-z}${EMPTY-z}', 'xyz', []],
    ['${A:+yes}${B:+yes}${EMPTY+set}', 'yesset', []],
    ['${B:-${C:-deep}}', 'deep', []],
    ['${A:-${UNKNOWN}}', 'one', []],
    ['$$A costs 5$', '$A costs 5$', []],
    ['${B:?must be set} $C', ' ', ['B', 'C']],
  ])('%s', (text, value, unknown) => {
    expect(interpolate(text, lookup)).toEqual({ value, unknown });
  });

  test('text without a dollar sign stays, and any text ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ':', '-', '?', ' ') }), (text) => {
        const { value } = interpolate(text, lookup);
        if (!text.includes('$')) expect(value).toBe(text);
      }),
    );
  });
});

describe('publishedPort', () => {
  test.each([
    [['5432:5432'], 5432, { host: 'localhost', port: 5432 }],
    [['127.0.0.1:5433:5432/tcp'], 5432, { host: 'localhost', port: 5433 }],
    [['192.168.1.5:5433:5432'], 5432, { host: '192.168.1.5', port: 5433 }],
    [['[::1]:5433:5432'], 5432, { host: '::1', port: 5433 }],
    [['9000-9001:9000-9001'], 9001, { host: 'localhost', port: 9001 }],
    [[5432], 5432, undefined],
    [['5432'], 5432, undefined],
    [['5433:5432/udp'], 5432, undefined],
    [['8080:80'], 5432, undefined],
    [[{ target: 5432 }], 5432, undefined],
    [['nonsense:', '15432:5432'], 5432, { host: 'localhost', port: 15432 }],
  ])('%j of container port %i', (ports, containerPort, expected) => {
    expect(publishedPort(ports, containerPort)).toEqual(expected);
  });
});

test('databaseUrl and parseConnectionUrl are inverse', () => {
  const part = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
  // No URL holds these two as a path: they mean this folder and the one above.
  const name = part.filter((text) => text !== '.' && text !== '..');
  fc.assert(
    fc.property(part, part, name, (user, password, database) => {
      const parsed = parseConnectionUrl(databaseUrl({ user, password, database, host: 'db', port: '5433' }));
      expect(parsed).toMatchObject({ host: 'db', port: 5433, user, database });
      expect(percentDecoded(parsed?.rawPassword ?? '')).toBe(password);
    }),
  );
});
