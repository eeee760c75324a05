interface DiskUse {
  mount: string;
  used: number;
}

/** What the host's script tells; a part that the host lacks is absent. */
export interface HostFacts {
  /** Seconds since 1970. */
  clock?: number;
  /** Over one minute. */
  load?: number;
  cpus?: number;
  /** Shares from 0 to 1. */
  memoryUsed?: number;
  /** One a disk, with the share that is used. */
  disks: DiskUse[];
  inodes: DiskUse[];
  reboot: boolean;
  failedUnits: string[];
}

/** Reads the script's output, one named line a fact. */
export function parseHostFacts(text: string): HostFacts {
  const line = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const memory = (name: string): number => numberIn(new RegExp(`${name}: (\\d+)`).exec(line('memory'))?.[1]);
  const total = memory('MemTotal');
  return {
    ...known('clock', numberIn(line('clock'))),
    ...known('load', numberIn(line('load').split(' ')[0])),
    ...known('cpus', numberIn(line('cpus'))),
    ...known('memoryUsed', 1 - memory('MemAvailable') / total),
    disks: disksOf(text, 'disk'),
    inodes: disksOf(text, 'inodes'),
    reboot: line('reboot') === 'yes',
    failedUnits: line('units')
      .split(' ')
      .filter((unit) => unit !== ''),
  };
}

function numberIn(text: string | undefined): number {
  return text === undefined || text === '' ? Number.NaN : Number(text);
}

/**
 * The lines of `df`, each disk once. Used of used and available, as `df` counts: blocks kept for root are neither. File systems without a
 * bound on inodes tell 0 or nothing.
 */
function disksOf(text: string, name: string): DiskUse[] {
  const found = new Map<string, DiskUse>();
  for (const [, line = ''] of text.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))) {
    const [, , used, available, , ...mount] = line.trim().split(/\s+/);
    const use = numberIn(used) / (numberIn(used) + numberIn(available));
    const at = mount.join(' ');
    if (Number.isFinite(use) && at !== '') found.set(at, { mount: at, used: use });
  }
  return [...found.values()];
}

function known<K extends string>(name: K, value: number): { [key in K]?: number } | object {
  return Number.isFinite(value) ? { [name]: value } : {};
}
