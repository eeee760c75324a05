import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import type { UserReference } from '#shared/contract/users';
import { launchBrowser, openPage } from './page-support/browser';
import { situation } from './page-support/fixture-host';
import { succeededRun } from './page-support/fixture-run';
import { richUser, someUsers } from './page-support/fixture-users';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => browser.close());

const blockedBy: UserReference = {
  table: 'public.orders',
  columns: ['buyer'],
  constraint: 'orders_buyer_fkey',
  effect: 'blocks',
  rows: 14,
};

it('finds users, goes through the list by keyboard, and changes one', async () => {
  const now = situation();
  const { page, complaints, close } = await openPage(browser, now, '/users', { reducedMotion: 'reduce' });
  try {
    await page.getByRole('button', { name: 'maria.santos@example.com' }).focus();
    await page.keyboard.press('End');
    // The end of what was loaded; the next page comes by itself.
    await page.getByRole('row', { name: /205@example/ }).waitFor();
    await page.keyboard.press('End');
    await page.getByRole('row', { name: /299@example/ }).waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary');
    await panel.getByRole('heading', { name: 'j.okafor1@example.com' }).waitFor();
    await panel.getByRole('button', { name: 'Unban' }).click();
    await panel.getByText('Done').waitFor();
    await page.keyboard.press('Escape');

    await page.getByRole('searchbox', { name: 'Search users' }).fill('MARIA.santos@');
    await page.locator('header').getByText('1', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'maria.santos@example.com' }).click();
    await panel.getByRole('button', { name: 'Edit…' }).click();
    const json = page.getByRole('textbox', { name: 'User metadata (JSON)' });
    await json.fill('{\n  "full_name": "Maria Santos"\n  "plan": "team"\n}');
    await page.getByText('Line 3, column 3: expected a comma or the closing bracket.').waitFor();
    await json.fill('{"full_name": "Maria Santos", "plan": "team"}');
    await page.getByRole('button', { name: 'Save' }).click();
    await panel.getByText('"plan": "team"').waitFor();
    expect(now.calls.filter((call) => call.name === 'users.act').map((call) => call.input)).toMatchObject([
      { action: { kind: 'unban' } },
      { action: { kind: 'edit', userMetadata: { plan: 'team' }, seen: { userMetadata: { plan: 'pro' } } } },
    ]);

    await panel.getByRole('button', { name: 'Copy a link…' }).click();
    await page.getByRole('button', { name: 'Make the link' }).click();
    expect(await page.getByRole('textbox', { name: 'Link' }).inputValue()).toContain('token=one-time');
    expect(complaints).toEqual([]);
  } finally {
    await close();
  }
});

it('looks for changes since the import, carries them over, and tries an old password', async () => {
  const delta = {
    ...{ applied: false, added: 3, passwords: 2, passwordsKept: 1, bans: 0, unbans: 0, confirmations: 0 },
    ...{ emails: 0, emailsKept: 0, gone: 0, missing: 0, clashes: [], clashCount: 0, addedOnly: false },
  };
  const now = situation({ runs: [succeededRun()], delta });
  const { page, complaints, close } = await openPage(browser, now, '/migration');
  try {
    await page.getByRole('button', { name: 'Look for changes' }).click();
    await page.getByRole('list', { name: 'To carry over' }).getByText('3 users who signed up').waitFor();
    await page.getByText('1 password that was changed on both sides').waitFor();
    await page.getByRole('button', { name: 'Carry over 5' }).click();
    await page.getByRole('list', { name: 'Carried over', exact: true }).waitFor();

    await page.getByRole('textbox', { name: 'E-mail or phone' }).fill('ada@example.com');
    for (const password of ['wrong', 'old password']) {
      await page.getByLabel('Old password', { exact: true }).fill(password);
      await page.keyboard.press('Enter');
      await page.getByText(password === 'wrong' ? 'Refused' : 'Signed in', { exact: true }).waitFor();
    }
    expect(await page.getByLabel('Old password', { exact: true }).inputValue()).toBe('');
    expect(now.calls.map(({ name }) => name).filter((name) => name.startsWith('migration.'))).toEqual([
      'migration.carryUsers',
      'migration.carryUsers',
      'migration.trySignIn',
      'migration.trySignIn',
    ]);
    expect(complaints).toEqual([]);
  } finally {
    await close();
  }
});

