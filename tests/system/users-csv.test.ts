import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ImportEvent } from '#shared/contract/users';
import type { UsersService } from '#core/services/users/users-service';
import { sql } from '../integration/database-fixture';
import { startUsersProject, type UsersProject } from '../integration/users-fixture';

let project: UsersProject;
beforeAll(async () => {
  project = await startUsersProject();
});
afterAll(() => project.close());

const hash = `$2b$10$${'a'.repeat(53)}`;

/** What can be wrong with a line, and what is said of it. */
const faults: readonly [(n: number) => string, RegExp][] = [
  [(n) => `no address ${n},A,${hash},,`, /not an address/],
  [() => ',nobody,,,', /neither an address nor a number/],
  [(n) => `taken${n}@x.org,A,md5:abc,,`, /hash/],
  [(n) => `day${n}@x.org,A,,yesterday,`, /not a date/],
  [(n) => `json${n}@x.org,A,,,{`, /not a JSON object/],
  [() => 'USER1@example.org,again,,,', /stands in line/],
  [(n) => `wide${n}@x.org,A,,,{},more,more`, /7 fields for 5 columns/],
  [(n) => `quote${n}@x.org,5" screen,,,`, /quotes/],
  [(n) => `open${n}@x.org,"never closed,,,`, /quotes/],
  [(n) => `${'x'.repeat(260)}${n}@x.org,A,,,`, /address/],
];

/** So many lines, of which `bad` are; broken ones stand in between evenly. */
function file(lines: number, bad: number): { text: string; badLines: Map<number, RegExp> } {
  const badLines = new Map<number, RegExp>();
  const rows = ['email,name,password_hash,created_at,user_metadata'];
  const every = Math.floor(lines / bad);
  for (let n = 1; n <= lines; n += 1) {
    const which =
      n % every === every - 1 && badLines.size < bad ? faults[badLines.size % faults.length] : undefined;
    if (which === undefined) {
      rows.push(`user${n}@example.org,"Name, ${n} ""Q""",${hash},2024-01-01T00:00:00Z,"{""n"": ${n}}"`);
    } else {
      rows.push(which[0](n));
      badLines.set(n + 1, which[1]);
    }
  }
  return { text: rows.join('\r\n'), badLines };
}

async function run(users: UsersService, text: string, stopAfter = Infinity) {
  const bad = new Map<number, string>();
  const stop = new AbortController();
  let progress = 0;
  let end: Extract<ImportEvent, { type: 'end' }> | undefined;
  for await (const event of users.import(text, false, stop.signal)) {
    if (event.type === 'bad') bad.set(event.line, event.reason);
    if (event.type === 'progress' && (progress += 1) >= stopAfter) stop.abort();
    if (event.type === 'end') end = event;
  }
  return { bad, end };
}

/** More than one batch, so that there is a midst to stop in. The full size: `CUTOVER_CSV=50000`. */
const apiLines = Number(process.env['CUTOVER_CSV'] ?? '800');

it.each([
  ['sql', 50_000, 200],
  ['api', apiLines, Math.min(200, Math.floor(apiLines / 26))],
] as const)(
  'by way of %s, of %i lines with %i bad ones the good ones come in and the bad ones are named; stopped and run again, it goes on',
  { timeout: 900_000 },
  async (way, lines, bad) => {
    await sql(project.managed.adminUrl, 'truncate auth.users cascade');
    const { users } = project.open(way);
    const { text, badLines } = file(lines, bad);
    const stopped = await run(users, text, 1);
    expect(stopped.end).toMatchObject({ stopped: { code: 'CANCELLED' } });
    const there = await users.count({}, new AbortController().signal);
    expect(stopped.end?.imported).toBe(there);
    expect(there).toBeLessThan(lines - bad);

    const whole = await run(users, text);
    expect(whole.end).toMatchObject({
      lines,
      bad,
      unknown: 0,
      existing: there,
      imported: lines - bad - (there ?? 0),
    });
    expect([...whole.bad.keys()].sort((a, b) => a - b)).toEqual([...badLines.keys()]);
    for (const [line, reason] of whole.bad)
      expect(reason, `line ${line}`).toMatch(badLines.get(line) ?? /^$/);
    expect(await users.count({}, new AbortController().signal)).toBe(lines - bad);

    const again = await run(users, text);
    expect(again.end).toMatchObject({ imported: 0, existing: lines - bad, bad });
  },
);
