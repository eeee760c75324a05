import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hash } from 'bcryptjs';
import { stringify } from 'yaml';
import { accepts, freePort, startProgram } from './program';

export interface ImageRegistry {
  /** Host and port, as images name it. */
  name: string;
  /** What a Docker client's configuration holds of a login with this password. */
  login(password: string): string;
  stop(): Promise<void>;
}

const user = 'shop';
export const registryPassword = 'right password';

/** A registry that wants a login, on loopback. Needs docker-registry of Debian. */
export async function startImageRegistry(): Promise<ImageRegistry> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-registry-'));
  const port = await freePort();
  const name = `127.0.0.1:${port}`;
  const users = path.join(folder, 'htpasswd');
  await writeFile(users, `${user}:${await hash(registryPassword, 4)}\n`);
  const configuration = path.join(folder, 'config.yml');
  await writeFile(
    configuration,
    stringify({
      version: '0.1',
      storage: { filesystem: { rootdirectory: path.join(folder, 'images') } },
      http: { addr: name },
      auth: { htpasswd: { realm: 'shop', path: users } },
    }),
  );
  const program = await startProgram('docker-registry', ['serve', configuration], {
    ready: () => accepts(port),
  });
  return {
    name,
    login: (password) =>
      JSON.stringify({ auths: { [name]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } } }),
    stop: async () => {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
