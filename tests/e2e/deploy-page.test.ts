import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { AppError } from '#shared/model/errors';
import { axeViolations, launchBrowser, openPage } from './page-support/browser';
import { application, deployed, earlierRelease } from './page-support/deploy-states';
import { situation } from './page-support/fixture-host';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => browser.close());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

it('releases only what was read, with addresses that are addresses', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  const started = () => now.calls.filter(({ name }) => name === 'deploy.start').map(({ input }) => input);
  try {
    await button(page, 'Release…').click();
    await page.getByText('ghcr.io/acme/backend:1.4.1 → 1.4.2').waitFor();
    await page.getByText('SENTRY_DSN').waitFor();
    const addresses = page.getByLabel('Public addresses that must answer afterwards');
    await addresses.fill('shop.example.com');
    await page.getByText('Not an address: shop.example.com').waitFor();
    expect(await button(page, 'Release').isDisabled()).toBe(true);
    await addresses.fill('https://shop.example.com/health');
    await page.getByLabel('Run once before, in the new image').fill('backend: alembic upgrade head');
    await page.getByLabel('Remove the services that are not in the file').check();
    await button(page, 'Release').click();
    await button(page, 'Cancel').waitFor();
    expect(started()).toEqual([
      {
        kind: 'apply',
        source: {},
        probes: ['https://shop.example.com/health'],
        migration: { service: 'backend', command: ['alembic', 'upgrade', 'head'] },
        prune: true,
        runtime: 'swarm',
        limitSeconds: 600,
      },
    ]);
    expect(await button(page, 'Release…').isDisabled()).toBe(true);
    await button(page, 'Cancel').click();
    await expect.poll(() => now.calls.some(({ name }) => name === 'deploy.cancel')).toBe(true);
  } finally {
    await close();
  }
});

it('releases without a swarm only after the gap was accepted', async () => {
  const swarm = {
    id: 'swarm',
    severity: 'blocker' as const,
    title: 'Swarm',
    message: 'The host has no swarm, which is what replaces a version without a gap.',
  };
  const now = situation({ deploy: deployed({ preflight: [swarm] }) });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  try {
    await button(page, 'Release…').click();
    await page.getByText('replaces a version without a gap').waitFor();
    expect(await button(page, 'Release').isDisabled()).toBe(true);
    await page.getByLabel('Release without a swarm').check();
    await button(page, 'Release').click();
    await expect
      .poll(() => now.calls.filter(({ name }) => name === 'deploy.start').map(({ input }) => input))
      .toMatchObject([{ kind: 'apply', runtime: 'compose' }]);
  } finally {
    await close();
  }
});

it('asks before it rolls back, and for the name before it stops a service', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  try {
    await button(page, 'Scale frontend').click();
    await page.getByLabel('How many run').fill('0');
    expect(await button(page, 'Stop frontend').isDisabled()).toBe(true);
    await page.getByLabel('Type frontend to go on').fill('frontend');
    await button(page, 'Back').click();
    expect(now.calls.some(({ name }) => name === 'deploy.start')).toBe(false);
    await button(page, `Roll back to ${earlierRelease}`).click();
    const dialog = page.getByRole('dialog', { name: 'Roll back' });
    await dialog.getByRole('button', { name: `Roll back to ${earlierRelease}` }).click();
    await expect
      .poll(() => now.calls.filter(({ name }) => name === 'deploy.start').map(({ input }) => input))
      .toEqual([{ kind: 'rollback', release: earlierRelease }]);
  } finally {
    await close();
  }
});

it('writes the files of a release once nothing is missing, and shows no value', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  try {
    await button(page, 'Files…').click();
    const dialog = page.getByRole('dialog', { name: 'Files of the release' });
    await dialog.getByText('It is shown once nothing is missing.').waitFor();
    const write = dialog.getByRole('button', { name: 'Write the files' });
    expect(await write.isDisabled()).toBe(true);
    await dialog.getByLabel('APP_VERSION', { exact: true }).fill('1.4.3');
    await button(page, 'Change DATABASE_URL').click();
    const secret = dialog.getByLabel('DATABASE_URL', { exact: true });
    expect(await secret.getAttribute('type')).toBe('password');
    await secret.fill('postgresql://u:p@h/d');
    await dialog.getByLabel('Keep the values').uncheck();
    await dialog.getByRole('region', { name: 'Compose file as it will be' }).getByText('1.4.3').waitFor();
    await write.click();
    await page.getByText('The files are in /home/ada/.cutover/shop/deploy').waitFor();
    await dialog.waitFor({ state: 'detached' });
    expect(now.calls.filter(({ name }) => name === 'deploy.writeFiles').map(({ input }) => input)).toEqual([
      { given: { APP_VERSION: '1.4.3', DATABASE_URL: 'postgresql://u:p@h/d' }, keep: false },
    ]);
  } finally {
    await close();
  }
});

