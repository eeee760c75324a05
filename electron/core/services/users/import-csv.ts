import { AppError } from '#shared/model/errors';
import { type Metadata, metadataSchema } from '#shared/model/users';
import { z } from 'zod';
import type { ImportedUser } from '../../ports/users';
import { readCsvRecords } from './csv-records';
import { phoneDigits } from './edits';

/** A line of the file, as a user or with the reason why it is none. */
export type ImportLine = { line: number; user: ImportedUser } | { line: number; reason: string };

export interface ParsedUsers {
  used: string[];
  ignored: string[];
  lines: ImportLine[];
}

const known = [
  'id',
  'email',
  'phone',
  'name',
  'password_hash',
  'email_confirmed_at',
  'phone_confirmed_at',
  'created_at',
  'last_sign_in_at',
  'banned_until',
  'user_metadata',
  'app_metadata',
] as const;
type Column = (typeof known)[number];

const columnOf = (header: string): Column | undefined =>
  known.find((name) => name === header.trim().toLowerCase());

/** What the service can check; it answers a sign-in with anything else with a failure. */
const acceptedHash =
  /^(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2i?d?\$v=19\$m=\d+,t=\d+,p=\d+\$[^$]+\$[^$]+|\$fbscrypt\$v=1,.+)$/;
const address = z
  .string()
  .max(255)
  .regex(/^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$/);

/** A spreadsheet's guard against formulas, which our own export writes, is no part of the value. */
const unguarded = (value: string): string => value.replace(/^'(?=[=+\-@\t\r])/, '');

class BadLine extends Error {}

function metadata(text: string, column: string): Metadata {
  if (text === '') return {};
  try {
    return metadataSchema.parse(JSON.parse(text));
  } catch {
    throw new BadLine(`${column} is not a JSON object.`);
  }
}

function moment(text: string, column: string): string | undefined {
  if (text === '') return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new BadLine(`${column} is not a date: ${text.slice(0, 40)}`);
  return new Date(time).toISOString();
}

/** `true`, `yes`, `1` or a date say yes. */
function confirmed(text: string, column: string): boolean {
  if (/^(true|t|yes|y|1)$/i.test(text)) return true;
  if (/^(false|f|no|n|0|)$/i.test(text)) return false;
  return moment(text, column) !== undefined;
}

function userOf(fields: Partial<Record<Column, string>>): ImportedUser {
  const field = (name: Column): string => unguarded(fields[name]?.trim() ?? '');
  const email = field('email').toLowerCase();
  const phone = field('phone');
  if (email === '' && phone === '') throw new BadLine('There is neither an address nor a number.');
  if (email !== '' && !address.safeParse(email).success) {
    throw new BadLine(`This is not an address: ${email.slice(0, 80)}`);
  }
  if (phone !== '' && !/^[1-9][0-9]{5,14}$/.test(phoneDigits(phone))) {
    throw new BadLine(`This is not a number with its country: ${phone.slice(0, 40)}`);
  }
  const id = field('id').toLowerCase();
  if (id !== '' && !z.guid().safeParse(id).success)
    throw new BadLine(`The id is not a UUID: ${id.slice(0, 40)}`);
  const hash = field('password_hash');
  if (hash !== '' && !acceptedHash.test(hash)) {
    throw new BadLine('The password hash is of a kind that the Auth service does not accept.');
  }
  const name = field('name');
  const times = {
    createdAt: moment(field('created_at'), 'created_at'),
    lastSignInAt: moment(field('last_sign_in_at'), 'last_sign_in_at'),
    bannedUntil: moment(field('banned_until'), 'banned_until'),
  };
  return {
    ...(id === '' ? {} : { id }),
    ...(email === '' ? {} : { email }),
    ...(phone === '' ? {} : { phone: phoneDigits(phone) }),
    ...(hash === '' ? {} : { passwordHash: hash }),
    emailConfirmed: confirmed(field('email_confirmed_at'), 'email_confirmed_at'),
    phoneConfirmed: confirmed(field('phone_confirmed_at'), 'phone_confirmed_at'),
    ...times,
    userMetadata: {
      ...(name === '' ? {} : { full_name: name }),
      ...metadata(field('user_metadata'), 'user_metadata'),
    },
    appMetadata: metadata(field('app_metadata'), 'app_metadata'),
  };
}

/**
 * Reads a CSV file of users. The first line names the columns; lines that are wrong are told by their number, and spoil no other. Throws
 * `INVALID_INPUT` for a file that is none, or that holds passwords in clear text.
 */
export function parseUsersCsv(text: string): ParsedUsers {
  const [head, ...rest] = readCsvRecords(text);
  if (head === undefined || 'reason' in head) {
    throw new AppError('INVALID_INPUT', 'The file does not begin with a line that names its columns.', {
      hint: 'Save it as CSV, separated by commas, in UTF-8.',
    });
  }
  const headers = head.fields;
  const columns = headers.map(columnOf);
  if (headers.some((header) => /^\s*(password|passwd|plain_?password)\s*$/i.test(header))) {
    throw new AppError('INVALID_INPUT', 'The file holds passwords in clear text.', {
      hint: 'Put bcrypt or Argon2 hashes into a column password_hash, or leave passwords out and send recovery mails.',
    });
  }
  if (!columns.includes('email') && !columns.includes('phone')) {
    throw new AppError('INVALID_INPUT', 'The file has neither a column email nor a column phone.', {
      hint: `The first line names the columns. Known are: ${known.join(', ')}.`,
    });
  }
  const seen = new Map<string, number>();
  const lines = rest.map((record): ImportLine => {
    if ('reason' in record) return record;
    const { line, fields: cells } = record;
    if (cells.length > headers.length) {
      return { line, reason: `There are ${cells.length} fields for ${headers.length} columns.` };
    }
    const fields: Partial<Record<Column, string>> = {};
    columns.forEach((column, index) => {
      if (column !== undefined) fields[column] = cells[index] ?? '';
    });
    try {
      const user = userOf(fields);
      for (const key of [user.email, user.phone, user.id]) {
        if (key === undefined) continue;
        const earlier = seen.get(key);
        if (earlier !== undefined) throw new BadLine(`${key} stands in line ${earlier} already.`);
      }
      for (const key of [user.email, user.phone, user.id]) if (key !== undefined) seen.set(key, line);
      return { line, user };
    } catch (error) {
      if (error instanceof BadLine) return { line, reason: error.message };
      throw error;
    }
  });
  return {
    used: headers.filter((_, index) => columns[index] !== undefined),
    ignored: headers.filter((_, index) => columns[index] === undefined),
    lines,
  };
}
