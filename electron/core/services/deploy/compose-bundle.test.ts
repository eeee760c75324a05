import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readBundle } from './compose-bundle';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-bundle-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function read(compose: string, environment = 'IMAGE=shop/web:1\n') {
  await writeFile(path.join(folder, 'docker-compose.prod.yml'), compose);
  await writeFile(path.join(folder, '.env.production'), environment);
  return readBundle({ folder });
}

const web = (more = '') => `services:\n  web:\n    image: \${IMAGE}\n${more}`;

describe('a release’s files', () => {
  it('have their variables replaced, and carry the release’s id as a label', async () => {
    const bundle = await read(web('    deploy:\n      replicas: 3\n      labels: [tier=front]\n'));
    expect(bundle.services).toMatchObject([{ name: 'web', image: 'shop/web:1', replicas: 3 }]);
    expect(parse(bundle.compose('20260102T030405Z-1a2b', { 'shop/web:1': 'shop/web:1@sha256:ab' }))).toEqual({
      services: {
        web: {
          image: 'shop/web:1@sha256:ab',
          deploy: { replicas: 3, labels: { tier: 'front', 'cutover.release': '20260102T030405Z-1a2b' } },
        },
      },
    });
  });

  it('name what is missing, all at once', async () => {
    await expect(read(web('    command: ["${B}", "${A}", "${C:-given}"]\n'))).rejects.toMatchObject({
      code: 'SETTING_MISSING',
      message: 'The compose file needs A, B.',
    });
  });

  it('hold no secret in the compose file', async () => {
    await expect(
      read(
        web('    environment:\n      URL: postgres://app:${DB_PASSWORD}@db\n'),
        'IMAGE=a\nDB_PASSWORD=x\n',
      ),
    ).rejects.toMatchObject({ code: 'COMPOSE_INVALID' });
  });

  it('leave the folder by no path', async () => {
    for (const name of ['../secret.env', '/etc/passwd', 'a/../../secret.env'])
      await expect(read(web(`    env_file: ${name}\n`))).rejects.toMatchObject({ code: 'COMPOSE_INVALID' });
  });

  it('bring the files that the compose file names, in Swarm’s literal form', async () => {
    await mkdir(path.join(folder, 'secrets'));
    await writeFile(path.join(folder, 'secrets', 'token.txt'), 'planted');
    const bundle = await read(
      `${web('    env_file: [./.env.production]\n    secrets: [token]\n')}secrets:\n  token:\n    file: ./secrets/token.txt\n`,
      `IMAGE=shop/web:1\nGREETING='a "b" $c #d'\n`,
    );
    expect([...bundle.files('swarm')]).toEqual([
      ['.env.production', `IMAGE=shop/web:1\nGREETING=a "b" $c #d\n`],
      ['secrets/token.txt', 'planted'],
    ]);
    expect(bundle.files('compose').get('.env.production')).toBe(
      `IMAGE='shop/web:1'\nGREETING='a "b" $c #d'\n`,
    );
    expect(bundle.compose('r', {})).not.toContain('planted');
  });

  it('refuse a line break, which an environment file for Swarm can’t hold', async () => {
    await expect(
      read(web('    env_file: .env.production\n'), 'IMAGE=a\nPEM="one\ntwo"\n'),
    ).rejects.toMatchObject({ code: 'COMPOSE_INVALID' });
  });

  it('refuse a single quote, which one for Compose can’t hold', async () => {
    const bundle = await read(web('    env_file: .env.production\n'), `IMAGE=a\nNAME="it's"\n`);
    expect(bundle.files('swarm').get('.env.production')).toContain("NAME=it's\n");
    expect(() => bundle.files('compose')).toThrow(/single quote/);
  });

  it.each([
    ['no YAML', 'services: ['],
    ['no services', 'version: "3"'],
    ['a list for services', 'services: [a]'],
    ['a service without an image', 'services:\n  web: { build: . }'],
  ])('are refused with %s', async (_what, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'COMPOSE_INVALID' });
  });

  it('keep any value of a variable as it is, whatever stands in it', async () => {
    const printable = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}'\u2028\u2029]/u.test(text));
    await fc.assert(
      fc.asyncProperty(printable, async (value) => {
        const bundle = await read(
          web(`    env_file: .env.production\n    labels: { note: "\${NOTE-}" }\n`),
          `IMAGE=a\nNOTE='${value}'\n`,
        );
        expect(bundle.services[0]?.environment.get('NOTE')).toBe(value);
        const written: unknown = parse(bundle.compose('r', {}));
        // The engine's client turns `$$` into `$` when it reads the file.
        expect(written).toMatchObject({
          services: { web: { labels: { note: value.replaceAll('$', '$$$$') } } },
        });
      }),
      { numRuns: 100 },
    );
  });

  it('name the ports of the host that they publish, in every spelling', async () => {
    const ports = `["8080:80", "127.0.0.1:8443:443/tcp", "9000-9002:9000-9002", "3000", 80, { target: 80, published: 81 }, { target: 82 }]`;
    const { services } = await read(web(`    ports: ${ports}\n`));
    expect(services[0]?.ports).toEqual([8080, 8443, 9000, 9001, 9002, 81]);
    await expect(read(web('    ports: web\n'))).rejects.toMatchObject({ code: 'COMPOSE_INVALID' });
  });

  it('are advised on where a release would drop requests', async () => {
    const { warnings } = await read(web());
    expect(warnings.map(({ message }) => message).join('\n')).toMatch(
      /health check[^]*stops the old version first/,
    );
  });
});
