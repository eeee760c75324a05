import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filledStore } from '../integration/buckets-harness';
import { fill, startTwoStores, type TwoStores } from '../integration/objects-harness';
import { launchBrowser } from './page-support/browser';
import { button, openConsole, type RunningConsole } from './page-support/console';

const many = Array.from({ length: 10_000 }, (_unused, index) => `k${String(index).padStart(5, '0')}`);
const locked = new Set(['k00042', 'k04711', 'k09999']);
const script = '<script>window.hurt=1</script>';
const markup = `<svg xmlns="http://www.w3.org/2000/svg" onload="window.hurt=1">${script}</svg>`;
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Two pages, a line of text on each, and scripts that run when the document is opened. */
const document = `%PDF-1.7
1 0 obj <</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert("hurt"))>>/AA<</WC<</S/JavaScript/JS(app.alert("hurt"))>>>>>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 200 100]/Resources<</Font<</F 5 0 R>>>>>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/Contents 6 0 R>> endobj
4 0 obj <</Type/Page/Parent 2 0 R/Contents 6 0 R>> endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
6 0 obj <</Length 37>> stream
BT /F 36 Tf 10 30 Td (Invoice) Tj ET
endstream endobj
trailer <</Root 1 0 R/Size 7>>
%%EOF
`;
/** How many dots of the drawn page are dark. */
const darkDots = `(() => {
  const page = document.querySelector('aside canvas');
  const { data } = page.getContext('2d').getImageData(0, 0, page.width, page.height);
  return data.filter((value, at) => at % 4 === 0 && value < 100 && data[at + 3] > 200).length;
})()`;

let folder: string;
let stores: TwoStores;
let browser: Browser;
let host: RunningConsole;
let page: Page;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-e2e-buckets-'));
  const targetStore = await filledStore('trash', many);
  stores = await startTwoStores({ targetStore, locked: (_bucket, key) => locked.has(key) });
  await fill(stores.clients.target, 'hostile', ['../../up.txt', '/root.txt', 'con/aux.txt', 'a/../../b.txt']);
  const put = (Key: string, Body: string | Buffer, ContentType: string, ContentEncoding?: string) =>
    stores.clients.target.send(
      new PutObjectCommand({
        Bucket: 'hostile',
        Key,
        Body,
        ContentType,
        ...(ContentEncoding === undefined ? {} : { ContentEncoding }),
      }),
    );
  await put('page.html', `<!doctype html><body onload="window.hurt=1">${script}`, 'text/html');
  await put('drawing.svg', markup, 'image/svg+xml');
  await put('not-a-picture.png', `<!doctype html>${script}`, 'image/png');
  await put('not-a-page.html', pixel, 'text/html');
  await put('paper.txt', document, 'text/html');
  await put('bomb.json', gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')), 'application/json', 'gzip');
  await put(`<img src=x onerror="window.hurt=1">`, 'named', 'text/plain');
  await put('photo\u202egpj.exe', 'named', 'image/jpeg');
  for (let index = 0; index < 300; index += 1) await put(`small/${index}`, '0', 'text/plain');
  await fill(stores.clients.source, 'pairs', ['in/a.txt', 'in/b.txt', 'in/c.txt', 'top.txt']);
  await fill(stores.clients.target, 'new-pairs', ['in/a.txt', 'in/new.txt', 'top.txt']);
  await stores.clients.target.send(
    new PutObjectCommand({ Bucket: 'new-pairs', Key: 'top.txt', Body: 'another' }),
  );
  browser = await launchBrowser();
  host = await openConsole(
    browser,
    path.join(folder, 'workspace'),
    { ...stores.values, CUTOVER_HOME: path.join(folder, 'home') },
    '/buckets?side=target&bucket=hostile',
  );
  page = host.page;
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => Promise.reject(new Error('A script ran.'))));
});
afterAll(async () => {
  await host.close();
  await browser.close();
  await stores.close();
  await rm(folder, { recursive: true, force: true });
});

const open = (name: string) => page.getByRole('grid').getByRole('button', { name, exact: true }).click();
const preview = () => page.getByRole('group', { name: 'Preview', exact: true });

/** Names in the index of a ZIP archive. */
function namesIn(archive: Buffer): string[] {
  const names: string[] = [];
  for (
    let at = archive.indexOf('PK\u0001\u0002');
    at !== -1;
    at = archive.indexOf('PK\u0001\u0002', at + 46)
  ) {
    const length = archive.readUInt16LE(at + 28);
    names.push(archive.subarray(at + 46, at + 46 + length).toString());
  }
  return names;
}

