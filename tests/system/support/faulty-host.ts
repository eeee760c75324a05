import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SshPlace } from '../docker-host';

/** Surroundings of an SSH server in which a host has the faults that a test gives it. */
export interface FaultyHost {
  readonly place: SshPlace;
  /** The load over one minute. */
  load(load: number): Promise<void>;
  /** Share of the memory that is in use, from 0 to 1. */
  memory(used: number): Promise<void>;
  /** By how many seconds its clock is ahead. */
  clock(ahead: number): Promise<void>;
  failedUnits(...names: string[]): Promise<void>;
  /** An update waits for a restart, or does not any more. */
  rebootNeeded(needed: boolean): Promise<void>;
  remove(): Promise<void>;
}

/**
 * A mount namespace whose kernel files and `/run` are the test's, and commands in front of `date` and `systemctl`, which ask the machine.
 * The machine itself keeps all of its own. Needs root.
 */
export async function makeFaultyHost(): Promise<FaultyHost> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-faulty-host-'));
  const file = (name: string) => path.join(folder, name);
  const total = 8_000_000;
  const command = async (name: string, script: string) => {
    await writeFile(file(`bin/${name}`), `#!/bin/sh\n${script}\n`);
    await chmod(file(`bin/${name}`), 0o755);
  };
  const host: Omit<FaultyHost, 'place' | 'remove'> = {
    load: (load) => writeFile(file('loadavg'), `${load.toFixed(2)} 0.10 0.10 1/100 1000\n`),
    memory: (used) =>
      writeFile(
        file('meminfo'),
        `MemTotal: ${total} kB\nMemFree: 1000 kB\nMemAvailable: ${Math.round(total * (1 - used))} kB\n`,
      ),
    clock: (ahead) => writeFile(file('ahead'), String(ahead)),
    failedUnits: (...names) =>
      writeFile(file('units'), names.map((name) => `${name} loaded failed failed It\n`).join('')),
    rebootNeeded: (needed) =>
      needed
        ? writeFile(file('run/reboot-required'), '*** System restart required ***\n')
        : rm(file('run/reboot-required'), { force: true }),
  };
  await mkdir(file('bin'));
  await mkdir(file('run/sshd'), { recursive: true });
  await command(
    'date',
    `[ "$1" = +%s ] && exec echo $(($(/bin/date +%s) + $(cat ${file('ahead')})))\nexec /bin/date "$@"`,
  );
  await command('systemctl', `exec cat ${file('units')}`);
  await Promise.all([host.load(0.1), host.memory(0.3), host.clock(0), host.failedUnits()]);
  const mounts = [
    [file('loadavg'), '/proc/loadavg'],
    [file('meminfo'), '/proc/meminfo'],
    [file('run'), '/run'],
  ].map((pair) => `mount --bind ${pair.join(' ')}`);
  return {
    ...host,
    place: {
      within: ['unshare', '--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh'],
      environment: [`PATH=${file('bin')}:/usr/local/bin:/usr/bin:/bin`],
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
