import path from 'node:path';
import { z } from 'zod';
import { toErrorShape, type ErrorShape } from '#shared/model/errors';
import { type AlertChannelName, alertChannelSchema, type Incident } from '#shared/model/health';
import { jsonFile } from '../../workspaces/json-file';
import { type AlertBook, type AlertRules, createAlertBook } from './alert-book';
import type { Receiver } from './receivers';

const toldSchema = z.record(z.string(), z.object({ at: z.number(), state: z.enum(['degraded', 'down']) }));
const fileSchema = z.object({ version: z.literal(1), told: z.partialRecord(alertChannelSchema, toldSchema) });

const shortestPause = 30_000;
const longestPause = 15 * 60_000;

/** Tells receivers of incidents, each on its own: one that fails is tried again and holds up no other. */
export interface Alerter {
  note(incident: Incident): void;
  /** Sends what is due. Never throws. */
  tick(): Promise<void>;
  failures(): { channel: AlertChannelName; error: ErrorShape }[];
}

interface Line {
  receiver: Receiver;
  book: AlertBook;
  failure?: ErrorShape;
  failed: number;
  notBefore: number;
}

/** `folder` keeps what was told, so that a restart tells nothing twice and forgets nothing. `lasting`: incidents that are open. */
export async function openAlerter(options: {
  folder: string;
  workspace: string;
  receivers: readonly Receiver[];
  rules: AlertRules;
  lasting: readonly Incident[];
  redact: (text: string) => string;
  /** Milliseconds since 1970. */
  now: () => number;
}): Promise<Alerter> {
  const file = jsonFile(path.join(options.folder, 'alerts.json'), fileSchema, 0o600);
  const told = (await file.read().catch(() => undefined))?.told ?? {};
  const open = new Set(options.lasting.map(({ id }) => id));
  const lines = options.receivers.map((receiver): Line => {
    const known = Object.entries(told[receiver.channel] ?? {}).filter(([id]) => open.has(id));
    const book = createAlertBook(options.rules, Object.fromEntries(known));
    for (const incident of options.lasting) book.note(incident);
    return { receiver, book, failed: 0, notBefore: 0 };
  });

  const send = async (line: Line): Promise<void> => {
    const now = options.now();
    const alerts = line.book.due(now);
    if (alerts.length === 0 || now < line.notBefore) return;
    try {
      await line.receiver.send({ workspace: options.workspace, at: new Date(now).toISOString(), alerts });
    } catch (error) {
      const shape = toErrorShape(error);
      line.failure = { ...shape, message: options.redact(shape.message) };
      line.notBefore = now + Math.min(longestPause, shortestPause * 2 ** line.failed);
      line.failed += 1;
      return;
    }
    line.book.sent(alerts, now);
    line.failed = 0;
    line.notBefore = 0;
    delete line.failure;
    await file.update((before) => ({
      version: 1,
      told: { ...before?.told, [line.receiver.channel]: line.book.told() },
    }));
  };
  let running: Promise<void> | undefined;

  return {
    note(incident) {
      for (const { book } of lines) book.note(incident);
    },
    tick() {
      // A receiver that takes its time must not be told twice.
      running ??= Promise.all(lines.map((line) => send(line).catch(() => undefined)))
        .then(() => undefined)
        .finally(() => (running = undefined));
      return running;
    },
    failures: () =>
      lines.flatMap(({ receiver, failure }) =>
        failure === undefined ? [] : [{ channel: receiver.channel, error: failure }],
      ),
  };
}
