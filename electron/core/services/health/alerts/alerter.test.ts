import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Settings } from '../../../ports/settings';
import type { Incident } from '#shared/model/health';
import { defaultHealthConfig } from '#shared/model/health';
import { openAlerter, type Alerter } from './alerter';
import { receiversOf } from './receivers';

const start = Date.parse('2026-03-01T12:00:00Z');
const incident: Incident = {
  id: 'one',
  service: 'backend',
  serviceTitle: 'backend',
  check: 'backend.health',
  checkTitle: '/health',
  state: 'down',
  startedAt: new Date(start).toISOString(),
  code: 'CONNECTION_REFUSED',
  cause: 'api.example.com refuses connections.',
  remedy: 'Check that the service runs.',
  notes: [],
};

const stops: (() => unknown)[] = [];
let folder = '';
/** What the webhook got, and with what it answers. */
let bodies: string[] = [];
let status = 200;
let mails: string[] = [];
let values: Record<string, string> = {};
let now = start;

function portOf(server: { address(): ReturnType<Server['address']> }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-alerts-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  [bodies, mails, status, now] = [[], [], 200, start];
  const web = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (status === 200) bodies.push(text);
      response.writeHead(status).end('no_service');
    });
  });
  await once(web.listen(0, '127.0.0.1'), 'listening');
  stops.push(() => web.close());
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'ops' && password === 'p@ss'
        ? done(null, { user: username })
        : done(new Error('Invalid username or password')),
    onData: (stream, _session, done) => {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
  });
  await once(smtp.listen(0, '127.0.0.1'), 'listening');
  stops.push(() => new Promise<void>((resolve) => smtp.close(resolve)));
  values = {
    HEALTH_WEBHOOK_URL: `http://127.0.0.1:${portOf(web)}/hook/secret-part`,
    HEALTH_SMTP_URL: `smtp://ops:p%40ss@127.0.0.1:${portOf(smtp.server)}`,
    HEALTH_MAIL_TO: 'ops@example.com, oncall@example.com',
  };
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const settings = (): Settings => ({
  get: (name) => values[name],
  require: (name) => values[name] ?? '',
  redact: (text) => text,
});

const open = (lasting: Incident[] = []): Promise<Alerter> =>
  openAlerter({
    folder,
    workspace: 'shop',
    receivers: receiversOf(settings(), { webhookShape: 'auto', desktop: true }),
    rules: { ...defaultHealthConfig.alerts, inMaintenance: () => false },
    lasting,
    redact: (text) => text,
    now: () => now,
  });

test('an incident and its end reach the webhook and the mailbox, and a restart between tells neither again', async () => {
  const first = await open();
  first.note(incident);
  await first.tick();
  await first.tick();
  expect(bodies).toHaveLength(1);
  expect(mails).toHaveLength(1);
  expect(mails[0]).toMatch(/^To: ops@example.com, oncall@example.com\r$/m);
  expect(mails[0]).toMatch(/^Subject: shop: backend is down\r$/m);
  const second = await open([incident]);
  await second.tick();
  expect(bodies).toHaveLength(1);
  second.note({ ...incident, endedAt: new Date(start + 60_000).toISOString() });
  await second.tick();
  expect(bodies[1]).toContain('backend is healthy again');
  expect(mails[1]).toContain('backend is healthy again');
});

test('a receiver that fails is tried again later, says why, and does not hold up the other', async () => {
  const alerter = await open();
  status = 404;
  alerter.note(incident);
  await alerter.tick();
  expect(mails).toHaveLength(1);
  expect(alerter.failures()).toMatchObject([{ channel: 'webhook', error: { code: 'ALERT_REFUSED' } }]);
  status = 200;
  await alerter.tick();
  expect(bodies).toHaveLength(0);
  now += 30_000;
  await alerter.tick();
  expect(bodies).toHaveLength(1);
  expect(mails).toHaveLength(1);
  expect(alerter.failures()).toEqual([]);
});

test('a refused sign-in, a closed port and a wrong address are named, without the credential', async () => {
  const smtpUrl = values['HEALTH_SMTP_URL'] ?? '';
  const closed = createServer();
  await once(closed.listen(0, '127.0.0.1'), 'listening');
  const port = portOf(closed);
  closed.close();
  const cases = [
    { HEALTH_SMTP_URL: smtpUrl.replace('p%40ss', 'wrong-one'), code: 'ALERT_REFUSED' },
    { HEALTH_SMTP_URL: `smtp://ops:wrong-one@127.0.0.1:${port}`, code: 'CONNECTION_REFUSED' },
    { HEALTH_SMTP_URL: 'https://ops:wrong-one@example.com', code: 'SETTING_INVALID' },
  ];
  for (const { code, HEALTH_SMTP_URL } of cases) {
    values = { HEALTH_SMTP_URL, HEALTH_MAIL_TO: 'ops@example.com' };
    const alerter = await open();
    alerter.note(incident);
    await alerter.tick();
    expect(alerter.failures()).toMatchObject([{ channel: 'mail', error: { code } }]);
    expect(JSON.stringify(alerter.failures())).not.toContain('wrong-one');
  }
});

test('on the desktop an incident is a notification, unless the operator wants none', async () => {
  const notices: { title: string; text: string }[] = [];
  const desk = {
    notify: (notice: (typeof notices)[number]) => notices.push(notice),
    showHealth: () => undefined,
  };
  const on = receiversOf(settings(), { webhookShape: 'auto', desktop: true }, desk);
  const alerts = [{ kind: 'opened' as const, incident }];
  await on
    .find(({ channel }) => channel === 'desktop')
    ?.send({ workspace: 'shop', at: incident.startedAt, alerts });
  expect(notices).toHaveLength(1);
  expect(notices[0]?.title).toBe(`shop: ${incident.serviceTitle} is down`);
  expect(notices[0]?.text).toContain(incident.cause);
  const off = receiversOf(settings(), { webhookShape: 'auto', desktop: false }, desk);
  expect(off.map(({ channel }) => channel)).not.toContain('desktop');
});
