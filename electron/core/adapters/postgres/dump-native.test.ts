import { describe, expect, it } from 'vitest';
import { argumentsFor, parsePgDumpChoice, requireRecent } from './dump-native';

describe('which pg_dump may read a server', () => {
  it.each([
    ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n', '15.4', '15.18'],
    ['pg_dump (PostgreSQL) 19beta1\n', '18.2', '19beta1'],
  ])('%s reads %s', (printed, server, version) => {
    expect(requireRecent(printed, server, 'of this machine').text).toBe(version);
  });

  it.each([
    ['pg_dump (PostgreSQL) 15.18\n', '17.2'],
    ['something else', '13.1'],
  ])('%s does not read %s', (printed, server) => {
    expect(() => requireRecent(printed, server, 'of this machine')).toThrow(/older than the server’s/);
  });

  it('gets no argument that it does not know', () => {
    expect(argumentsFor(14)).not.toContain('--no-table-access-method');
    expect(argumentsFor(15)).toContain('--no-table-access-method');
  });

  it('is named by the setting', () => {
    expect(parsePgDumpChoice(undefined)).toEqual({ kind: 'automatic' });
    expect(parsePgDumpChoice('native')).toEqual({ kind: 'native' });
    expect(parsePgDumpChoice('docker:shop-db-1')).toEqual({ kind: 'container', name: 'shop-db-1' });
    expect(() => parsePgDumpChoice('docker:a; rm')).toThrow(/SOURCE_PG_DUMP/);
  });
});
