import type { PreflightFinding } from '#shared/model/deploy';
import { AppError, type ErrorCode } from '#shared/model/errors';
import { shellWord } from '../../adapters/ssh/ssh-session';
import { type EngineInfo, engineInfo, listServices, type SwarmService } from '../../adapters/docker/swarm';
import { releaseLabel } from './compose-bundle';
import type { DeployHost } from './deploy-host';
import { readLock } from './release-store';

const gib = 1024 ** 3;
/** Below this images and logs of one release may not fit. */
const scarceDisk = 5 * gib;
const tooLittleDisk = gib;
/** Two versions side by side need this much on top of what runs. */
const scarceMemory = 0.5 * gib;
/** Tokens carry times: beyond this clocks judge them differently. */
const clockLimitMs = 5_000;

/** Looks at the host before a release. Reads only. */
export async function preflight(
  host: DeployHost,
  stack: string,
  signal: AbortSignal,
): Promise<PreflightFinding[]> {
  const asked = Date.now();
  const info = await engineInfo(host.docker, signal);
  const clockMs = Date.parse(info.SystemTime) - (asked + Date.now()) / 2;
  const swarm = info.Swarm.LocalNodeState === 'active' && info.Swarm.ControlAvailable === true;
  const services = swarm ? await listServices(host.docker, signal) : [];
  return [
    engine(host, info),
    swarmFinding(info, swarm),
    easypanel(services),
    await disk(host, info, signal),
    await memory(host, info, signal),
    clock(clockMs),
    owner(stack, services),
    await lock(host, signal),
  ];
}

function engine(host: DeployHost, info: EngineInfo): PreflightFinding {
  return {
    id: 'engine',
    severity: 'ok',
    title: 'Docker',
    message: `${host.docker.engineVersion} on ${info.OperatingSystem}, ${info.NCPU} cores.`,
  };
}

function swarmFinding(info: EngineInfo, active: boolean): PreflightFinding {
  if (active) {
    const nodes = info.Swarm.Nodes ?? 1;
    return {
      id: 'swarm',
      severity: 'ok',
      title: 'Swarm',
      message:
        nodes === 1 ? 'This host manages a swarm of its own.' : `It manages a swarm of ${nodes} nodes.`,
    };
  }
  const worker = info.Swarm.LocalNodeState === 'active';
  return {
    id: 'swarm',
    severity: 'blocker',
    title: 'Swarm',
    message: worker
      ? 'The host is a worker of a swarm that another host manages.'
      : 'The host has no swarm, which is what replaces a version without a gap.',
    hint: worker
      ? 'Connect to a manager of the swarm instead.'
      : 'Initialise it with cutover deploy init-swarm: containers that run now are not touched. Without it (--without-swarm) requests fail while containers are replaced.',
  };
}

function easypanel(services: readonly SwarmService[]): PreflightFinding {
  const panel = services.find((service) => service.Spec.Name === 'easypanel');
  if (panel === undefined) {
    return {
      id: 'easypanel',
      severity: 'warning',
      title: 'Easypanel',
      message: 'Easypanel does not run on this host.',
      hint: 'The release works without it; domains and certificates are then up to your own proxy.',
    };
  }
  const version = /:([^@]+)/.exec(panel.Spec.TaskTemplate.ContainerSpec.Image)?.[1] ?? 'unknown';
  return {
    id: 'easypanel',
    severity: 'ok',
    title: 'Easypanel',
    message: `Version ${version} manages this host.`,
  };
}

async function disk(host: DeployHost, info: EngineInfo, signal: AbortSignal): Promise<PreflightFinding> {
  // The root folder is readable by root alone; its file system is that of the nearest folder that is not.
  const text = await host.run(
    `folder=${shellWord(info.DockerRootDir)}; until df -Pk "$folder" 2>/dev/null; do folder=$(dirname "$folder"); done`,
    signal,
  );
  const free = Number(text.trim().split('\n').at(-1)?.trim().split(/\s+/)[3] ?? '') * 1024;
  const message = `${gigabytes(free)} free where Docker keeps its images.`;
  if (free >= scarceDisk) return { id: 'disk', severity: 'ok', title: 'Disk', message };
  return {
    id: 'disk',
    severity: free < tooLittleDisk ? 'blocker' : 'warning',
    title: 'Disk',
    message,
    hint: 'Free some: docker system df shows what images take, docker image prune removes unused ones.',
  };
}

