import { type DnsAnswer, probeDns, usualServers } from '../../../adapters/probe/dns-probe';
import { probeCertificate, type ShownCertificate } from '../../../adapters/probe/tls-probe';
import { counted } from '#shared/model/counted';
import { worstState, type Finding } from '#shared/model/health';
import { type CheckDefinition, failedOutcome, finding } from '../check';

const day = 86_400_000;

export interface TlsPlace {
  host: string;
  port: number;
}

/** One check over all certificates: the shortest life is what counts. `soonDays` before its end one should have been renewed. */
export function certificateChecks(
  places: readonly TlsPlace[],
  soonDays: number,
  ca?: string,
): CheckDefinition[] {
  if (places.length === 0) return [];
  return [
    {
      id: 'tls.certificates',
      title: 'Certificates',
      service: { id: 'tls', title: 'TLS certificates', group: 'host' },
      intervalMs: 10 * 60_000,
      timeoutMs: 30_000,
      run: async (signal) => {
        const looked = await Promise.all(
          places.map(async ({ host, port }) => {
            try {
              const shown = await probeCertificate(host, port, signal, ca);
              return { host, shown, findings: judgeCertificate(host, shown, soonDays) };
            } catch (error) {
              // That a service does not answer is its own check's to say.
              const findings = failedOutcome(error).findings.map((one) => ({
                ...one,
                state: 'unknown' as const,
              }));
              return { host, shown: undefined, findings };
            }
          }),
        );
        const lives = looked.flatMap(({ shown }) =>
          shown === undefined ? [] : [Math.floor((shown.validTo - Date.now()) / day)],
        );
        const good = looked.filter(
          ({ findings }) => worstState(findings.map(({ state }) => state)) === 'healthy',
        );
        const all = looked.flatMap(({ findings }) => findings);
        // One place that does not answer must not hide what the others show.
        const findings = lives.length === 0 ? all : all.filter(({ state }) => state !== 'unknown');
        return {
          summary: findings[0]?.message ?? `${good.length} valid`,
          ...(lives.length === 0 ? {} : { reading: `${Math.min(...lives)} days` }),
          facts: looked.map(({ host, shown }) => ({
            label: host,
            value:
              shown === undefined
                ? 'no answer'
                : `until ${new Date(shown.validTo).toISOString().slice(0, 10)}, by ${shown.issuer}`,
          })),
          findings,
        };
      },
    },
  ];
}

function judgeCertificate(host: string, shown: ShownCertificate, soonDays: number): Finding[] {
  const days = Math.floor((shown.validTo - Date.now()) / day);
  if (days < 0) {
    return [
      finding(
        'CERTIFICATE_EXPIRED',
        'down',
        `The certificate of ${host} expired ${-days} days ago.`,
        'Renew it. On Easypanel remove and add the domain, and see that port 80 is open for the challenge.',
      ),
    ];
  }
  const findings: Finding[] = [];
  if (!shown.nameFits) {
    findings.push(
      finding(
        'CERTIFICATE_WRONG_NAME',
        'down',
        `The certificate of ${host} is made out for ${shown.names.join(', ') || shown.subject}.`,
        'Add the domain to the service, so that a certificate for it is issued.',
      ),
    );
  } else if (shown.untrusted !== undefined) {
    findings.push(
      finding(
        'CERTIFICATE_UNTRUSTED',
        'down',
        `The certificate of ${host} is not trusted (${shown.untrusted}).`,
        'Install the whole chain on the server, or use an authority that browsers know.',
      ),
    );
  }
  if (days < soonDays) {
    findings.push(
      finding(
        'CERTIFICATE_EXPIRES_SOON',
        'degraded',
        `The certificate of ${host} expires in ${days} days.`,
        'It should have been renewed by now: see the log of the proxy, and that port 80 is open for the challenge.',
      ),
    );
  }
  return findings;
}

