import { expect, it } from 'vitest';
import { AppError } from '#shared/model/errors';
import type { NewActivity } from '#shared/model/activity';
import { createResetMails, type ResetMailPorts } from './reset-mails';

const { signal } = new AbortController();

/** A project with so many users who wait, over which the service gives the answers of `answers`, then none but good ones. */
function project(users: number, answers: (AppError | 'lost after sending')[] = []) {
  const waiting = Array.from({ length: users }, (_, n) => ({ id: String(n), email: `u${n}@example.org` }));
  const sent: string[] = [];
  const pauses: number[] = [];
  const acts: NewActivity[] = [];
  const hooks = { onPause: (): void => undefined };
  const ports: ResetMailPorts = {
    count: () =>
      Promise.resolve({
        waiting: waiting.length - sent.length,
        mailed: sent.length,
        chosen: 0,
        banned: 0,
        unreachable: 0,
      }),
    next: (except) =>
      Promise.resolve(waiting.find(({ id, email }) => !sent.includes(email) && !except.includes(id))),
    send: (email) => {
      const answer = answers.shift();
      if (answer instanceof AppError) return Promise.reject(answer);
      sent.push(email);
      return answer === undefined
        ? Promise.resolve()
        : Promise.reject(new AppError('HOST_UNREACHABLE', 'No answer.'));
    },
    pause: (milliseconds, until) => {
      pauses.push(milliseconds);
      hooks.onPause();
      return until.aborted ? Promise.reject(new AppError('CANCELLED', 'Stopped.')) : Promise.resolve();
    },
  };
  const mails = createResetMails(() => Promise.resolve(ports), {
    record: (entry) => {
      acts.push(entry);
      return Promise.resolve();
    },
  });
  return { mails, sent, pauses, acts, hooks };
}

const slower = new AppError('SUPABASE_AUTH_THROTTLED', 'Slower.', { details: { retryAfter: '120' } });
const refused = new AppError('USER_REFUSED', 'Not this one.');

it('keeps its pace, writes to everybody once, and sends nothing before it is started', async () => {
  const { mails, sent, pauses, acts } = project(5);
  expect(await mails.state(signal)).toMatchObject({ waiting: 5 });
  expect(sent).toEqual([]);
  await mails.start(60);
  await expect(mails.start(60)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await mails.ended();
  expect(sent).toHaveLength(5);
  expect(new Set(pauses)).toEqual(new Set([60_000]));
  expect(await mails.state(signal)).toMatchObject({
    waiting: 0,
    run: { running: false, sent: 5, refused: 0 },
  });
  expect(acts.map((entry) => entry.outcome)).toEqual(['done', 'done']);
});

it('waits when it is asked to, longer each time, and then goes on with the same user', async () => {
  const { mails, sent, pauses } = project(2, [slower, new AppError('SUPABASE_AUTH_UNAVAILABLE', 'Down.')]);
  await mails.start(3_600);
  await mails.ended();
  expect(pauses.slice(0, 2)).toEqual([120_000, 60_000]);
  expect(sent).toEqual(['u0@example.org', 'u1@example.org']);
});

it('does not write again to whom the service has written without an answer', async () => {
  const { mails, sent } = project(2, ['lost after sending']);
  await mails.start(3_600);
  await mails.ended();
  expect(sent).toEqual(['u0@example.org', 'u1@example.org']);
});

it('goes past users whom the service refuses, and stops where it refuses everybody', async () => {
  const some = project(3, [refused]);
  await some.mails.start(3_600);
  await some.mails.ended();
  expect(await some.mails.state(signal)).toMatchObject({
    waiting: 1,
    run: { sent: 2, refused: 1, refusals: [{ email: 'u0@example.org', reason: 'Not this one.' }] },
  });
  expect(some.acts.at(-1)).toMatchObject({ outcome: 'partial' });
  const all = project(
    100,
    Array.from({ length: 100 }, () => refused),
  );
  await all.mails.start(3_600);
  await all.mails.ended();
  expect(all.sent).toEqual([]);
  expect((await all.mails.state(signal)).run).toMatchObject({
    running: false,
    stopped: { code: 'USER_REFUSED' },
  });
  expect(all.acts.at(-1)).toMatchObject({ outcome: 'failed' });
});

it('is stopped between two mails, and goes on from there', async () => {
  const { mails, sent, acts, hooks } = project(4);
  let stopped: Promise<void> | undefined;
  hooks.onPause = () => {
    if (sent.length === 2) stopped ??= mails.stop();
  };
  await mails.start(3_600);
  await mails.ended();
  await stopped;
  expect(sent).toHaveLength(2);
  expect(acts.at(-1)?.detail).toContain('stopped');
  await mails.start(3_600);
  await mails.ended();
  expect(sent).toEqual(['u0@example.org', 'u1@example.org', 'u2@example.org', 'u3@example.org']);
});
