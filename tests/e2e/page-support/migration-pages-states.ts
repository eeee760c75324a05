import type { Page } from 'playwright-core';
import { AppError } from '#shared/model/errors';
import { linkRewrite } from './fixture-links';
import { situation } from './fixture-host';
import type { PageState } from './page-state';

const never = new Promise<never>(() => undefined);

const lookForLinks = async (page: Page) => page.getByRole('button', { name: 'Look for links' }).click();

/** The pages beside a run: schema, links, exposure, public access. */
export const migrationPagesStates: PageState[] = [
  {
    name: 'links, none looked for',
    now: () => situation(),
    path: '/migration/links',
    shows: 'No rewrite is on record',
  },
  {
    name: 'links, looking',
    now: () => situation({ links: never }),
    path: '/migration/links',
    shows: 'Looking for links…',
    act: lookForLinks,
  },
  {
    name: 'links, found and rewritten',
    now: () => situation({ rewrites: [linkRewrite] }),
    path: '/migration/links',
    shows: '2 addresses',
    act: async (page) => {
      await lookForLinks(page);
      await page.getByText('Plan the rewrite').waitFor();
      await page.getByRole('button', { name: 'Check addresses' }).click();
    },
  },
  {
    name: 'links, failing',
    now: () =>
      situation({
        links: new AppError('CONNECTION_REFUSED', 'Nothing listens at db.internal:5432.'),
        rewrites: new AppError('SETTING_MISSING', 'SUPABASE_DB_URL is not set.'),
      }),
    path: '/migration/links',
    shows: 'CONNECTION_REFUSED',
    act: lookForLinks,
  },
  {
    name: 'schema, a decision not kept yet',
    now: () => situation(),
    path: '/migration/schema',
    act: async (page) => {
      await page.getByRole('button', { name: 'public.audit()' }).click();
      await page.getByRole('button', { name: 'Leave it out' }).click();
    },
    shows: 'Left out with it (1):',
  },
  {
    name: 'schema, failing',
    now: () => situation({ schema: new AppError('SCHEMA_DUMP_FAILED', 'The schema could not be read.') }),
    path: '/migration/schema',
    shows: 'The schema could not be read.',
  },
  {
    name: 'exposure',
    now: () => situation(),
    path: '/migration/exposure',
    shows: 'Gives rows',
  },
  {
    name: 'exposure, nothing open',
    now: () => situation({ exposure: { at: 'now', schemas: ['public'], findings: [], proofs: [] } }),
    path: '/migration/exposure',
    shows: 'Nothing is open',
  },
  {
    name: 'exposure, failing',
    now: () => situation({ exposure: new AppError('SUPABASE_KEY_REFUSED', 'The project refuses the key.') }),
    path: '/migration/exposure',
    shows: 'SUPABASE_KEY_REFUSED',
  },
  {
    name: 'public access',
    now: () => situation(),
    path: '/migration/access',
    shows: 'HTTP 403, origin not allowed',
    act: async (page) => {
      await page.getByRole('textbox', { name: /Where pages/ }).fill('https://shop.example.com');
      await page.getByRole('button', { name: 'Propose rules' }).click();
      await page.getByRole('button', { name: 'Test' }).click();
    },
  },
  {
    name: 'public access, no bucket',
    now: () => situation({ access: [] }),
    path: '/migration/access',
    shows: 'The source has no bucket',
  },
  {
    name: 'public access, failing',
    now: () => situation({ access: new AppError('CONNECTION_REFUSED', 'Nothing listens at minio:9000.') }),
    path: '/migration/access',
    shows: 'CONNECTION_REFUSED',
    act: async (page) => {
      await page.getByRole('textbox', { name: /Where pages/ }).fill('shop.example.com');
    },
  },
];
