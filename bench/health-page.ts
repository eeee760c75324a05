/**
 * `npm run bench -- health-page [--seconds N] [--services N]`: what the page Health costs a browser that looks at it while each service is checked every ten seconds.
 * Needs the built page and Chromium.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { HealthOverview } from '../shared/model/health';
import { launchBrowser, openPage } from '../tests/e2e/page-support/browser';
import { watched } from '../tests/e2e/page-support/fixture-health';
import { situation } from '../tests/e2e/page-support/fixture-host';

const metricsSchema = z.object({ metrics: z.array(z.object({ name: z.string(), value: z.number() })) });

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, services: { type: 'string', default: '60' } },
  allowPositionals: true,
});
const [seconds, count] = [Number(values.seconds), Number(values.services)];

const intervalSeconds = 10;
let round = 0;

/** So many services, each with sixty latencies, of which a tenth are new each time. */
function overview(before?: HealthOverview): HealthOverview {
  round += 1;
  const { services, ...rest } = watched();
  const [first] = services;
  if (first === undefined) throw new Error('The fixture has no service.');
  const at = new Date().toISOString();
  return {
    ...rest,
    at,
    alertFailures: [],
    services: Array.from({ length: count }, (_item, index) => {
      const known = before?.services[index];
      if (known !== undefined && (index + round) % intervalSeconds !== 0) return known;
      return {
        ...first,
        id: `s${index}`,
        title: `Service ${index}`,
        at,
        recent: [...(known?.recent ?? Array.from({ length: 60 }, () => 40)), 20 + Math.random() * 60].slice(
          -60,
        ),
      };
    }),
  };
}

const now = situation({ health: overview() });
const changing = setInterval(() => {
  if (!(now.health instanceof Error)) now.health = overview(now.health);
}, 1000);
const browser = await launchBrowser();
try {
  const { page, close } = await openPage(browser, now, '/health', { reducedMotion: 'reduce' });
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const spent = async (): Promise<number> => {
    const { metrics } = metricsSchema.parse(await session.send('Performance.getMetrics'));
    return metrics.find(({ name }) => name === 'ProcessTime')?.value ?? Number.NaN;
  };
  await page.waitForTimeout(10_000);
  const [before, began] = [await spent(), performance.now()];
  await page.waitForTimeout(seconds * 1000);
  const share = (await spent()) - before;
  console.log(
    `The page with ${count} services every ${intervalSeconds} s: ${((share * 100_000) / (performance.now() - began)).toFixed(2)}% of one core`,
  );
  await close();
} finally {
  clearInterval(changing);
  await browser.close();
}
