import { AppError, isCancelled, type ErrorCode } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSide } from '../../ports/database';
import { sideTitle, urlSetting, type ConnectionConfig } from './connection-config';

export interface FailureContext {
  readonly config: Pick<ConnectionConfig, 'side' | 'host' | 'port' | 'user' | 'database'>;
  /** A connection that dies while it is made is another situation than one that dies at work. */
  readonly phase: 'connect' | 'work';
  readonly signal?: AbortSignal | undefined;
}

const errorFields = z.object({
  code: z.string().optional().catch(undefined),
  message: z.string().catch(''),
  severity: z.string().optional().catch(undefined),
  schema: z.string().optional().catch(undefined),
  table: z.string().optional().catch(undefined),
  column: z.string().optional().catch(undefined),
  constraint: z.string().optional().catch(undefined),
});
type ErrorFields = z.infer<typeof errorFields>;

interface Situation {
  code: ErrorCode;
  message: string;
  hint?: string;
  retryable?: boolean;
}

const lostCodes = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ECONNABORTED',
]);
const tlsMessage =
  /self[- ]signed|unable to (verify|get)|certificate|does not support SSL|altname|wrong version number/i;
const lostMessage =
  /Connection terminated|Connection ended|Client (was|has been) closed|not queryable|socket hang up/i;

/** Host names that Supabase gives for direct connections; they resolve to IPv6 only without an add-on. */
const directHost = /^db\.[a-z0-9]+\.supabase\.co$/;

function place({ config }: FailureContext): string {
  return `${config.host}:${config.port}`;
}

/** Codes are those of Node’s TLS and of OpenSSL’s verification. */
function certificateTrouble(
  code: string,
  message: string,
  where: string,
): Pick<Situation, 'message' | 'hint'> {
  if (/does not support SSL/i.test(message)) {
    return {
      message: `${where} offers no TLS.`,
      hint: 'On a network that you trust, such as an SSH tunnel, add ?sslmode=disable to the URL.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      message: `The certificate of ${where} is that of another host.`,
      hint: 'Write the name that the certificate is made out to into the URL, or have one made out to this name.',
    };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      message: `The certificate of ${where} is ${code === 'CERT_HAS_EXPIRED' ? 'no longer' : 'not yet'} valid.`,
      hint: 'Renew it on the server, or set the clock of this machine.',
    };
  }
  return {
    message: `The certificate of ${where} can not be verified.`,
    hint: 'Add ?sslrootcert=FILE with the authority’s certificate to the URL.',
  };
}

function lost(side: DatabaseSide): Situation {
  return {
    code: side === 'source' ? 'SOURCE_LOST' : 'TARGET_LOST',
    message: `The connection to ${sideTitle[side]} was lost.`,
    hint: 'Check that the server is up and reachable, then resume the run: what is finished is kept.',
    retryable: true,
  };
}

function fromNetwork(fields: ErrorFields, context: FailureContext): Situation | undefined {
  const { config, phase } = context;
  const code = fields.code ?? '';
  if (phase === 'work')
    return lostCodes.has(code) || lostMessage.test(fields.message) ? lost(config.side) : undefined;
  const unreachable = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'].includes(code);
  const unresolved = ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(code);
  if ((unreachable || unresolved) && directHost.test(config.host)) {
    return {
      code: 'SUPABASE_DIRECT_HOST_NEEDS_IPV6',
      message: `${config.host} has an IPv6 address only, and this machine has no IPv6.`,
      hint: 'Use the session pooler from the project’s Connect dialog (…pooler.supabase.com, port 5432).',
    };
  }
  if (unresolved) {
    return {
      code: 'HOST_NOT_FOUND',
      message: `The host ${config.host} of ${sideTitle[config.side]} was not found.`,
      hint: 'Check the host name. A name of a Compose service is known inside Docker only: use the address of the host.',
    };
  }
  if (code === 'ECONNREFUSED') {
    return {
      code: 'CONNECTION_REFUSED',
      message: `Nothing accepts connections at ${place(context)}.`,
      hint: 'Check the port and that PostgreSQL is running and published on this address.',
      retryable: true,
    };
  }
  if (unreachable || code === 'ETIMEDOUT' || /timeout/i.test(fields.message)) {
    return {
      code: 'HOST_UNREACHABLE',
      message: `${place(context)} did not answer.`,
      hint: 'Check the address, the firewall and the network.',
      retryable: true,
    };
  }
  if (code.startsWith('ERR_TLS') || code.startsWith('CERT_') || tlsMessage.test(fields.message)) {
    return { code: 'TLS_UNTRUSTED', ...certificateTrouble(code, fields.message, place(context)) };
  }
  if (lostCodes.has(code) || lostMessage.test(fields.message)) {
    return {
      code: 'HOST_UNREACHABLE',
      message: `${place(context)} closed the connection while it was made.`,
      hint: 'Check that the port is PostgreSQL’s, and the server’s log.',
      retryable: true,
    };
  }
  return undefined;
}