it('names what blocks a delete, of one and of many, and tries the rest again', async () => {
  const now = situation({ users: someUsers({ references: { [richUser.id]: [blockedBy] } }) });
  const { page, close } = await openPage(browser, now, '/users', { reducedMotion: 'reduce' });
  try {
    await page.getByRole('button', { name: 'maria.santos@example.com' }).click();
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByText(/^Hard/).click();
    await page.getByText('public.orders (buyer): 14 rows, blocks the delete').waitFor();
    await page.getByRole('textbox', { name: /^Type/ }).fill('maria.santos@example.com');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('complementary').getByText('USER_DELETE_BLOCKED').waitFor();

    for (const name of ['maria.santos@example.com', 'j.okafor1@example.com'])
      await page.getByRole('checkbox', { name: `Select ${name}` }).check();
    await page.getByRole('button', { name: 'Act on them' }).click();
    await page.getByRole('menuitem', { name: 'Delete…', exact: true }).click();
    await page.getByRole('textbox', { name: 'Type delete 2 to go on' }).fill('delete 2');
    await page.getByRole('button', { name: 'Delete 2 users' }).click();
    await page.getByText('1 done, 1 not done').waitFor();
    await page
      .getByRole('list', { name: 'Not done' })
      .getByText(/public\.orders \(buyer\): 14 rows/)
      .waitFor();
    if (!('code' in now.users)) now.users.references = {};
    await page.getByRole('button', { name: 'Try the other 1 user again' }).click();
    await page.getByText('1 done', { exact: true }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.locator('header').getByText('298').waitFor();
  } finally {
    await close();
  }
});

it('checks a file before it imports it, and names its bad lines', async () => {
  const now = situation();
  const { page, close } = await openPage(browser, now, '/users', { reducedMotion: 'reduce' });
  try {
    await page.getByText('maria.santos@example.com').waitFor();
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Import CSV…' }).click();
    await page.locator('input[type=file]').setInputFiles({
      name: 'users.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('email,shoe_size\na@x.org,38\nbroken,39\nb@x.org,40'),
    });
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.getByText('3 lines: 2 would be imported, 0 there already, 1 not usable').waitFor();
    await page.getByText('Line 3: This is not an address.').waitFor();
    await page.getByRole('button', { name: 'Import 2 users' }).click();
    await page.getByText('3 lines: 2 imported').waitFor();
    expect(now.calls.filter((call) => call.name === 'users.import').map((call) => call.input)).toMatchObject([
      { dryRun: true },
      { dryRun: false },
    ]);
  } finally {
    await close();
  }
});

it('keeps a view of the list and shows it again', async () => {
  const now = situation();
  const { page, close } = await openPage(browser, now, '/users', { reducedMotion: 'reduce' });
  try {
    await page.getByText('maria.santos@example.com').waitFor();
    await page.getByRole('combobox', { name: 'Status' }).selectOption('banned');
    await page.getByRole('searchbox', { name: 'Search users' }).fill('okafor');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Phone' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('textbox', { name: 'Keep what is shown now as' }).fill('Banned Okafors');
    await page.getByRole('button', { name: 'Keep this view' }).click();
    await page.getByRole('button', { name: 'Banned Okafors', exact: true }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();

    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByRole('button', { name: 'maria.santos@example.com' }).waitFor();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Banned Okafors', exact: true }).click();
    await page.locator('header').getByText('1', { exact: true }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Status' }).inputValue()).toBe('banned');
    await page.getByRole('columnheader', { name: 'Phone' }).waitFor();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Delete view Banned Okafors' }).click();
    await page.getByText('No view is kept yet.').waitFor();
  } finally {
    await close();
  }
});

it('sends reset mails at a pace when it is told to, and stops; makes a link for the invited', async () => {
  const now = situation();
  const { page, close } = await openPage(browser, now, '/users', { reducedMotion: 'reduce' });
  try {
    await page.getByText('maria.santos@example.com').waitFor();
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Reset mails…' }).click();
    await page.getByRole('textbox', { name: 'Mails an hour, at most' }).fill('120');
    expect(now.calls).toEqual([]);
    await page.getByRole('button', { name: 'Write to 214 users' }).click();
    await page.getByText(/^1 mail given to the service\. At most 120 an hour/).waitFor();
    await page.getByRole('button', { name: 'Stop sending' }).click();
    await page.getByRole('button', { name: 'Write to 213 users' }).waitFor();
    expect(now.calls.map((call) => call.name)).toEqual(['users.startResets', 'users.stopResets']);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();

    await page.getByRole('button', { name: 'Invite user' }).click();
    await page.getByRole('textbox', { name: 'E-mail' }).fill('new@example.com');
    await page.getByRole('button', { name: 'Make a link instead' }).click();
    expect(await page.getByRole('textbox', { name: 'Link' }).inputValue()).toContain('token=one-time');
  } finally {
    await close();
  }
});
