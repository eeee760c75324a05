import { randomBytes } from 'node:crypto';
import { createClient } from '@redis/client';
import { z } from 'zod';
import { classifyRedisError } from './redis-probe';

/**
 * Asks celery's workers for a sign of life as `celery inspect ping` does, in the form of kombu's redis transport: the question is published
 * on the channel of the control mailbox, and each worker pushes its answer to a list that is bound to the reply exchange for as long.
 * https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.redis.html
 */
const mailbox = 'celery.pidbox';
const replyExchange = `reply.${mailbox}`;
const bindings = `_kombu.binding.${replyExchange}`;
const separator = '\u0006\u0016';
/** One a process, so that one that is killed leaves no more than one binding behind. */
const address = `cutover-${randomBytes(8).toString('hex')}`;
const replies = `${address}.${replyExchange}`;
const binding = [address, '', replies].join(separator);

const replySchema = z.object({
  body: z.string(),
  headers: z.looseObject({ ticket: z.string().optional() }),
  properties: z.looseObject({ body_encoding: z.string().nullish() }),
});
const bodySchema = z.record(z.string(), z.unknown());

/** The names of the workers that answer. Waits until `expected` have, `waitMs` at most. Throws the network's codes. */
export async function probeWorkers(
  url: string,
  expected: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { host, pathname } = new URL(url);
  const database = /^\/\d+$/.test(pathname) ? pathname.slice(1) : '0';
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: 8000, reconnectStrategy: false },
  });
  client.on('error', () => undefined);
  const abort = () => client.destroy();
  signal.addEventListener('abort', abort, { once: true });
  const ticket = randomBytes(16).toString('hex');
  try {
    await client.connect();
    await client.sAdd(bindings, binding);
    await client.publish(`/${database}.${mailbox}`, question(ticket, waitMs));
    const names = new Set<string>();
    const until = performance.now() + waitMs;
    for (;;) {
      const left = names.size >= expected ? 0 : (until - performance.now()) / 1000;
      // A wait of 0 would be one without end.
      const text = left > 0 ? (await client.blPop(replies, left))?.element : await client.lPop(replies);
      if (text === undefined || text === null) break;
      for (const name of answerers(text, ticket)) names.add(name);
    }
    await client.sRem(bindings, binding);
    await client.del(replies);
    return [...names].toSorted();
  } catch (error) {
    throw classifyRedisError(error, host);
  } finally {
    signal.removeEventListener('abort', abort);
    if (client.isOpen) client.destroy();
  }
}

function question(ticket: string, waitMs: number): string {
  const body = {
    method: 'ping',
    arguments: {},
    destination: null,
    pattern: null,
    matcher: null,
    ticket,
    reply_to: { exchange: replyExchange, routing_key: address },
  };
  return JSON.stringify({
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: { clock: 1, expires: Date.now() / 1000 + waitMs / 1000 },
    properties: {
      delivery_mode: 1,
      delivery_info: { exchange: mailbox, routing_key: '' },
      priority: 0,
      body_encoding: 'base64',
      delivery_tag: ticket,
    },
  });
}

function answerers(text: string, ticket: string): string[] {
  try {
    const reply = replySchema.parse(JSON.parse(text));
    if (reply.headers.ticket !== undefined && reply.headers.ticket !== ticket) return [];
    const body =
      reply.properties.body_encoding === 'base64' ? Buffer.from(reply.body, 'base64').toString() : reply.body;
    return Object.keys(bodySchema.parse(JSON.parse(body)));
  } catch {
    return [];
  }
}
