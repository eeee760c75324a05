import { expect, test } from 'vitest';
import type { Incident } from '#shared/model/health';
import { type AlertRules, createAlertBook } from './alert-book';
import { alertText, webhookBody } from './alert-text';

const minute = 60_000;
// Noon by the clock of this machine, whatever its time zone.
const noon = new Date(2026, 2, 1, 12).getTime();

const incident = (changes: Partial<Incident> = {}): Incident => ({
  id: 'one',
  service: 'backend',
  serviceTitle: 'backend',
  check: 'backend.health',
  checkTitle: '/health',
  state: 'down',
  startedAt: new Date(noon).toISOString(),
  code: 'CONNECTION_REFUSED',
  cause: 'api.example.com refuses connections.',
  remedy: 'Check that the service runs.',
  notes: [],
  ...changes,
});
const ended = { endedAt: new Date(noon + 5 * minute).toISOString() };
const rules = (changes: Partial<AlertRules> = {}): AlertRules => ({
  from: 'down',
  repeatMinutes: 60,
  inMaintenance: () => false,
  ...changes,
});

/** Sends what is due and says what that was. */
function told(book: ReturnType<typeof createAlertBook>, now: number): string[] {
  const due = book.due(now);
  book.sent(due, now);
  return due.map(({ kind, incident: { id } }) => `${id} ${kind}`);
}

test('an incident is told once, again after the time to repeat, and when it ends', () => {
  const book = createAlertBook(rules(), {});
  book.note(incident());
  expect(told(book, noon)).toEqual(['one opened']);
  expect(told(book, noon + 59 * minute)).toEqual([]);
  expect(told(book, noon + 60 * minute)).toEqual(['one lasts']);
  expect(told(book, noon + 61 * minute)).toEqual([]);
  book.note(incident(ended));
  expect(told(book, noon + 62 * minute)).toEqual(['one resolved']);
  expect(told(book, noon + 500 * minute)).toEqual([]);
  expect(book.told()).toEqual({});
});

test('what was not taken stays due', () => {
  const book = createAlertBook(rules(), {});
  book.note(incident());
  expect(book.due(noon)).toHaveLength(1);
  expect(told(book, noon + minute)).toEqual(['one opened']);
});

test('degraded is told only where it is wanted, and its turn to down always', () => {
  const degraded = incident({ state: 'degraded' });
  const strict = createAlertBook(rules(), {});
  strict.note(degraded);
  expect(told(strict, noon)).toEqual([]);
  strict.note(incident());
  expect(told(strict, noon)).toEqual(['one opened']);
  const mild = createAlertBook(rules({ from: 'degraded' }), {});
  mild.note(degraded);
  expect(told(mild, noon)).toEqual(['one opened']);
  mild.note(incident());
  expect(told(mild, noon)).toEqual(['one worse']);
});

test('quiet hours hold everything back; afterwards what lasts is told, and what came and went is not', () => {
  const book = createAlertBook(rules({ quiet: { from: '22:00', to: '06:30' } }), {});
  book.note(incident());
  book.note(incident({ id: 'two' }));
  const night = new Date(2026, 2, 1, 23, 30).getTime();
  expect(told(book, night)).toEqual([]);
  expect(told(book, new Date(2026, 2, 2, 6, 29).getTime())).toEqual([]);
  book.note(incident({ id: 'two', ...ended }));
  expect(told(book, new Date(2026, 2, 2, 6, 30).getTime())).toEqual(['one opened']);
});

test('maintenance holds back what begins, not what ends', () => {
  let maintenance = false;
  const book = createAlertBook(rules({ inMaintenance: () => maintenance }), {});
  book.note(incident());
  expect(told(book, noon)).toEqual(['one opened']);
  maintenance = true;
  book.note(incident({ id: 'two' }));
  book.note(incident(ended));
  expect(told(book, noon + minute)).toEqual(['one resolved']);
  maintenance = false;
  expect(told(book, noon + 2 * minute)).toEqual(['two opened']);
});

test('after a restart nothing is told twice, and what was held back is told', () => {
  const first = createAlertBook(rules(), {});
  first.note(incident());
  told(first, noon);
  const second = createAlertBook(rules(), first.told());
  second.note(incident());
  second.note(incident({ id: 'two' }));
  expect(told(second, noon + minute)).toEqual(['two opened']);
});

test('each kind of webhook gets its own JSON, from which nobody is pinged', () => {
  const message = {
    workspace: 'shop',
    at: new Date(noon).toISOString(),
    alerts: [{ kind: 'opened' as const, incident: incident({ cause: '<!channel> a & b' }) }],
  };
  const slack = webhookBody('https://hooks.slack.com/services/T/B/x', 'auto', message);
  expect(slack).toContain('&lt;!channel&gt; a &amp; b');
  expect(JSON.parse(slack)).toEqual({
    text: alertText(message).replace('<!channel> a & b', '&lt;!channel&gt; a &amp; b'),
  });
  const discord: unknown = JSON.parse(webhookBody('https://discord.com/api/webhooks/1/x', 'auto', message));
  expect(discord).toEqual({ content: alertText(message), allowed_mentions: { parse: [] } });
  const many = { ...message, alerts: Array.from({ length: 50 }, () => message.alerts).flat() };
  const long: unknown = JSON.parse(webhookBody('https://discord.com/api/webhooks/1/x', 'auto', many));
  expect(long).toEqual({
    content: `${alertText(many).slice(0, 1999)}…`,
    allowed_mentions: { parse: [] },
  });
  expect(JSON.parse(webhookBody('https://example.com/x', 'auto', message))).toMatchObject({
    source: 'cutover',
    workspace: 'shop',
    alerts: [{ kind: 'opened', service: 'backend', state: 'down', code: 'CONNECTION_REFUSED' }],
  });
});
