import { z } from 'zod';
import { type HttpAnswer, probeHttp } from '../../../adapters/probe/http-probe';
import type { Finding } from '#shared/model/health';
import { type CheckDefinition, type CheckOutcome, finding, readableMs } from '../check';

/** From where on an answer of a web address is slow, and what it should not exceed. */
export interface Pace {
  slowMs: number;
  goalMs: number;
}

interface WebCheck extends Pace {
  id: string;
  title: string;
  service: CheckDefinition['service'];
  url: string;
  intervalMs: number;
  dependsOn?: string;
  /** What the answer has to be beyond being quick. */
  judge: (answer: HttpAnswer) => { summary?: string; findings: Finding[]; facts?: CheckOutcome['facts'] };
}

/** A web address: whether it answers, how fast, and what a further look at the answer says. */
export function webCheck({ url, judge, ...rest }: WebCheck): CheckDefinition {
  return {
    ...rest,
    host: new URL(url).hostname,
    timeoutMs: 10_000,
    run: async (signal) => {
      const answer = await probeHttp({ url }, signal);
      const { findings, summary, facts = [] } = judge(answer);
      return {
        latencyMs: answer.firstByteMs,
        summary: findings[0]?.message ?? summary ?? 'Answers',
        facts: [
          { label: 'Status', value: String(answer.status) },
          { label: 'First byte', value: readableMs(answer.firstByteMs) },
          { label: 'Whole answer', value: readableMs(answer.totalMs) },
          ...facts,
        ],
        findings,
      };
    },
  };
}

/** A finding when the status is not the expected one. */
export function statusFinding(answer: HttpAnswer, url: string, wanted = 200): Finding[] {
  if (answer.status === wanted) return [];
  return [
    finding(
      'WRONG_STATUS',
      answer.status >= 500 || answer.status === 404 ? 'down' : 'degraded',
      `${url} answers with status ${answer.status} instead of ${wanted}.`,
      'Look at the log of the service, and at what was deployed last.',
    ),
  ];
}

/** `{"checks": {"database": "ok", …}}` or `{"database": {"status": "ok"}}`: the usual shapes of a readiness answer. */
const partSchema = z.union([
  z.string(),
  z.boolean(),
  z.looseObject({ status: z.string().optional(), ok: z.boolean().optional() }),
]);
const readySchema = z.looseObject({
  checks: z.record(z.string(), partSchema).optional(),
  parts: z.record(z.string(), partSchema).optional(),
});

function works(part: z.infer<typeof partSchema>): boolean {
  if (typeof part === 'boolean') return part;
  const word = typeof part === 'string' ? part : (part.status ?? (part.ok === false ? 'failed' : 'ok'));
  return ['ok', 'up', 'healthy', 'pass', 'ready', 'true'].includes(word.toLowerCase());
}

/** The backend: alive, and ready with every part that it names. */
export function backendChecks(base: string, pace: Pace): CheckDefinition[] {
  const service = { id: 'backend', title: 'backend', group: 'application' } as const;
  return [
    webCheck({
      id: 'backend.health',
      title: '/health',
      service,
      url: `${base}/health`,
      intervalMs: 15_000,
      ...pace,
      judge: (answer) => ({ findings: statusFinding(answer, '/health') }),
    }),
    webCheck({
      id: 'backend.ready',
      title: '/health/ready',
      service,
      url: `${base}/health/ready`,
      intervalMs: 30_000,
      // It asks every part in turn.
      slowMs: pace.slowMs * 3,
      goalMs: pace.goalMs * 3,
      dependsOn: 'backend.health',
      judge: (answer) => {
        const parts = partsOf(answer.text);
        const bad = parts.filter(({ ok }) => !ok).map(({ name }) => name);
        const facts = parts.map(({ name, ok }) => ({ label: name, value: ok ? 'ready' : 'not ready' }));
        if (answer.status === 200 && bad.length === 0) return { summary: 'Ready', findings: [], facts };
        const what = bad.length === 0 ? `status ${answer.status}` : bad.join(', ');
        return {
          facts,
          findings: [
            finding(
              'NOT_READY',
              'degraded',
              `The backend is not ready: ${what}.`,
              'See to the parts that it names; it takes requests again when they answer.',
            ),
          ],
        };
      },
    }),
  ];
}

function partsOf(text: string): { name: string; ok: boolean }[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  const parsed = readySchema.safeParse(json);
  const parts = parsed.success ? (parsed.data.checks ?? parsed.data.parts ?? {}) : {};
  return Object.entries(parts).map(([name, part]) => ({ name, ok: works(part) }));
}

/** The front page: its status, its first byte, and a text that it holds when it is the right page. */
export function frontendChecks(url: string, marker: string, pace: Pace): CheckDefinition[] {
  return [
    webCheck({
      id: 'frontend.page',
      title: 'Front page',
      service: { id: 'frontend', title: 'frontend', group: 'application' },
      url,
      intervalMs: 15_000,
      ...pace,
      judge: (answer) => {
        const findings = statusFinding(answer, 'The front page');
        if (findings.length === 0 && marker !== '' && !answer.text.includes(marker)) {
          findings.push(
            finding(
              'WRONG_ANSWER',
              'down',
              `The front page does not hold “${marker}”.`,
              'Open it: another application or an error page may answer under this address.',
            ),
          );
        }
        return { findings };
      },
    }),
  ];
}