async function memory(host: DeployHost, info: EngineInfo, signal: AbortSignal): Promise<PreflightFinding> {
  const text = await host.run('cat /proc/meminfo', signal);
  const free = Number(/MemAvailable:\s+(\d+)/.exec(text)?.[1] ?? '0') * 1024;
  const message = `${gigabytes(free)} of ${gigabytes(info.MemTotal)} available.`;
  if (free >= scarceMemory) return { id: 'memory', severity: 'ok', title: 'Memory', message };
  return {
    id: 'memory',
    severity: 'warning',
    title: 'Memory',
    message,
    hint: 'During an update two versions run side by side. Free some memory, or lower the limits.',
  };
}

function clock(offsetMs: number): PreflightFinding {
  const seconds = Math.abs(offsetMs) / 1000;
  const message = `${seconds.toFixed(1)} s apart from this machine’s.`;
  if (Math.abs(offsetMs) <= clockLimitMs) return { id: 'clock', severity: 'ok', title: 'Clock', message };
  return {
    id: 'clock',
    severity: 'warning',
    title: 'Clock',
    message,
    hint: 'Let both machines keep time (timedatectl set-ntp true): tokens are refused when clocks differ.',
  };
}

function owner(stack: string, services: readonly SwarmService[]): PreflightFinding {
  const own = services.filter((service) => service.Spec.Name.startsWith(`${stack}_`));
  const foreign = own.filter((service) => service.Spec.Labels?.[releaseLabel] === undefined);
  if (foreign.length === 0) {
    return {
      id: 'stack',
      severity: 'ok',
      title: 'Stack',
      message: own.length === 0 ? `${stack} is not there yet.` : `${stack} has ${own.length} services.`,
    };
  }
  return {
    id: 'stack',
    severity: 'blocker',
    title: 'Stack',
    message: `Services named ${stack}_… exist that Cutover did not make: ${foreign.map((service) => service.Spec.Name).join(', ')}.`,
    hint: 'Choose another name for the stack. Easypanel would overwrite what is changed in services of its own.',
  };
}

async function lock(host: DeployHost, signal: AbortSignal): Promise<PreflightFinding> {
  const held = await readLock(host, signal);
  if (held === undefined)
    return { id: 'lock', severity: 'ok', title: 'Deployments', message: 'None is under way.' };
  return held.stale
    ? {
        id: 'lock',
        severity: 'warning',
        title: 'Deployments',
        message: `One by ${held.by} was cut off.`,
        hint: 'The next deployment goes on from what it finds.',
      }
    : {
        id: 'lock',
        severity: 'blocker',
        title: 'Deployments',
        message: `${held.by} is deploying this stack.`,
        hint: 'Wait until it has ended.',
      };
}

function gigabytes(bytes: number): string {
  return `${(bytes / gib).toFixed(1)} GiB`;
}

/** Throws when a finding stands in the way of a release. */
export function requireClear(findings: readonly PreflightFinding[]): void {
  const blocker = findings.find(({ severity }) => severity === 'blocker');
  if (blocker === undefined) return;
  const codes: Record<string, ErrorCode> = {
    swarm: 'SWARM_INACTIVE',
    disk: 'HOST_DISK_FULL',
    lock: 'RELEASE_LOCKED',
    ports: 'PORT_TAKEN',
  };
  throw new AppError(codes[blocker.id] ?? 'RELEASE_FAILED', `${blocker.title}: ${blocker.message}`, {
    hint: blocker.hint,
  });
}
