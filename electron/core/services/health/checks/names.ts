import { probeDns } from '../../../adapters/probe/dns-probe';
import { probeCertificate, type ShownCertificate } from '../../../adapters/probe/tls-probe';
import { worstState, type Finding } from '#shared/model/health';
import { type CheckDefinition, failedOutcome, finding } from '../check';

const warnDays = 21;
const day = 86_400_000;

export interface TlsPlace {
  host: string;
  port: number;
}

/** One check over all certificates: the shortest life is what counts. */
export function certificateChecks(places: readonly TlsPlace[], ca?: string): CheckDefinition[] {
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
              return { host, shown, findings: judgeCertificate(host, shown) };
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

function judgeCertificate(host: string, shown: ShownCertificate): Finding[] {
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
  if (days < warnDays) {
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

/** One check over all names: each resolves, and as the name servers of its zone say. */
export function dnsChecks(names: readonly string[]): CheckDefinition[] {
  const [first] = names;
  if (first === undefined) return [];
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
              return { name, answer: await probeDns(name, signal) };
            } catch (error) {
              return { name, error };
            }
          }),
        );
        const findings = looked.flatMap(({ name, answer, error }): Finding[] => {
          if (answer === undefined) return failedOutcome(error).findings;
          const { addresses, authoritative } = answer;
          // Several addresses in turn are usual; none in common is not.
          if (authoritative === undefined || authoritative.some((address) => addresses.includes(address)))
            return [];
          return [
            finding(
              'DNS_ANSWERS_DIFFER',
              'degraded',
              `${name} resolves to ${addresses.join(', ')} here, and to ${authoritative.join(', ')} at its zone.`,
              'After a change wait for the time to live of the old record; otherwise look for an entry in /etc/hosts.',
            ),
          ];
        });
        const answers = looked.flatMap(({ answer }) => (answer === undefined ? [] : [answer.ms]));
        return {
          latencyMs: answers.reduce((a, b) => Math.max(a, b), 0),
          summary: findings[0]?.message ?? `${answers.length} of ${names.length} resolve`,
          facts: looked.map(({ name, answer }) => ({
            label: name,
            value: answer === undefined ? 'does not resolve' : answer.addresses.join(', '),
          })),
          findings,
        };
      },
    },
  ];
}
