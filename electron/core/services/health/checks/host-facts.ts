/** What the host's script tells; a part that the host lacks is absent. */
export interface HostFacts {
  /** Seconds since 1970. */
  clock?: number;
  /** Over one minute. */
  load?: number;
  cpus?: number;
  /** Shares from 0 to 1. */
  memoryUsed?: number;
  diskUsed?: number;
  inodesUsed?: number;
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
    ...known('diskUsed', share(line('disk'))),
    ...known('inodesUsed', share(line('inodes'))),
    reboot: line('reboot') === 'yes',
    failedUnits: line('units')
      .split(' ')
      .filter((unit) => unit !== ''),
  };
}

function numberIn(text: string | undefined): number {
  return text === undefined || text === '' ? Number.NaN : Number(text);
}

/** Used of used and available, as `df` counts: blocks kept for root are neither. */
function share(line: string): number {
  const [, , used, available] = line.split(/\s+/);
  return numberIn(used) / (numberIn(used) + numberIn(available));
}

function known<K extends string>(name: K, value: number): { [key in K]?: number } | object {
  return Number.isFinite(value) ? { [name]: value } : {};
}