/** One check over all names: each resolves, to the same as at the servers of its zone, and elsewhere too. */
export function dnsChecks(names: readonly string[], servers = usualServers): CheckDefinition[] {
  const [first] = names;
  if (first === undefined) return [];
  const before = new Map<string, ZoneMemory>();
  return [
    {
      id: 'dns.names',
      title: 'Names',
      service: { id: 'dns', title: 'DNS', group: 'host' },
      host: first,
      intervalMs: 2 * 60_000,
      timeoutMs: 20_000,
      run: async (signal) => {
        const looked = await Promise.all(
          names.map(async (name) => {
            try {
              return { name, answer: await probeDns(name, servers, signal) };
            } catch (error) {
              return { name, error };
            }
          }),
        );
        const findings = looked.flatMap(({ name, answer, error }) =>
          answer === undefined
            ? failedOutcome(error).findings
            : judgeAnswer(name, answer, remembered(before, name, answer)),
        );
        const answers = looked.flatMap(({ answer }) => (answer === undefined ? [] : [answer.ms]));
        return {
          latencyMs: answers.reduce((a, b) => Math.max(a, b), 0),
          summary: findings[0]?.message ?? `${answers.length} of ${names.length} resolve`,
          facts: looked.map(({ name, answer }) => ({
            label: name,
            value:
              answer === undefined
                ? 'does not resolve'
                : `${answer.addresses.join(', ')}; ${counted(answer.zone.length, 'server of the zone', 'servers of the zone')}, ${counted(answer.others.length, 'public resolver', 'public resolvers')} asked`,
          })),
          findings,
        };
      },
    },
  ];
}

/** What the zone said of a name, and what it said before that, if it ever changed while it was looked at. */
interface ZoneMemory {
  now: readonly string[];
  old: readonly string[];
}

function common(a: readonly string[], b: readonly string[]): boolean {
  return a.some((address) => b.includes(address));
}

/** The addresses that the zone gave before it changed. */
function remembered(before: Map<string, ZoneMemory>, name: string, { zone }: DnsAnswer): readonly string[] {
  const now = zone[0]?.addresses;
  const known = before.get(name);
  if (now === undefined) return [];
  if (known === undefined) before.set(name, { now, old: [] });
  else if (!common(known.now, now)) before.set(name, { now, old: known.now });
  return before.get(name)?.old ?? [];
}

/**
 * Several addresses in turn are usual; none in common is not. A name that is an alias in its zone is not compared. Elsewhere only the
 * address of before a change counts: some zones have another answer for each part of the world.
 */
function judgeAnswer(
  name: string,
  { addresses, zone, others }: DnsAnswer,
  old: readonly string[],
): Finding[] {
  const [first] = zone;
  if (first === undefined) return [];
  const differ = (message: string, remedy: string) => [
    finding('DNS_ANSWERS_DIFFER', 'degraded', message, remedy),
  ];
  const odd = zone.find((answer) => !common(answer.addresses, first.addresses));
  if (odd !== undefined) {
    return differ(
      `The name servers of the zone disagree: ${name} is ${first.addresses.join(', ')} at ${first.server}, and ${odd.addresses.join(', ')} at ${odd.server}.`,
      'A change has not reached every name server: look at the zone’s serial numbers, and at the transfer between them.',
    );
  }
  if (!common(addresses, first.addresses)) {
    return differ(
      `${name} resolves to ${addresses.join(', ')} here, and to ${first.addresses.join(', ')} at its zone.`,
      'After a change wait for the time to live of the old record; otherwise look for an entry in /etc/hosts.',
    );
  }
  const late = others.filter(
    (answer) => common(answer.addresses, old) && !common(answer.addresses, first.addresses),
  );
  if (late.length === 0) return [];
  return differ(
    `${late.map(({ server }) => server).join(', ')} still ${late.length === 1 ? 'says' : 'say'} ${late[0]?.addresses.join(', ') ?? ''} for ${name}; its zone says ${first.addresses.join(', ')}.`,
    'The change is on its way: keep the old side up for the time to live of the old record.',
  );
}
