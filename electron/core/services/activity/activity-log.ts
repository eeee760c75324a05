import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import type { ActivityFilter, ActivityPage } from '#shared/contract/activity';
import { type ActivityEntry, activityEntrySchema, type NewActivity } from '#shared/model/activity';
import { AppError } from '#shared/model/errors';
import { redactDeep } from '../../engine/redact-event';

export interface ActivityLogOptions {
  workspaceDir: string;
  host: ActivityEntry['host'];
  /** Makes the function that replaces the workspace's secrets, as they are now. */
  redactor(): Promise<(text: string) => string>;
  now?: () => Date;
}

/** What operators did in a workspace: `activity/YYYY-MM.jsonl`, append-only, shared by every host that opens the workspace. */
export interface ActivityLog {
  /**
   * Appends one entry and answers when it is on the disk. Secrets are replaced. Throws
   * `DISK_FULL_LOCAL` and `WORKSPACE_UNREADABLE`.
   */
  record(entry: NewActivity): Promise<void>;
  /** The newest first. A torn line, which a crash leaves, is passed over. */
  list(filter: ActivityFilter, signal: AbortSignal): Promise<ActivityPage>;
}

/** Opens the log of a workspace; there need be none yet. */
export function openActivityLog(options: ActivityLogOptions): ActivityLog {
  const folder = path.join(options.workspaceDir, 'activity');
  const now = options.now ?? (() => new Date());
  return {
    record: async (given) => {
      const redact = await options.redactor();
      const at = now().toISOString();
      const entry = activityEntrySchema.parse({
        ...textsRedacted(given, redact),
        id: `${at}-${randomBytes(4).toString('hex')}`,
        at,
        by: actor(),
        host: options.host,
      });
      await append(folder, `${at.slice(0, 7)}.jsonl`, `${JSON.stringify(entry)}\n`);
    },
    list: async (filter, signal) => {
      const entries: ActivityEntry[] = [];
      let reached = filter.before === undefined;
      for (const month of await months(folder)) {
        signal.throwIfAborted();
        for (const entry of await readNewestFirst(path.join(folder, month))) {
          if (!reached) reached = entry.id === filter.before;
          else if (matches(entry, filter)) {
            if (entries.length === filter.limit) return { entries, next: entries.at(-1)?.id };
            entries.push(entry);
          }
        }
      }
      return { entries };
    },
  };
}

/** The area and the outcome are words of the log, which a secret may happen to equal. */
function textsRedacted(given: NewActivity, redact: (text: string) => string): object {
  const { area, outcome, ...texts } = given;
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, redactDeep(value, redact)])),
    area,
    outcome,
  };
}

function actor(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run under a user id that has no name.
    return `uid ${String(process.getuid?.() ?? '?')}@${hostname()}`;
  }
}

async function append(folder: string, name: string, line: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(path.join(folder, name), 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      // The line that a crash tore stays alone.
      await file.appendFile(size > 0 && last.toString() !== '\n' ? `\n${line}` : line);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

async function months(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^\d{4}-\d{2}\.jsonl$/.test(name)).sort((a, b) => b.localeCompare(a));
}

async function readNewestFirst(file: string): Promise<ActivityEntry[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .flatMap((line) => {
      const parsed = activityEntrySchema.safeParse(jsonOf(line));
      return parsed.success ? [parsed.data] : [];
    })
    .reverse();
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function matches(entry: ActivityEntry, filter: ActivityFilter): boolean {
  if (filter.areas !== undefined && !filter.areas.includes(entry.area)) return false;
  if (filter.from !== undefined && entry.at < filter.from) return false;
  if (filter.to !== undefined && entry.at >= filter.to) return false;
  if (filter.text === undefined || filter.text === '') return true;
  const sought = filter.text.toLowerCase();
  return [entry.action, entry.target, entry.by, entry.detail ?? ''].some((text) =>
    text.toLowerCase().includes(sought),
  );
}

function writeFailure(folder: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL_LOCAL', 'Activity can’t be written: the disk of this machine is full.', {
      hint: 'What was asked for has been done. Free some space, so that the next act can be recorded.',
    });
  }
  if (typeof code !== 'string') return error;
  return new AppError('WORKSPACE_UNREADABLE', `${folder} can’t be written (${code}).`, {
    hint: 'Check that this user may write to the workspace’s folder.',
    details: { file: folder, reason: code },
  });
}
