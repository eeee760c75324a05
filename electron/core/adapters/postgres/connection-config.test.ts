import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAppError } from '#shared/model/errors';
import { parseConnectionUrl } from './connection-config';

function failure(side: 'source' | 'target', url: string) {
  try {
    parseConnectionUrl(side, url);
    return undefined;
  } catch (error) {
    return toAppError(error);
  }
}

describe('parseConnectionUrl', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string(),
        fc.string({ minLength: 1 }),
        (user, password, database) => {
          const parts = [user, password, database].map(encodeURIComponent);
          const config = parseConnectionUrl(
            'source',
            `postgresql://${parts[0] ?? ''}:${parts[1] ?? ''}@db:6000/${parts[2] ?? ''}`,
          );
          expect(config).toMatchObject({ user, password, host: 'db', port: 6000 });
          if (!/^\.+$/.test(database)) expect(config.database).toBe(database);
        },
      ),
    );
  });

  it('verifies TLS everywhere but on loopback, unless told otherwise', () => {
    const tls = (url: string) => parseConnectionUrl('source', url).tls;
    expect(tls('postgresql://u@db.internal/d')).toBe('verify');
    expect(tls('postgresql://u@db.internal/d?sslmode=prefer')).toBe('verify');
    expect(tls('postgresql://u@db.internal/d?sslmode=disable')).toBe('off');
    expect(tls('postgresql://u@127.0.0.1/d')).toBe('off');
    expect(tls('postgresql://u@[::1]/d')).toBe('off');
    expect(tls('postgresql://u@127.0.0.1/d?sslmode=require')).toBe('verify');
    expect(failure('target', 'postgresql://u@db.internal/d?sslmode=disable')?.code).toBe('SETTING_INVALID');
  });

  it('refuses the transaction pooler', () => {
    for (const url of [
      'postgresql://postgres.ref:p@eu.pooler.supabase.com:6543/postgres',
      'postgresql://postgres:p@db.abcdefghijklmnopqrst.supabase.co:6543/postgres',
    ])
      expect(failure('target', url)?.code).toBe('SUPABASE_TRANSACTION_POOLER');
  });

  it('names the setting and never the password', () => {
    for (const url of [
      'marked',
      'http://u:marked@h/d',
      'postgresql://:marked@h/d',
      'postgresql://u:marked%@h/d',
      'postgresql://u:marked@h/d?sslmode=x',
    ]) {
      const error = failure('source', url);
      expect(error).toMatchObject({ code: 'SETTING_INVALID', details: { setting: 'SOURCE_DATABASE_URL' } });
      expect(JSON.stringify(error?.toShape())).not.toContain('marked');
    }
  });
});
