import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Measured {
  /** Seconds from start to end. */
  readonly seconds: number;
  /** Seconds of processor time that the program and its children took; the servers' is not in it. */
  readonly cpu: number;
  /** The most memory of any one process of it, in megabytes. */
  readonly megabytes: number;
  readonly output: string;
}

/** Milliseconds. A process keeps its peak to its end, so it is only missed when it lives shorter than this; looking more often takes time from those who are measured. */
const sampleEvery = 250;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The processes that descend from one, itself included. */
function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = /\) \S (\d+)/.exec(read(`/proc/${entry}/stat`))?.[1];
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const found = new Set([root]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Runs a shell command to its end and measures it. Throws when it fails. */
export async function measure(command: string, env: Record<string, string> = {}): Promise<Measured> {
  const started = performance.now();
  const child = spawn(
    'bash',
    // The second line of `times` is that of the children; in a pipeline it would be that of an empty shell.
    ['-c', `set -eo pipefail; ${command}\necho; times`],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  let kilobytes = 0;
  const sampling = setInterval(() => {
    for (const pid of child.pid === undefined ? [] : family(child.pid)) {
      const peak = /VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1];
      kilobytes = Math.max(kilobytes, Number(peak ?? 0));
    }
  }, sampleEvery);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(sampling);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`Failed with code ${code}: ${command}\n${(errors + output).slice(-2000)}`);
  const times = [...(output.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const cpu = times.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
  return { seconds, cpu, megabytes: kilobytes / 1024, output };
}
