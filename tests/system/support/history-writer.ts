/** A process that writes samples and incidents until it is killed. It prints how many of each the system has taken. */
import { openHistory } from '../../../electron/core/services/health/history/history';
import { openIncidentLog } from '../../../electron/core/services/health/history/incidents';

const [folder = '', from = '0', startText = '0'] = process.argv.slice(2);
const history = openHistory(folder);
const incidents = openIncidentLog(folder);
const start = Number(startText);

for (let count = Number(from); ; count += 1) {
  await history.add({
    check: `service.${count % 3}`,
    at: start + count,
    state: 'healthy',
    latencyMs: count % 1000,
    covered: { state: 'healthy', ms: 1 },
  });
  if (count % 50 === 0) {
    await incidents.open({
      service: 'service',
      serviceTitle: 'service',
      check: 'service.0',
      checkTitle: String(count),
      state: 'down',
      startedAt: new Date(start + count).toISOString(),
      code: 'TIMED_OUT',
      cause: 'No answer.',
      remedy: 'Look at it.',
    });
  }
  process.stdout.write(`${count}\n`);
}