it('shows what the containers take, why they ended, and the log of the services that are chosen', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy');
  try {
    const containers = page.getByRole('table', { name: 'Containers' });
    await containers.getByText('0.42').waitFor();
    const bar = page.getByRole('progressbar', { name: 'Memory of backend 4f4f4f4f4f4f' });
    expect(await bar.getAttribute('aria-valuenow')).toBe('97');
    await page.getByRole('list', { name: 'Why containers ended' }).getByText('non-zero exit (137)').waitFor();
    await page.getByRole('checkbox', { name: 'backend' }).check();
    await page.getByRole('checkbox', { name: 'worker' }).check();
    await expect
      .poll(() => now.calls.filter(({ name }) => name === 'deploy.logs').at(-1)?.input)
      .toMatchObject({ services: ['backend', 'worker'] });
  } finally {
    await close();
  }
});

it('searches the log of the services', async () => {
  const { page, close } = await openPage(browser, situation({ deploy: deployed() }), '/deploy');
  try {
    const log = page.getByRole('log', { name: 'Log of the services' });
    await log.getByText('GET /products 200').waitFor();
    await page.getByLabel('Search the log').fill('slow');
    await log.getByText('GET /products 200').waitFor({ state: 'detached' });
    await log.getByText('Slow query').waitFor();
  } finally {
    await close();
  }
});

it('shows what becomes of the application’s repository, and writes what was read on a branch', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  try {
    await page.getByRole('tab', { name: 'Application' }).click();
    await page.getByLabel('Folder of a checkout').fill(' /home/ada/shop ');
    await button(page, 'Compare').click();
    await page.getByText('The checkout holds changes that are not committed').waitFor();
    await page.getByText('full_name').waitFor();
    await page.getByText('backend/routers/orders.py', { exact: true }).click();
    const difference = page.getByRole('region', { name: 'Difference of backend/routers/orders.py' });
    await difference.getByText('+from supabase_auth import get_current_user').waitFor();
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      expect(await axeViolations(page)).toEqual([]);
    }
    await button(page, 'Write on a branch…').click();
    const dialog = page.getByRole('dialog', { name: 'Write on a branch' });
    await dialog.getByLabel('Name of the new branch').fill('move');
    await dialog.getByRole('button', { name: 'Write the branch' }).click();
    await dialog.getByText('git diff c0ffee00c0ff move').waitFor();
    expect(now.calls.filter(({ name }) => name === 'deploy.writeBranch').map(({ input }) => input)).toEqual([
      { repo: '/home/ada/shop', head: application.head, branch: 'move' },
    ]);
  } finally {
    await close();
  }
});

it('says when a folder is no checkout', async () => {
  const refused = new AppError('INVALID_INPUT', '/tmp is no checkout that can be read.', {
    hint: 'Name another.',
  });
  const { page, close } = await openPage(
    browser,
    situation({ deploy: deployed({ application: refused }) }),
    '/deploy',
  );
  try {
    await page.getByRole('tab', { name: 'Application' }).click();
    await page.getByLabel('Folder of a checkout').fill('/tmp');
    await button(page, 'Compare').click();
    await page.getByText('/tmp is no checkout that can be read.').waitFor();
  } finally {
    await close();
  }
});

it('shows the services of Easypanel with what they can’t do, deploys an app, and sets environment and domains', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  const inputsOf = (name: string) => now.calls.filter((call) => call.name === name).map(({ input }) => input);
  const dialog = (name: string) => page.getByRole('dialog', { name });
  try {
    await page.getByRole('tab', { name: 'Easypanel' }).click();
    await page.getByText('requests fail in between').waitFor();
    expect(await button(page, 'Deploy shop/old').count()).toBe(0);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      expect(await axeViolations(page)).toEqual([]);
    }
    await button(page, 'Set the environment of shop/web').click();
    await dialog('Environment of shop/web').getByText('SENTRY_DSN').waitFor();
    await dialog('Environment of shop/web').getByRole('button', { name: 'Set the environment' }).click();
    await dialog('Environment of shop/web').waitFor({ state: 'detached' });
    await button(page, 'Add a domain to shop/old').click();
    const domain = dialog('Domain for shop/old');
    await domain.getByLabel('Domain', { exact: true }).fill('https://a.example.com/');
    await domain.getByText('A domain looks like shop.example.com.').waitFor();
    await domain.getByLabel('Domain', { exact: true }).fill('a.example.com');
    expect(await domain.getByRole('button', { name: 'Add the domain' }).isDisabled()).toBe(true);
    await domain.getByLabel('Which of its services answers').fill('web');
    await domain.getByRole('button', { name: 'Add the domain' }).click();
    await domain.waitFor({ state: 'detached' });
    await button(page, 'Deploy shop/web').click();
    await dialog('Deploy shop/web').getByLabel('Image').fill('ghcr.io/acme/web:1.4.2');
    await dialog('Deploy shop/web').getByRole('button', { name: 'Deploy' }).click();
    await expect
      .poll(() => inputsOf('deploy.start'))
      .toEqual([
        {
          kind: 'panel-deploy',
          target: { project: 'shop', service: 'web' },
          image: 'ghcr.io/acme/web:1.4.2',
          limitSeconds: 600,
        },
      ]);
    expect(inputsOf('easypanel.setEnvironment')).toEqual([{ target: { project: 'shop', service: 'web' } }]);
    expect(inputsOf('easypanel.addDomain')).toEqual([
      {
        target: { project: 'shop', service: 'old' },
        domain: { host: 'a.example.com', port: 3000, https: true, composeService: 'web' },
      },
    ]);
  } finally {
    await close();
  }
});