test('a hostile bucket is browsed, previewed and downloaded without harm', async () => {
  await open('page.html');
  await preview().getByText(script).waitFor();
  await open('drawing.svg');
  await preview().getByText('onload=').waitFor();
  await open('not-a-picture.png');
  await preview().getByText(script).waitFor();
  await open('not-a-page.html');
  await preview().getByRole('img').waitFor();
  const width = await page.evaluate(
    `(async () => { const image = document.querySelector('aside img'); await image.decode(); return image.naturalWidth; })()`,
  );
  expect(width).toBe(1);
  await open('paper.txt');
  await preview().getByRole('img', { name: 'Page 1 of 2 of paper.txt' }).waitFor();
  await expect.poll(() => page.evaluate<number>(darkDots)).toBeGreaterThan(100);
  await button(page, 'Next page').click();
  await preview().getByRole('img', { name: 'Page 2 of 2 of paper.txt' }).waitFor();
  await open('bomb.json');
  await page.getByText('This is the beginning. Unpacked from gzip.').waitFor();
  // A name is shown as it is written, with its direction marks.
  await page.getByText('<img src=x onerror="window.hurt=1">').waitFor();
  await page.getByText('photo\\u202egpj.exe').waitFor();
  expect(await page.evaluate('window.hurt')).toBeUndefined();

  await open('page.html');
  const one = page.waitForEvent('download');
  await page.getByRole('complementary').getByRole('button', { name: 'Download' }).click();
  expect((await one).suggestedFilename()).toBe('page.html');
  expect(new URL(page.url()).hash).toContain('bucket=hostile');

  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+a');
  const all = page.waitForEvent('download');
  await page
    .getByText('Everything here is chosen')
    .locator('..')
    .getByRole('button', { name: 'Download' })
    .click();
  const saved = path.join(folder, 'all.zip');
  await (await all).saveAs(saved);
  const names = namesIn(await readFile(saved));
  expect(names.length).toBe(4 + 8 + 300);
  for (const name of names) expect(name).not.toMatch(/^\/|^[a-z]:|\\|(^|\/)\.\.?(\/|$)/i);
  expect(await page.evaluate('window.hurt')).toBeUndefined();
});

test('10,000 chosen objects are deleted but for the 3 that the store refuses, and the page names them', async () => {
  await host.go('/buckets?side=target&bucket=trash');
  await page.getByRole('checkbox', { name: 'Choose k00000' }).waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Home');
  const chosen = page.getByText('10,000 rows chosen');
  await expect
    .poll(
      async () => {
        await page.keyboard.press('Shift+End');
        return chosen.isVisible();
      },
      { timeout: 60_000 },
    )
    .toBe(true);
  await button(page, 'Delete…').first().click();
  const dialog = page.getByRole('dialog', { name: 'Delete objects' });
  await dialog.getByText('10,000 objects of trash').waitFor();
  expect(await button(page, 'Delete for good').isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill('trash');
  await button(page, 'Delete for good').click();
  await page.getByText('9,997 of 10,000, 3 failed').waitFor({ timeout: 60_000 });
  const failed = page.getByRole('list', { name: 'Failed objects' });
  for (const key of locked) await failed.getByText(key).waitFor();
  await page.getByText('3 rows', { exact: true }).waitFor();
  const { Contents = [] } = await stores.clients.target.send(new ListObjectsV2Command({ Bucket: 'trash' }));
  expect(Contents.map(({ Key }) => Key)).toEqual([...locked]);
});

test('both sides next to each other: what is missing is found in all folders, and copied from there', async () => {
  await host.go('/buckets?side=both');
  await button(page, 'pairs').click();
  const grid = page.getByRole('grid');
  const row = (name: string) => grid.getByRole('row').filter({ hasText: name });
  await row('top.txt').getByText('Differs').waitFor();
  await open('in/');
  await row('a.txt').getByText('Identical').waitFor();
  await row('new.txt').getByText('Only on R2').waitFor();
  await host.go('/buckets?side=both&bucket=pairs');
  await page.getByRole('combobox', { name: 'Show' }).selectOption('missing');
  await page.getByText('2 rows, 5 keys compared').waitFor();
  await page.getByRole('checkbox', { name: 'Choose in/b.txt' }).check();
  await page.getByRole('checkbox', { name: 'Choose in/c.txt' }).check();
  await button(page, 'Copy to R2…').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('2 objects will be copied.').waitFor();
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await page.getByText('Nothing to show').waitFor();
  await page.getByRole('combobox', { name: 'Show' }).selectOption('unequal');
  await page.getByText('2 rows, 5 keys compared').waitFor();
  await open('top.txt');
  await preview().getByText('content of top.txt').waitFor();
  await page.getByRole('group', { name: 'Details of' }).getByRole('button', { name: 'R2' }).click();
  await preview().getByText('another').waitFor();
});

test('uploads files in parts, asks about taken names, and copies and renames on the target', async () => {
  await host.go('/buckets?side=target&bucket=trash&prefix=in%2F');
  const large = Buffer.alloc(17 * 1024 * 1024, 'upload ');
  const paths = [path.join(folder, 'large.bin'), path.join(folder, 'ä #%.txt')];
  await writeFile(paths[0] ?? '', large);
  await writeFile(paths[1] ?? '', 'small');
  const files = page.getByLabel('Files to upload');
  await files.setInputFiles(paths);
  await page.getByText('Uploaded 2 of 2 files').waitFor({ timeout: 60_000 });
  await page.getByRole('grid').getByText('large.bin').waitFor();
  const got = await stores.clients.target.send(
    new GetObjectCommand({ Bucket: 'trash', Key: 'in/large.bin' }),
  );
  const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
  expect([got.ContentType, bytes.equals(large)]).toEqual(['application/octet-stream', true]);

  await writeFile(paths[1] ?? '', 'other');
  await files.setInputFiles(paths.slice(1));
  await page.getByText('1 name is taken').waitFor();
  await button(page, 'Replace').click();
  await page.getByText('Uploaded 3 of 3 files').waitFor();

  await open('ä #%.txt');
  await preview().getByText('other').waitFor();
  await page.getByRole('complementary').getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'New name' }).fill('new name.txt');
  await button(page, 'Rename').click();
  await page.getByRole('grid').getByText('new name.txt').waitFor();
  const { Contents = [] } = await stores.clients.target.send(
    new ListObjectsV2Command({ Bucket: 'trash', Prefix: 'in/' }),
  );
  expect(Contents.map(({ Key }) => Key)).toEqual(['in/large.bin', 'in/new name.txt']);
});
