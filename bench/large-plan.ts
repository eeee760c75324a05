/**
 * `npm run bench -- large-plan [--tables N]`: how smoothly the page scrolls with a database of a thousand tables, in the inspection, in the opened plan and in the
 * schema, entry by entry. Needs the built page and Chromium.
 */
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { z } from 'zod';
import { launchBrowser, openPage } from '../tests/e2e/page-support/browser';
import { report, schemaEntries } from '../tests/e2e/page-support/fixture-inspection';
import { plan } from '../tests/e2e/page-support/fixture-plan';
import { situation } from '../tests/e2e/page-support/fixture-host';

const { values } = parseArgs({
  options: { tables: { type: 'string', default: '1000' } },
  allowPositionals: true,
});
const count = Number(values.tables);
const names = Array.from({ length: count }, (_item, index) => `public.table_${index}`);

const frames = z.array(z.number());

/** A table of eight columns, a key, an index, a foreign key and grants, as pg_dump writes them. */
const statements = (name: string): string[] => [
  `-- TABLE ${name}\nCREATE TABLE ${name} (\n${Array.from({ length: 8 }, (_item, index) => `    column_${index} text DEFAULT ''::text NOT NULL`).join(',\n')}\n);\n`,
  `-- CONSTRAINT ${name}\nALTER TABLE ONLY ${name}\n    ADD CONSTRAINT key PRIMARY KEY (column_0);\n`,
  `-- INDEX ${name}\nCREATE INDEX by_column ON ${name} USING btree (column_1);\n`,
  `-- FK CONSTRAINT ${name}\nALTER TABLE ONLY ${name}\n    ADD CONSTRAINT refers FOREIGN KEY (column_2) REFERENCES public.table_0(column_0);\n`,
  `-- ACL ${name}\nGRANT SELECT ON TABLE ${name} TO anon;\n`,
];

const now = situation({
  inspect: {
    ...report,
    ...(report.database === undefined
      ? {}
      : {
          database: {
            ...report.database,
            tables: names.map((name, index) => ({
              schema: 'public',
              name: name.slice(7),
              rows: index * 31,
              bytes: 8192 * (index + 1),
              indexBytes: 8192,
            })),
          },
        }),
  },
  plan: {
    ...plan,
    steps: plan.steps.map((step) =>
      step.lane === 'database' ? { ...step, details: names.flatMap(statements) } : step,
    ),
  },
  schema: names.flatMap((name) =>
    statements(name).map((sql, index) => ({
      ...(schemaEntries[0] ?? fail()),
      id: `${index} ${name}`,
      type: ['TABLE', 'CONSTRAINT', 'INDEX', 'FK CONSTRAINT', 'ACL'][index] ?? '',
      name,
      sql,
    })),
  ),
});

function fail(): never {
  throw new Error('The fixture has no entry.');
}

/** Scrolls with the wheel over a point for a while; milliseconds between the frames that were drawn meanwhile. */
async function scroll(page: Page, at: { x: number; y: number }): Promise<number[]> {
  await page.mouse.move(at.x, at.y);
  await page.evaluate(`
    globalThis.seenFrames = [];
    {
      const own = globalThis.seenFrames;
      let last = performance.now();
      const frame = (time) => {
        own.push(time - last);
        last = time;
        if (own === globalThis.seenFrames) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    }
  `);
  for (let turn = 0; turn < 120; turn += 1) {
    await page.mouse.wheel(0, turn < 80 ? 260 : -390);
    await page.waitForTimeout(16);
  }
  return frames.parse(await page.evaluate('seenFrames.slice(2)'));
}

function tell(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  const late = times.filter((time) => time > 34).length;
  console.log(
    `${what}: ${times.length} frames, half within ${at(0.5)} ms, 95% within ${at(0.95)} ms, longest ${at(1)} ms, ${late} later than two frames`,
  );
}

const browser = await launchBrowser();
try {
  const { page, close } = await openPage(browser, now, '/migration');
  const began = performance.now();
  await page.getByRole('button', { name: 'Start migration' }).click();
  await page.getByRole('table', { name: 'Tables at the source' }).waitFor();
  console.log(`Inspection and plan are drawn ${(performance.now() - began).toFixed(0)} ms after the press`);
  const centre = async (name: string): Promise<{ x: number; y: number }> => {
    const group = page.getByRole('group', { name });
    await group.scrollIntoViewIfNeeded();
    const box = (await group.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  tell('Tables of the inspection', await scroll(page, await centre('Tables at the source')));
  const details = page.getByText(/\d details/).first();
  const opened = performance.now();
  await details.click();
  const box = await page
    .getByRole('region', { name: /^Details of/ })
    .first()
    .boundingBox();
  console.log(`The SQL of the plan is drawn ${(performance.now() - opened).toFixed(0)} ms after the press`);
  tell('SQL of the plan', await scroll(page, { x: (box?.x ?? 0) + 100, y: (box?.y ?? 0) + 60 }));
  tell('The page itself, with the SQL open', await scroll(page, { x: 250, y: 500 }));
  await close();
  const schema = await openPage(browser, now, '/migration/schema');
  await schema.page.getByRole('table', { name: 'Entries of the schema' }).waitFor();
  const group = await schema.page.getByRole('group', { name: 'Entries of the schema' }).boundingBox();
  tell(
    'Entries of the schema',
    await scroll(schema.page, { x: (group?.x ?? 0) + 120, y: (group?.y ?? 0) + 200 }),
  );
  await schema.close();
} finally {
  await browser.close();
}
