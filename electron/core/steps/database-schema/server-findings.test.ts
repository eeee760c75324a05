import { expect, it } from 'vitest';
import { connectionOf, serverFindings, type ServerFacts, type TargetRoom } from './server-findings';

const facts: ServerFacts = {
  version: '17.10',
  number: 170_010,
  encoding: 'UTF8',
  collate: 'C',
  ctype: 'C',
  provider: 'c',
  zone: 'UTC',
  wal_level: 'logical',
  statement_timeout: '0',
  free: 90,
  read_only: false,
  large_objects: 0,
  role: 'postgres',
  family: 6,
};
const GB = 1e9;
const of = (room: TargetRoom) =>
  serverFindings(facts, facts, 2 * GB, room).map(({ code, severity, message }) => ({
    code,
    severity,
    message,
  }));
const containing = (text: string): unknown => expect.stringContaining(text);

it('tells whether the disk is large enough where that is known', () => {
  expect(of({ kind: 'server' })).toEqual([
    { code: 'TARGET_DISK', severity: 'info', message: containing('is not known') },
  ]);
  expect(of({ kind: 'supabase-direct', freeDiskBytes: 2.5 * GB })).toEqual([
    { code: 'TARGET_DISK', severity: 'warning', message: containing('2.5 GB are free') },
  ]);
  expect(of({ kind: 'supabase-direct', freeDiskBytes: 4 * GB })[0]?.severity).toBe('info');
});

it('holds the session pooler’s size against what a run opens', () => {
  const [first] = of({ kind: 'supabase-session-pooler', poolSize: 5 });
  expect(first).toMatchObject({
    code: 'SESSION_POOLER',
    severity: 'warning',
    message: containing('gives out 5'),
  });
  const [unknown] = of({ kind: 'supabase-session-pooler' });
  expect(unknown).toMatchObject({ severity: 'info', message: containing('15 connections unless') });
});

it('names the kind of a connection', () => {
  expect(connectionOf(facts, 'supabase-direct')).toBe('direct, IPv6');
  expect(connectionOf(facts, 'supabase-session-pooler')).toBe('session pooler');
  expect(connectionOf({ ...facts, family: 0 }, 'server')).toBe('direct');
});