function fromSqlState(fields: ErrorFields, context: FailureContext): Situation | undefined {
  const { config, phase } = context;
  const { side } = config;
  const code = fields.code ?? '';
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  const said = fields.message.trim();
  switch (code) {
    case '28P01':
    case '28000':
      return {
        code: 'DATABASE_AUTH_FAILED',
        message: `${sentence(sideTitle[side])} refuses the user or the password.`,
        hint: `Check user and password in ${urlSetting[side]}. Special characters in the password are percent-encoded.`,
      };
    case '3D000':
      return {
        code: 'DATABASE_NOT_FOUND',
        message: `There is no database ${config.database} at ${place(context)}.`,
        hint: `Check the name after the last / in ${urlSetting[side]}.`,
      };
    case '42501':
      return {
        code: 'DATABASE_PERMISSION_DENIED',
        message: `The role ${config.user} may not do this on ${sideTitle[side]}: ${said}.`,
        hint:
          side === 'source'
            ? 'Use the owner of the tables, or grant the role SELECT on them (and BYPASSRLS where row security is on).'
            : 'Use the project’s postgres role.',
      };
    case '53300':
      return {
        code: 'DATABASE_TOO_MANY_CONNECTIONS',
        message: `${sentence(sideTitle[side])} has no free connection.`,
        hint: 'Stop other clients, or raise the limit or the pool size, and try again.',
        retryable: true,
      };
    case '53100':
      if (side === 'target') {
        return {
          code: 'TARGET_DISK_FULL',
          message: 'The disk of the target database is full.',
          hint: 'Enlarge the disk of the project, then resume the run: what is finished is kept.',
          retryable: true,
        };
      }
      break;
    case '25006':
      if (side === 'target') {
        return {
          code: 'TARGET_READ_ONLY',
          message: 'The target database accepts no writes at present.',
          hint: 'A managed database turns read-only when its disk is nearly full: enlarge it, then resume the run.',
          retryable: true,
        };
      }
      break;
    case '57P01':
    case '57P02':
      if (phase === 'work') return lost(side);
      break;
    case '57014':
      return {
        code: 'TIMED_OUT',
        message: `${sentence(sideTitle[side])} cancelled a statement: ${said}.`,
        hint: 'Look for a statement_timeout of the role or the pooler, then resume.',
        retryable: true,
      };
    default:
  }
  if (code.startsWith('57P')) {
    return {
      code: 'DATABASE_SHUTTING_DOWN',
      message: `${sentence(sideTitle[side])} is starting up or shutting down.`,
      hint: 'Wait a moment and try again.',
      retryable: true,
    };
  }
  // A value whose binary form the server does not understand answers with the code of a broken protocol.
  if (code.startsWith('08') && phase === 'work' && !/left in message/.test(said)) return lost(side);
  return {
    code: 'DATABASE_STATEMENT_FAILED',
    message: `${sentence(sideTitle[side])} reports: ${said === '' ? code : said}.`,
    hint: 'The details hold the SQLSTATE; the server’s log says more.',
    retryable: code.startsWith('40') || code.startsWith('55P'),
  };
}

/** A pooler answers some failures of its own under a general code. */
function fromPooler(fields: ErrorFields, context: FailureContext): Situation | undefined {
  const { side } = context.config;
  if (/max clients|Max client connections|MaxClientsInSessionMode/i.test(fields.message)) {
    return {
      code: 'DATABASE_TOO_MANY_CONNECTIONS',
      message: 'The connection pooler has no free connection.',
      hint: 'Stop other clients, or raise the pool size in the project’s database settings.',
      retryable: true,
    };
  }
  if (/tenant or user not found/i.test(fields.message)) {
    return {
      code: 'DATABASE_AUTH_FAILED',
      message: 'The pooler knows no such project or user.',
      hint: `On the pooler the user is postgres.<project ref>, and the region must be the project’s. See ${urlSetting[side]}.`,
    };
  }
  return undefined;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Any failure of a database connection as an AppError. Server messages are kept, their DETAIL (which quotes rows) is not. */
export function classifyDatabaseError(error: unknown, context: FailureContext): AppError {
  if (error instanceof AppError) return error;
  if (context.signal?.aborted === true || isCancelled(error)) {
    return new AppError('CANCELLED', 'The operation was cancelled.');
  }
  // Node collects the failures of all addresses of a name.
  const first: unknown = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const parsed = errorFields.safeParse(first);
  const fields: ErrorFields = parsed.success ? parsed.data : { message: '' };
  const situation =
    fromPooler(fields, context) ?? fromNetwork(fields, context) ?? fromSqlState(fields, context);
  const details: Record<string, string> = { side: context.config.side };
  if (fields.code !== undefined)
    details[/^[0-9A-Z]{5}$/.test(fields.code) ? 'sqlstate' : 'code'] = fields.code;
  for (const name of ['schema', 'table', 'column', 'constraint'] as const) {
    const value = fields[name];
    if (value !== undefined) details[name] = value;
  }
  if (situation === undefined) {
    return new AppError(
      'DATABASE_STATEMENT_FAILED',
      `${sentence(sideTitle[context.config.side])} failed: ${fields.message}.`,
      {
        details,
      },
    );
  }
  return new AppError(situation.code, situation.message.replace(/\.\.$/, '.'), {
    hint: situation.hint,
    retryable: situation.retryable,
    details,
  });
}
