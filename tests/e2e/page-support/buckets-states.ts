import { AppError } from '#shared/model/errors';
import { object } from './fixture-buckets';
import { situation } from './fixture-host';
import type { PageState } from './page-state';

const mediaObjects = [
  object('media/', 0),
  object('media/2026/a.jpg', 7_500_000),
  object('media/2026/b.jpg', 9_200_000),
  object('media/a.json', 1_400, 'other'),
  object(`media/${'x'.repeat(300)}.bin`, 4),
  object('media/évil\u202egnp.exe', 12_600_000),
  object('media/prices.csv', 900, '0b2cf5ab-2'),
];
const buckets = () => ({
  source: { media: mediaObjects.filter(({ size }) => size !== 4), invoices: [] },
  target: {
    media: mediaObjects.map((item) => ({ ...item, etag: 'd41d8cd98f00b204e9800998ecf8427e' })),
    [`long-${'name-'.repeat(10)}`]: [],
  },
});
const folder = '/buckets?side=target&bucket=media&prefix=media%2F';
const objectPanel = `${folder}&object=media%2Fa.json`;

/** Buckets. */
export const bucketsStates: PageState[] = [
  { name: 'buckets, none', now: () => situation(), path: '/buckets', shows: 'There is no bucket' },
  {
    name: 'buckets',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets',
    shows: '29.3 MB',
  },
  {
    name: 'buckets, refused',
    now: () => situation({ buckets: new AppError('OBJECTS_AUTH_FAILED', 'The key was refused.') }),
    path: '/buckets',
    shows: 'OBJECTS_AUTH_FAILED',
  },
  {
    name: 'buckets side by side',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets?side=both',
    shows: 'not there yet',
  },
  {
    name: 'folder side by side',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets?side=both&bucket=media&object=media%2Fa.json',
    shows: 'keys compared',
  },
  {
    name: 'folder, empty',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets?side=source&bucket=invoices',
    shows: 'The folder is empty',
  },
  {
    name: 'folder, refused',
    now: () => situation({ buckets: new AppError('OBJECTS_BUCKET_NOT_FOUND', 'There is no bucket media.') }),
    path: folder,
    shows: 'OBJECTS_BUCKET_NOT_FOUND',
  },
  {
    name: 'folder with all chosen',
    now: () => situation({ buckets: buckets() }),
    path: folder,
    shows: 'Everything here is chosen',
    act: async (page) => {
      await page.getByText('Only here').first().waitFor();
      await page.getByRole('grid').focus();
      await page.keyboard.press('Control+a');
    },
  },
  {
    name: 'object',
    now: () => situation({ buckets: buckets() }),
    path: objectPanel,
    shows: '"greeting": "hello"',
  },
  {
    name: 'signed link',
    now: () => situation({ buckets: buckets() }),
    path: objectPanel,
    shows: 'X-Amz-Signature=1',
    act: async (page) => {
      await page.getByRole('button', { name: 'Signed link…' }).click();
      await page.getByRole('button', { name: 'Make link' }).click();
    },
  },
  {
    name: 'delete dialog',
    now: () => situation({ buckets: buckets() }),
    path: folder,
    shows: 'Type media to go on',
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Choose 2026/' }).check();
      await page.getByRole('button', { name: 'Delete…' }).click();
    },
  },
];
