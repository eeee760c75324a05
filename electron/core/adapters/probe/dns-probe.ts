import { Resolver } from 'node:dns/promises';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { classifyNetworkError } from './classify';

export interface DnsAnswer {
  /** As this machine resolves the name. */
  addresses: string[];
  /** As the zone's own name servers say, when they could be asked. */
  authoritative?: string[];
  ms: number;
}

/** Resolves a name here and at the servers of its zone. Throws `HOST_NOT_FOUND`. `server`: another resolver than the system's. */
export async function probeDns(host: string, signal: AbortSignal, server?: string): Promise<DnsAnswer> {
  const started = performance.now();
  try {
    const addresses =
      server === undefined
        ? (await lookup(host, { all: true })).map(({ address }) => address)
        : await withResolver([server], signal, (resolver) => resolver.resolve4(host));
    const ms = performance.now() - started;
    const own = server === undefined ? await askZone(host, signal) : undefined;
    return {
      addresses: addresses.toSorted(),
      ...(own === undefined ? {} : { authoritative: own.toSorted() }),
      ms,
    };
  } catch (error) {
    throw classifyNetworkError(error, host);
  }
}

async function withResolver<T>(
  servers: readonly string[],
  signal: AbortSignal,
  ask: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await ask(resolver);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Undefined where the zone can't be asked: many networks let no question through but to their own resolver. */
async function askZone(host: string, signal: AbortSignal): Promise<string[] | undefined> {
  if (isIP(host) !== 0 || !host.includes('.')) return undefined;
  try {
    const zone = await withResolver([], signal, async (resolver) => {
      const labels = host.split('.');
      for (let from = 0; from < labels.length - 1; from += 1) {
        const names = await resolver.resolveNs(labels.slice(from).join('.')).catch(() => []);
        if (names.length > 0) return (await resolver.resolve4(names[0] ?? '')).slice(0, 1);
      }
      return [];
    });
    if (zone.length === 0) return undefined;
    return await withResolver(zone, signal, (resolver) => resolver.resolve4(host));
  } catch {
    return undefined;
  }
}
