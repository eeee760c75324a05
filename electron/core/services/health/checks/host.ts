import { AppError } from '#shared/model/errors';
import type { Finding, HealthLimits } from '#shared/model/health';
import type { CommandResult } from '../../../adapters/ssh/ssh-session';
import { type CheckDefinition, finding } from '../check';
import { containersCheck } from './containers';
import { parseHostFacts, type HostFacts } from './host-facts';

/** Runs a command on the host over one connection that all checks share. */
export type HostShell = (command: string, signal: AbortSignal) => Promise<CommandResult>;

const service = { id: 'easypanel-host', title: 'Easypanel host', group: 'host' } as const;

/**
 * Plain POSIX, one line an answer, each with its name before it: a part that a host lacks leaves its line empty. `stat -f` and `df -P`
 * are there on Alpine as well.
 */
const hostScript = (disks: readonly string[]): string =>
  [
    ': cutover-host-facts',
    'echo "clock $(date +%s)"',
    'echo "load $(cat /proc/loadavg)"',
    'echo "cpus $(grep -c ^processor /proc/cpuinfo)"',
    'echo "memory $(grep -E "^(MemTotal|MemAvailable|SwapTotal|SwapFree):" /proc/meminfo | tr -s " \\n" " ")"',
    // Without a folder df would list what no operator can free, such as read-only images.
    ...(disks.length === 0
      ? []
      : [
          `df -Pk ${disks.join(' ')} 2>/dev/null | tail -n +2 | sed "s/^/disk /"`,
          `df -Pi ${disks.join(' ')} 2>/dev/null | tail -n +2 | sed "s/^/inodes /"`,
        ]),
    'echo "reboot $(test -e /var/run/reboot-required && echo yes || echo no)"',
    'echo "units $(systemctl --failed --no-legend --plain 2>/dev/null | cut -d " " -f 1 | tr "\\n" " ")"',
  ].join('; ');

interface HostOptions {
  /** Folders on the disks that are looked at. */
  disks: readonly string[];
  /** Path of Docker's socket on the host, where it is another one. */
  dockerSocket: string | undefined;
  limits: Pick<HealthLimits, 'diskPercent' | 'memoryPercent'>;
}

/** The machine under the containers. */
export function hostChecks(
  shell: HostShell,
  host: string,
  { disks, dockerSocket, limits }: HostOptions,
): CheckDefinition[] {
  return [
    {
      id: 'easypanel-host.system',
      title: 'System',
      service,
      host,
      intervalMs: 30_000,
      timeoutMs: 20_000,
      run: async (signal) => {
        const asked = Date.now();
        const { code, stdout } = await shell(hostScript(disks), signal);
        if (code !== 0 && stdout === '') throw cannotRun(code);
        const facts = parseHostFacts(stdout);
        const drift =
          facts.clock === undefined ? undefined : Math.abs(facts.clock * 1000 - (asked + Date.now()) / 2);
        const findings = judgeHost(facts, drift, limits);
        return {
          summary: findings[0]?.message ?? summaryOf(facts),
          reading: facts.load === undefined ? '' : `load ${facts.load.toFixed(1)}`,
          facts: listed(facts, drift),
          findings,
        };
      },
    },
    containersCheck(shell, host, dockerSocket),
  ];
}

function cannotRun(code: number | null): AppError {
  return new AppError(
    'INVALID_INPUT',
    `The host does not run the commands of this check (exit code ${String(code)}).`,
    {
      hint: 'Sign in as a user with a shell on a Linux host.',
    },
  );
}

function summaryOf({ disks, memoryUsed }: HostFacts): string {
  const percent = (share: number | undefined) => (share === undefined ? '?' : `${Math.round(share * 100)}%`);
  const fullest = disks.length === 0 ? undefined : Math.max(...disks.map(({ used }) => used));
  return `Disk ${percent(fullest)} · memory ${percent(memoryUsed)}`;
}

function listed(facts: HostFacts, drift: number | undefined) {
  const percent = (share: number | undefined) =>
    share === undefined ? 'not told' : `${Math.round(share * 100)}%`;
  return [
    { label: 'Load', value: `${String(facts.load ?? '?')} on ${String(facts.cpus ?? '?')} cores` },
    { label: 'Memory in use', value: percent(facts.memoryUsed) },
    ...facts.disks.map(({ mount, used }) => ({ label: `Disk at ${mount}`, value: percent(used) })),
    ...facts.inodes.map(({ mount, used }) => ({ label: `Inodes at ${mount}`, value: percent(used) })),
    { label: 'Clock differs by', value: drift === undefined ? 'not told' : `${(drift / 1000).toFixed(1)} s` },
    { label: 'Reboot needed', value: facts.reboot ? 'yes' : 'no' },
    { label: 'Failed units', value: facts.failedUnits.length === 0 ? 'none' : facts.failedUnits.join(', ') },
  ];
}

function judgeHost(facts: HostFacts, drift: number | undefined, limits: HostOptions['limits']): Finding[] {
  const findings: Finding[] = [];
  const add = (when: boolean, ...rest: Parameters<typeof finding>) => {
    if (when) findings.push(finding(...rest));
  };
  const percent = (share: number) => `${Math.round(share * 100)}%`;
  for (const { mount, used } of facts.disks) {
    add(
      used * 100 > limits.diskPercent,
      'DISK_NEARLY_FULL',
      used > 0.97 ? 'down' : 'degraded',
      `The disk at ${mount} is ${percent(used)} full.`,
      'Remove old images with docker image prune, and look for growing logs and volumes.',
    );
  }
  for (const { mount, used } of facts.inodes) {
    add(
      used > 0.9,
      'INODES_NEARLY_USED',
      'degraded',
      `${percent(used)} of the inodes at ${mount} are used.`,
      'Look for a folder with very many small files.',
    );
  }
  add(
    (facts.memoryUsed ?? 0) * 100 > limits.memoryPercent,
    'MEMORY_LOW',
    'degraded',
    `${percent(facts.memoryUsed ?? 0)} of the memory is in use.`,
    'See docker stats; lower the workers’ concurrency or choose a larger host.',
  );
  add(
    (facts.load ?? 0) > 2 * (facts.cpus ?? 1) + 1,
    'LOAD_HIGH',
    'degraded',
    `The load is ${String(facts.load)} on ${String(facts.cpus)} cores.`,
    'See which container is busy with docker stats.',
  );
  add(
    (drift ?? 0) > 10_000,
    'CLOCK_DRIFTS',
    'degraded',
    `The clock of the host is ${Math.round((drift ?? 0) / 1000)} s off.`,
    'Start time synchronisation: timedatectl set-ntp true. Tokens expire by this clock.',
  );
  add(
    facts.failedUnits.length > 0,
    'UNITS_FAILED',
    'degraded',
    `Failed units: ${facts.failedUnits.join(', ')}.`,
    'See journalctl -u for each, then systemctl restart or reset-failed.',
  );
  add(
    facts.reboot,
    'REBOOT_NEEDED',
    'degraded',
    'An update of the host waits for a restart.',
    'Restart the host at a quiet time; set a maintenance window first.',
  );
  return findings;
}
