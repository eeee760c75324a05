import { expect, test } from 'vitest';
import type { CheckView, HealthOverview } from '#shared/model/health';
import { metricsText } from './metrics-text';

const at = '2026-03-01T08:00:00.000Z';
const check = (changes: Partial<CheckView>): CheckView => ({
  id: 'backend.health',
  title: '/health',
  state: 'healthy',
  since: at,
  at: '2026-03-01T07:59:55.000Z',
  latencyMs: 41.5,
  summary: 'Answers',
  findings: [],
  facts: [],
  intervalMs: 15_000,
  timeoutMs: 10_000,
  failures: 0,
  ...changes,
});

test('every check is told with its state, its latency and its age; what is not known is left out', () => {
  const { at: _at, latencyMs: _latency, ...never } = check({ id: 'custom-"a\\b".check', state: 'unknown' });
  const overview: HealthOverview = {
    at,
    enabled: true,
    recording: 'here',
    services: [
      {
        id: 'backend',
        title: 'backend',
        group: 'application',
        state: 'down',
        since: at,
        summary: '',
        recent: [],
        maintenance: true,
        checks: [check({}), check({ id: 'backend.ready', state: 'down', failures: 4 }), never],
      },
    ],
    incidents: [],
    alertFailures: [],
  };
  const lines = metricsText(overview).split('\n');
  const labels = (id: string) => `{service="backend",group="application",check="${id}"}`;
  expect(lines).toEqual(
    expect.arrayContaining([
      'cutover_watching 1',
      'cutover_recording 1',
      'cutover_check_state{service="backend",group="application",check="backend.ready",state="down"} 1',
      'cutover_check_state{service="backend",group="application",check="backend.ready",state="healthy"} 0',
      `cutover_check_up${labels('backend.health')} 1`,
      `cutover_check_up${labels('backend.ready')} 0`,
      `cutover_check_latency_seconds${labels('backend.health')} 0.0415`,
      `cutover_check_age_seconds${labels('backend.health')} 5`,
      `cutover_check_failures${labels('backend.ready')} 4`,
      'cutover_service_maintenance{service="backend"} 1',
      'cutover_open_incidents{state="down"} 0',
    ]),
  );
  const unknown = lines.filter((line) => line.includes('custom-\\"a\\\\b\\"'));
  expect(unknown.map((line) => line.split('{')[0])).toEqual([
    ...Array<string>(4).fill('cutover_check_state'),
    'cutover_check_failures',
  ]);
  for (const line of lines.filter((text) => text !== ''))
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{.*\})? -?[0-9.e+-]+)$/);
});
