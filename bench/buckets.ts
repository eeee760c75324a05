/**
 * `npm run bench -- buckets [--keys N] [--rounds N] [--walk SECONDS] [--scroll SECONDS]`: the first page of a bucket of a million keys, by Cutover's core and by its page in a
 * browser, against one listing request by itself and `rclone lsf`, in one run. rclone is measured where it is installed.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { filledStore, openBuckets } from '../tests/integration/buckets-harness';
import { startTwoStores, targetKeys } from '../tests/integration/objects-harness';
import { launchBrowser } from '../tests/e2e/page-support/browser';
import { openConsole } from '../tests/e2e/page-support/console';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '20' },
    walk: { type: 'string', default: '60' },
    scroll: { type: 'string', default: '10' },
  },
  allowPositionals: true,
});
const total = Number(values.keys);
const rounds = Number(values.rounds);

function* keys(): Generator<string> {
  for (let index = 0; index < total; index += 1) yield `photo-${String(index).padStart(8, '0')}.jpg`;
}

/** Milliseconds of each round, sorted. */
async function timed(count: number, work: (round: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const start = performance.now();
    await work(round);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

const at = (times: readonly number[], share: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
const line = (name: string, times: readonly number[]): void => {
  const [median, slow] = [at(times, 0.5), at(times, 0.95)];
  console.log(
    `${name.padEnd(46)} median ${median.toFixed(0).padStart(6)} ms   95% ${slow.toFixed(0).padStart(6)} ms`,
  );
};

/** Milliseconds between the frames of a page whose list moves by 15 rows in each of them, up and down over what was listed. */
const scrolling = (milliseconds: number): string => `new Promise((resolve) => {
  const list = document.querySelector('[role=grid]');
  const frames = [];
  const end = performance.now() + ${milliseconds};
  let last;
  let step = -555;
  const next = (now) => {
    if (last !== undefined) frames.push(now - last);
    last = now;
    const top = list.scrollTop;
    list.scrollTop += step;
    if (list.scrollTop === top) step = -step;
    if (now < end) requestAnimationFrame(next);
    else resolve(frames);
  };
  requestAnimationFrame(next);
})`;

const folder = await mkdtemp(path.join(tmpdir(), 'cutover-bench-buckets-'));
const stores = await startTwoStores({ targetStore: await filledStore('million', keys()) });
const buckets = await openBuckets(stores.values);
const browser = await launchBrowser();
console.log(`${total.toLocaleString('en')} keys in one folder, ${rounds} rounds each`);
try {
  const { signal } = new AbortController();
  const place = { side: 'target', bucket: 'million', prefix: '', delimiter: '/', limit: 1000 } as const;
  const list = new ListObjectsV2Command({ Bucket: 'million', Delimiter: '/' });
  await stores.clients.target.send(list);
  line('one listing request (AWS SDK)', await timed(rounds, () => stores.clients.target.send(list)));
  line('Cutover, core', await timed(rounds, () => buckets.handlers['buckets.objects'](place, { signal })));

  const host = await openConsole(
    browser,
    path.join(folder, 'workspace'),
    { ...stores.values, CUTOVER_HOME: path.join(folder, 'home') },
    '/buckets',
  );
  const { page } = host;
  const bucket = page.getByRole('button', { name: 'million', exact: true });
  await bucket.waitFor();
  // Counting the bucket would share the store's time.
  await page.getByRole('button', { name: 'Stop counting' }).click();
  const first = page.getByText('photo-00000000.jpg');
  const shown: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    shown.push(...(await timed(1, () => bucket.click().then(() => first.waitFor()))));
    await page.goBack();
    await page
      .getByRole('button', { name: 'Stop counting' })
      .click({ timeout: 1000 })
      .catch(() => undefined);
    await bucket.waitFor();
  }
  line(
    'Cutover, page: press to first row drawn',
    shown.sort((a, b) => a - b),
  );

  await bucket.click();
  const grid = page.getByRole('grid');
  await first.waitFor();
  await grid.focus();
  const session = await page.context().newCDPSession(page);
  const heap = async (): Promise<number> => {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const before = await heap();
  const start = performance.now();
  const until = start + Number(values.walk) * 1000;
  const whole = page.getByText(`${total.toLocaleString('en-GB')} rows`, { exact: true });
  while (performance.now() < until && !(await whole.isVisible())) await page.keyboard.press('End');
  const walked = (await page.getByText(/^[\d,]+ rows/).textContent()) ?? '';
  console.log(
    `${walked}, walked in ${((performance.now() - start) / 1000).toFixed(0)} s; heap of the page ${before.toFixed(1)} MB at first, ${(await heap()).toFixed(1)} MB then`,
  );
  const frames = z.array(z.number()).parse(await page.evaluate(scrolling(Number(values.scroll) * 1000)));
  line(
    'Frames while the list scrolls, one from the next',
    frames.toSorted((a, b) => a - b),
  );
  const late = frames.filter((time) => time > 34).length;
  console.log(
    `${frames.length} frames, ${((100 * late) / frames.length).toFixed(1)} % of them later than two of the screen; the longest took ${Math.max(...frames).toFixed(0)} ms`,
  );
  await host.close();

  const rclone = await timed(1, () =>
    promisify(execFile)('rclone', ['lsf', '--max-depth', '1', 'bench:million'], {
      maxBuffer: 1e9,
      env: {
        ...process.env,
        // It takes no certificates of the machine's own, and loopback needs none.
        AWS_CA_BUNDLE: '',
        RCLONE_CONFIG_BENCH_TYPE: 's3',
        RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
        RCLONE_CONFIG_BENCH_ENDPOINT: stores.target.endpoint,
        RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: targetKeys.accessKeyId,
        RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: targetKeys.secretAccessKey,
      },
    }),
  ).catch(() => undefined);
  if (rclone === undefined) console.log('rclone is not installed, or could not list the bucket');
  else line('rclone lsf (it lists all before it prints)', rclone);
} finally {
  await browser.close();
  await buckets.close();
  await stores.close();
  await rm(folder, { recursive: true, force: true });
}
