import { z } from 'zod';

/** An entry of a Compose service's `ports`, in its short or long form. */
export const composePortSchema = z.union([
  z.string(),
  z.number(),
  z.looseObject({
    target: z.union([z.number(), z.string()]),
    published: z.union([z.number(), z.string()]).optional(),
    host_ip: z.string().optional(),
  }),
]);
export type ComposePort = z.infer<typeof composePortSchema>;

export interface PublishedPort {
  host: string;
  port: number;
}

/** Where the machine that runs Compose offers a container's port; undefined when it does not or when the number is left to chance. */
export function publishedPort(
  ports: readonly ComposePort[],
  containerPort: number,
): PublishedPort | undefined {
  for (const entry of ports) {
    const port =
      typeof entry === 'object'
        ? fromLongForm(entry, containerPort)
        : fromShortForm(String(entry), containerPort);
    if (port !== undefined) return port;
  }
  return undefined;
}

function fromLongForm(
  entry: Exclude<ComposePort, string | number>,
  containerPort: number,
): PublishedPort | undefined {
  if (Number(entry.target) !== containerPort || entry.published === undefined) return undefined;
  const port = Number(entry.published);
  return isPort(port) ? { host: reachableHost(entry.host_ip), port } : undefined;
}

/** `[address:]published:target[/protocol]`, where published and target may be ranges of one length. */
function fromShortForm(entry: string, containerPort: number): PublishedPort | undefined {
  const match = /^(?:(\[[^\]]+\]|[^:]*):)?(\d+)(?:-(\d+))?:(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(entry.trim());
  if (match === null || (match[6] ?? 'tcp') !== 'tcp') return undefined;
  const first = Number(match[4]);
  const last = Number(match[5] ?? match[4]);
  if (containerPort < first || containerPort > last) return undefined;
  const port = Number(match[2]) + containerPort - first;
  if (port > Number(match[3] ?? match[2]) || !isPort(port)) return undefined;
  return { host: reachableHost(match[1]), port };
}

function reachableHost(address: string | undefined): string {
  const plain = (address ?? '').replace(/^\[(.*)\]$/, '$1');
  return plain === '' || plain === '0.0.0.0' || plain === '::' || plain === '127.0.0.1' ? 'localhost' : plain;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}
