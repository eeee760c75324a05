import { describe, expect, it } from 'vitest';
import { classifyDatabaseError, type FailureContext } from './classify';

const config = { host: 'db.abcdefgh.supabase.co', port: 5432, user: 'postgres', database: 'postgres' };
const failing = (fields: Record<string, unknown>): Error => Object.assign(new Error('it failed'), fields);

describe('classifyDatabaseError', () => {
  it.each<[Record<string, unknown>, 'source' | 'target', FailureContext['phase'], string]>([
    [{ code: 'ENOTFOUND' }, 'target', 'connect', 'SUPABASE_DIRECT_HOST_NEEDS_IPV6'],
    [{ code: 'ENETUNREACH' }, 'target', 'connect', 'SUPABASE_DIRECT_HOST_NEEDS_IPV6'],
    [{ code: 'ETIMEDOUT' }, 'target', 'connect', 'HOST_UNREACHABLE'],
    [
      { code: 'SELF_SIGNED_CERT_IN_CHAIN', message: 'self-signed certificate in certificate chain' },
      'target',
      'connect',
      'TLS_UNTRUSTED',
    ],
    [{ code: 'ECONNRESET' }, 'source', 'work', 'SOURCE_LOST'],
    [{ code: '57P01' }, 'target', 'work', 'TARGET_LOST'],
    [{ code: '57P03' }, 'source', 'connect', 'DATABASE_SHUTTING_DOWN'],
    [{ code: '53300' }, 'source', 'connect', 'DATABASE_TOO_MANY_CONNECTIONS'],
    [
      { code: 'XX000', message: 'MaxClientsInSessionMode: max clients reached' },
      'target',
      'connect',
      'DATABASE_TOO_MANY_CONNECTIONS',
    ],
    [{ code: 'XX000', message: 'Tenant or user not found' }, 'target', 'connect', 'DATABASE_AUTH_FAILED'],
    [{ code: '53100' }, 'target', 'work', 'TARGET_DISK_FULL'],
    [{ code: '53100' }, 'source', 'work', 'DATABASE_STATEMENT_FAILED'],
    [{ code: '25006' }, 'target', 'work', 'TARGET_READ_ONLY'],
    [{ code: '42501' }, 'source', 'work', 'DATABASE_PERMISSION_DENIED'],
  ])('%o on the %s at %s is %s', (fields, side, phase, code) => {
    expect(classifyDatabaseError(failing(fields), { config: { ...config, side }, phase }).code).toBe(code);
  });

  it('looks into the failures of all addresses of a name', () => {
    const error = new AggregateError([failing({ code: 'ECONNREFUSED' })], '');
    const context: FailureContext = { config: { ...config, side: 'source' }, phase: 'connect' };
    expect(classifyDatabaseError(error, context).code).toBe('CONNECTION_REFUSED');
  });

  it.each([
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: 'self-signed certificate' }, 'sslrootcert'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'made out to'],
    [{ code: 'CERT_HAS_EXPIRED', message: 'certificate has expired' }, 'Renew it'],
    [{ message: 'The server does not support SSL connections' }, 'sslmode=disable'],
  ])('says what to do about a certificate: %o', (fields, hint) => {
    const context: FailureContext = { config: { ...config, side: 'source' }, phase: 'connect' };
    const error = classifyDatabaseError(failing(fields), context);
    expect(error.code).toBe('TLS_UNTRUSTED');
    expect(error.hint).toContain(hint);
  });

  it('keeps the values of rows out', () => {
    const error = failing({
      code: '23505',
      detail: 'Key (email)=(marked@example.com) already exists.',
      table: 'users',
    });
    const shape = classifyDatabaseError(error, {
      config: { ...config, side: 'target' },
      phase: 'work',
    }).toShape();
    expect(shape.details).toEqual({ side: 'target', sqlstate: '23505', table: 'users' });
    expect(JSON.stringify(shape)).not.toContain('marked');
  });
});
