import { SignJWT } from 'jose';
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { z } from 'zod';
import { axeViolations } from '../../e2e/page-support/browser';
import { withClient } from '../../support/practice';
import { oldSecret } from './backend-app';

/** Where the pages and the services behind them are. */
export interface Site {
  frontend: string;
  supabaseUrl: string;
  databaseUrl: string;
}

const shows = (page: Page, text: string): Promise<void> => page.getByText(text).first().waitFor();

async function alertSays(page: Page, text: string): Promise<void> {
  await page.locator('main [role=alert]').getByText(text).waitFor();
  // It takes the focus, so that it is read out.
  await page.waitForFunction(`document.activeElement?.getAttribute('role') === 'alert'`);
}

async function fill(page: Page, fields: Record<string, string>, button: string): Promise<void> {
  for (const [label, value] of Object.entries(fields))
    await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole('button', { name: button, exact: true }).click();
}

/** The link of the last mail of this kind. The practice environment sends none, so its token comes from the service's table. */
async function mailedLink(
  site: Site,
  kind: 'confirmation_token' | 'recovery_token',
  email: string,
  redirectTo: string,
): Promise<string> {
  const hash = await withClient(site.databaseUrl, async (client) => {
    const found = await client.query(
      'select token_hash from auth.one_time_tokens where relates_to = $1 and token_type::text = $2',
      [email, kind],
    );
    return z.tuple([z.object({ token_hash: z.string() })]).parse(found.rows)[0].token_hash;
  });
  const query = new URLSearchParams({
    token: hash,
    type: kind === 'recovery_token' ? 'recovery' : 'signup',
    redirect_to: redirectTo,
  });
  return `${site.supabaseUrl}/auth/v1/verify?${query.toString()}`;
}

/** Where the page asked the link of the next mail to lead. */
async function redirectOf(page: Page, path: string, action: () => Promise<void>): Promise<string> {
  const [request] = await Promise.all([page.waitForRequest((sent) => sent.url().includes(path)), action()]);
  return z.string().parse(new URL(request.url()).searchParams.get('redirect_to'));
}

/** The session that the browser keeps, as a JSON value in its storage. */
const sessionSchema = z.looseObject({ access_token: z.string(), expires_at: z.number() });

async function keptSession(page: Page): Promise<{ name: string; session: z.infer<typeof sessionSchema> }> {
  const text = await page.evaluate<string>(
    `JSON.stringify(Object.entries(localStorage).find(([name]) => name.endsWith('-auth-token')))`,
  );
  const [name, session] = z.tuple([z.string(), z.string()]).parse(JSON.parse(text));
  return { name, session: sessionSchema.parse(JSON.parse(session)) };
}

/** Puts other values into the kept session and opens the page anew; gives the access token that it has then. */
async function reopenWith(page: Page, email: string, changes: Record<string, unknown>): Promise<string> {
  const { name, session } = await keptSession(page);
  const changed = JSON.stringify({ ...session, ...changes });
  await page.evaluate(`localStorage.setItem(${JSON.stringify(name)}, ${JSON.stringify(changed)})`);
  await page.reload();
  await shows(page, `Signed in as ${email}`);
  return (await keptSession(page)).session.access_token;
}

/** Makes an account: it counts once the mailed link was opened, and another mail can be asked for. */
export async function register(page: Page, site: Site, email: string, password: string): Promise<void> {
  await page.goto(`${site.frontend}/register`);
  const redirectTo = await redirectOf(page, '/signup', () =>
    fill(page, { 'E-mail address': email, Password: password }, 'Make an account'),
  );
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  await signIn(page, site, email, password);
  await alertSays(page, 'This address is not confirmed yet.');
  await page.getByRole('button', { name: 'Send the mail again' }).click();
  await shows(page, 'The mail is on its way.');
  await page.goto(await mailedLink(site, 'confirmation_token', email, redirectTo));
  await shows(page, `Signed in as ${email}`);
}

/** Fills the sign-in page and sends it. */
export async function signIn(page: Page, site: Site, email: string, password: string): Promise<void> {
  await page.goto(`${site.frontend}/login`);
  await fill(page, { 'E-mail address': email, Password: password }, 'Sign in');
}

/** Signs out on the start page. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
}

/** What keeps a session alive: a reload, a renewed token after the old one ran out, another one after the backend refused it. */
export async function staySignedIn(page: Page, email: string): Promise<void> {
  await page.reload();
  await shows(page, `Signed in as ${email}`);
  const { session } = await keptSession(page);
  const [head = '', body = ''] = session.access_token.split('.');
  const renewed = await reopenWith(page, email, { expires_at: 1 });
  expect(renewed).not.toBe(session.access_token);
  const foreign = `${head}.${body}.${'A'.repeat(86)}`;
  const again = await reopenWith(page, email, { access_token: foreign });
  expect([foreign, renewed]).not.toContain(again);
}

/** Chooses a new password by the mailed link, which works once. */
export async function resetPassword(
  page: Page,
  site: Site,
  email: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await page.goto(`${site.frontend}/login`);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  const redirectTo = await redirectOf(page, '/recover', () =>
    fill(page, { 'E-mail address': email }, 'Send me a link'),
  );
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  const link = await mailedLink(site, 'recovery_token', email, redirectTo);
  await page.goto(link);
  await fill(page, { 'New password': from }, 'Change the password');
  await alertSays(page, 'That is the password you have already.');
  await fill(page, { 'New password': to }, 'Change the password');
  await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
  await page.getByRole('link', { name: 'Go on' }).click();
  await shows(page, `Signed in as ${email}`);
  await signOut(page);
  await page.goto(link);
  await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
  await signIn(page, site, email, from);
  await alertSays(page, 'The e-mail address or the password is wrong.');
  await signIn(page, site, email, to);
  await shows(page, `Signed in as ${email}`);
}

/** A token as the old login signed them. */
export const oldTokenOf = (email: string): Promise<string> =>
  new SignJWT({ sub: email })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(oldSecret));

/** Leaves the page's origin with a token as the old pages kept it. */
export async function keepOldToken(page: Page, email: string): Promise<void> {
  await page.evaluate(`localStorage.setItem('token', ${JSON.stringify(await oldTokenOf(email))})`);
}

/** A token of the old login, kept by the old pages, opens a session without a question. */
export async function exchangeOldToken(page: Page, site: Site, email: string): Promise<void> {
  await keepOldToken(page, email);
  await page.goto(`${site.frontend}/`);
  await shows(page, `Signed in as ${email}`);
  expect(await page.evaluate(`localStorage.getItem('token')`)).toBeNull();
}

/** What the sign-in page says when too many have tried, and without a connection. */
export async function troubleSigningIn(context: BrowserContext, page: Page, site: Site): Promise<void> {
  await page.route('**/auth/v1/token**', (route) =>
    route.fulfill({
      status: 429,
      headers: { 'Access-Control-Allow-Origin': '*' },
      json: { code: 429, error_code: 'over_request_rate_limit', msg: 'Request rate limit reached' },
    }),
  );
  await signIn(page, site, 'somebody@example.com', 'some password');
  await alertSays(page, 'Too many tries.');
  await page.unroute('**/auth/v1/token**');
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await alertSays(page, 'The server can’t be reached.');
  await context.setOffline(false);
}

/** Looks at every account page with axe, in both colour schemes. */
export async function checkAccess(page: Page, site: Site): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const path of ['/', '/login', '/register', '/forgot-password', '/reset-password']) {
      await page.goto(`${site.frontend}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await axeViolations(page), `${path}, ${colorScheme}`).toEqual([]);
    }
  }
}
