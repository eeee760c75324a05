import { axeViolations, launchBrowser, openPage } from './tests/e2e/page-support/browser';
import { situation } from './tests/e2e/page-support/fixture-host';
import { watched } from './tests/e2e/page-support/fixture-health';
import { measuredLoad } from './tests/e2e/page-support/fixture-load';
const browser = await launchBrowser();
const only = process.argv[2];
const states: [string, string, () => any, (page: any) => Promise<void>][] = [
  ['health', '/health', () => situation({ health: watched() }), async (p) => { await p.locator('.uplot canvas').waitFor(); }],
  ['backend', '/health?service=backend', () => situation({ health: watched() }), async (p) => { await p.locator('.uplot canvas').waitFor(); await p.getByRole('button',{name:'Zoom in'}).click(); await p.getByRole('button',{name:'Show the log of backend'}).click(); await p.waitForTimeout(500); }],
  ['wall', '/health?wall=true', () => situation({ health: watched() }), async () => {}],
  ['load', '/health/load', () => situation({ health: watched(), load: measuredLoad() }), async () => {}],
  ['load-live', '/health/load', () => situation({ health: watched() }), async (p) => { await p.getByRole('button',{name:'Start load'}).click(); await p.getByText('95th percentile of each second').waitFor(); }],
  ['load-foreign', '/health/load', () => situation({ health: watched() }), async (p) => { await p.getByLabel('Host').fill('https://other.example'); await p.getByRole('button',{name:'Start load'}).click(); await p.getByText(/Type other/).waitFor(); }],
  ['settings', '/health', () => situation({ health: watched() }), async (p) => { await p.getByRole('button',{name:'Settings…'}).click(); await p.getByRole('button',{name:'Add a check…'}).click(); await p.getByRole('button',{name:'Take into the list'}).click(); await p.getByRole('button',{name:'Take into the list'}).scrollIntoViewIfNeeded(); }],
];
for (const [name, path, now, act] of states) {
  if (only && name !== only) continue;
  for (const scheme of ['light','dark'] as const) {
    const opened = await openPage(browser, now(), path, { colorScheme: scheme, viewport: { width: 1280, height: name==='wall'?800:1300 } });
    try { await act(opened.page); await opened.page.waitForTimeout(300); } catch (e) { console.log(name, scheme, String(e).slice(0,400)); }
    await opened.page.screenshot({ path: `/tmp/p6shots-${name}-${scheme}.png` });
    const v = await axeViolations(opened.page);
    console.log(name, scheme, JSON.stringify(v), opened.complaints);
    await opened.close();
  }
}
await browser.close();
