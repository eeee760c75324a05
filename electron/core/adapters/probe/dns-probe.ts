import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { classifyNetworkError } from './classify';

export interface DnsAnswer {
  /** As this machine resolves the name. */
  addresses: string[];
  /** As the name servers of the name's zone say, by server; empty where they can't be asked or know an alias only. */
  zone: ServerAnswer[];
  /** As resolvers that many people use say, where the zone's answer is known: they keep an old one for its time to live. */
  others: ServerAnswer[];
  ms: number;
}

export interface ServerAnswer {
  server: string;
  addresses: string[];
}

/** Whom to ask. */
export interface DnsServers {
  /** Instead of what this machine is set up with. */
  own?: readonly string[];
  others: readonly string[];
}

/** Of Cloudflare, Google and Quad9. */
export const usualServers: DnsServers = { others: ['1.1.1.1', '8.8.8.8', '9.9.9.9'] };
const mostZoneServers = 4;

/** Resolves a name here, at the servers of its zone and at others. Throws `HOST_NOT_FOUND`. */
export async function probeDns(host: string, servers: DnsServers, signal: AbortSignal): Promise<DnsAnswer> {
  const { own = [] } = servers;
  const started = performance.now();
  try {
    const addresses =
      own.length === 0
        ? (await lookup(host, { all: true })).map(({ address }) => address)
        : await ask(own, signal, (resolver) => resolver.resolve4(host));
    const ms = performance.now() - started;
    const zone = await answersOf(await zoneServers(host, own, signal), host, signal);
    const others = zone.length === 0 ? [] : await answersOf(servers.others, host, signal);
    return { addresses: addresses.toSorted(), zone, others, ms };
  } catch (error) {
    throw classifyNetworkError(error, host);
  }
}

/** With this machine's own servers when none are named. */
async function ask<T>(
  servers: readonly string[],
  signal: AbortSignal,
  question: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  const resolver = new Resolver({ timeout: 1500, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await question(resolver);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** What those say that answer: many networks let no question through but to their own resolver. */
async function answersOf(
  servers: readonly string[],
  host: string,
  signal: AbortSignal,
): Promise<ServerAnswer[]> {
  const answers = await Promise.all(
    servers.map(async (server) => {
      const addresses = await ask([server], signal, (resolver) => resolver.resolve4(host)).catch(() => []);
      return addresses.length === 0 ? [] : [{ server, addresses: addresses.toSorted() }];
    }),
  );
  return answers.flat();
}

/** Addresses of the name servers of the zone that a name is in. */
async function zoneServers(host: string, own: readonly string[], signal: AbortSignal): Promise<string[]> {
  if (isIP(host) !== 0 || !host.includes('.')) return [];
  const labels = host.split('.');
  for (let from = 0; from < labels.length - 1; from += 1) {
    const zone = labels.slice(from).join('.');
    const names = await ask(own, signal, (resolver) => resolver.resolveNs(zone)).catch(() => []);
    if (names.length === 0) continue;
    const found = await Promise.all(
      names
        .slice(0, mostZoneServers)
        .map((name) => ask(own, signal, (resolver) => resolver.resolve4(name)).catch((): string[] => [])),
    );
    return found.flatMap((addresses) => addresses.slice(0, 1));
  }
  return [];
}
