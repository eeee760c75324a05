import type { IncomingHttpHeaders } from 'node:http';
import { DatabaseError, escapeIdentifier, type Pool, type PoolClient } from 'pg';
import { z } from 'zod';
import { admit, type Caller, type ProjectKeys } from '../auth/gateway';
import type { TokenSigner } from '../auth/tokens';

export interface RestCall {
  method: string;
  /** The path below `/rest/v1/`: a table or view of `public`, or nothing. */
  table: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

export interface RestResponse {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

const comparisons: Record<string, string> = {
  eq: '=',
  neq: '<>',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  like: 'like',
  ilike: 'ilike',
};

class RestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const reserved = new Set(['select', 'limit', 'offset', 'order', 'apikey']);

function wholeNumber(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw new RestError(400, 'PGRST100', `failed to parse "${text}"`);
  return Number(text);
}

/** Builds the query of a `GET`: columns, simple filters, order, limit and offset. */
function buildSelect(
  table: string,
  query: URLSearchParams,
): { text: string; where: string; values: string[] } {
  const values: string[] = [];
  const conditions = [...query].flatMap(([column, filter]) => {
    if (reserved.has(column)) return [];
    const [operator = '', ...rest] = filter.split('.');
    const operand = rest.join('.');
    if (operator === 'is' && /^(null|true|false)$/.test(operand))
      return [`${escapeIdentifier(column)} is ${operand}`];
    const comparison = comparisons[operator];
    if (comparison === undefined)
      throw new RestError(400, 'PGRST100', `"failed to parse filter (${filter})"`);
    values.push(operand);
    return [`${escapeIdentifier(column)} ${comparison} $${values.length}`];
  });
  const selected = query.get('select') ?? '*';
  const columns = selected
    .split(',')
    .map((column) => (column.trim() === '*' ? '*' : escapeIdentifier(column.trim())))
    .join(', ');
  const order = (query.get('order') ?? '')
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [column = '', direction] = part.split('.');
      return `${escapeIdentifier(column)} ${direction === 'desc' ? 'desc' : 'asc'}`;
    })
    .join(', ');
  const where = `public.${escapeIdentifier(table)}${conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`}`;
  const limit = wholeNumber(query.get('limit'));
  const offset = wholeNumber(query.get('offset')) ?? 0;
  // The service answers no more than a thousand rows at a time unless its project says otherwise.
  const text = `select ${columns} from ${where} ${order === '' ? '' : `order by ${order}`} limit ${Math.min(limit ?? 1000, 1000)} offset ${offset}`;
  return { text, where, values };
}

async function assume(client: PoolClient, caller: Caller): Promise<void> {
  await client.query(`set local role ${caller.role}`);
  await client.query(`select set_config('request.jwt.claims', $1, true)`, [
    caller.claims?.json ?? JSON.stringify({ role: caller.role }),
  ]);
}

/** What the caller's role could read, as the root document lists it. */
async function describeTables(client: PoolClient): Promise<RestResponse> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
     and has_table_privilege(c.oid, 'select') order by 1`,
  );
  return {
    status: 200,
    headers: { 'Content-Type': 'application/openapi+json; charset=utf-8' },
    body: {
      swagger: '2.0',
      info: {
        title: 'standard public schema',
        description: 'Practice stand-in for PostgREST',
        version: 'practice',
      },
      paths: { '/': {}, ...Object.fromEntries(rows.map(({ name }) => [`/${name}`, { get: {} }])) },
      definitions: Object.fromEntries(rows.map(({ name }) => [name, { type: 'object' }])),
    },
  };
}

async function read(client: PoolClient, call: RestCall): Promise<RestResponse> {
  if (call.table === '') return describeTables(client);
  const exists = await client.query(
    `select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') and relname = $1`,
    [call.table],
  );
  if (exists.rowCount === 0) {
    throw new RestError(
      404,
      'PGRST205',
      `Could not find the table 'public.${call.table}' in the schema cache`,
    );
  }
  const { text, where, values } = buildSelect(call.table, call.query);
  // PostgreSQL makes the JSON, so that numbers and dates read as they do from the real service.
  const { rows } = await client.query<{ body: unknown[] }>(
    `select coalesce(json_agg(answer), '[]') as body from (${text}) as answer`,
    values,
  );
  const body = rows[0]?.body ?? [];
  const first = wholeNumber(call.query.get('offset')) ?? 0;
  const prefer = z.string().catch('').parse(call.headers['prefer']);
  let total = '*';
  if (prefer.includes('count=exact')) {
    const counted = await client.query<{ total: string }>(
      `select count(*)::text as total from ${where}`,
      values,
    );
    total = counted.rows[0]?.total ?? '0';
  }
  const range = body.length === 0 ? '*' : `${first}-${first + body.length - 1}`;
  return {
    status: total !== '*' && Number(total) > body.length ? 206 : 200,
    headers: { 'Content-Range': `${range}/${total}` },
    ...(call.method === 'HEAD' ? {} : { body }),
  };
}

function failure(error: unknown, caller: Caller): RestResponse {
  const answer = (
    status: number,
    code: string,
    message: string,
    details: string | null = null,
  ): RestResponse => ({
    status,
    body: { code, details, hint: null, message },
  });
  if (error instanceof RestError) return answer(error.status, error.code, error.message);
  if (error instanceof DatabaseError) {
    const code = error.code ?? 'XX000';
    const refused = caller.role === 'anon' ? 401 : 403;
    const status = code === '42501' ? refused : code.startsWith('42') || code.startsWith('22') ? 400 : 500;
    return answer(status, code, error.message, error.detail ?? null);
  }
  return answer(503, 'PGRST000', 'Could not connect with the database.');
}

/**
 * The data API for reading: every request runs under the role of its key or token, so what comes back is what that role
 * is granted and what row level security leaves of it.
 */
export function createRestService(
  pool: Pool,
  keys: ProjectKeys,
  signer: TokenSigner,
): (call: RestCall) => Promise<RestResponse> {
  return async (call) => {
    const caller = await admit(call.headers, call.query, keys, signer);
    if ('status' in caller) return caller;
    const schema = call.headers['accept-profile'];
    if (typeof schema === 'string' && schema !== 'public') {
      return {
        status: 406,
        body: { code: 'PGRST106', details: null, hint: null, message: `Invalid schema: ${schema}` },
      };
    }
    if (call.method !== 'GET' && call.method !== 'HEAD') {
      return {
        status: 405,
        body: {
          code: 'PGRST117',
          details: null,
          hint: null,
          message: `Unsupported HTTP method: ${call.method}`,
        },
      };
    }
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      await client.query('begin read only');
      await assume(client, caller);
      const answer = await read(client, call);
      await client.query('commit');
      return answer;
    } catch (error) {
      await client?.query('rollback').catch(() => undefined);
      return failure(error, caller);
    } finally {
      client?.release();
    }
  };
}
