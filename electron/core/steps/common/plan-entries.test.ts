import { describe, expect, it } from 'vitest';
import { copyFormat, hashExpression, type ColumnFacts } from './column-rules';
import { granteeOf } from './plan-entries';
import { qualified, quoteText } from './sql-text';

const column = (facts: Partial<ColumnFacts>): ColumnFacts => ({
  name: 'c',
  generated: false,
  type: 'text',
  kind: 'b',
  builtIn: true,
  hasBinary: true,
  deterministic: true,
  element: null,
  ...facts,
});

describe('granteeOf', () => {
  it.each([
    ['GRANT SELECT ON TABLE public.t TO reader', 'reader'],
    ['GRANT ALL ON TABLE public."TO x" TO "Odd ""role"""', 'Odd "role"'],
    ['REVOKE ALL ON SCHEMA public FROM PUBLIC', 'PUBLIC'],
    ['GRANT SELECT(a,b) ON TABLE public.t TO reader WITH GRANT OPTION', 'reader'],
    ['SET SESSION AUTHORIZATION x', undefined],
  ])('%s', (statement, role) => {
    expect(granteeOf(statement)).toBe(role);
  });
});

describe('column rules', () => {
  it('hash what equality hides as text, and numbers with their decimals as they are stored', () => {
    expect(hashExpression(column({ type: 'int4' }), true)).toBe('"c"');
    expect(hashExpression(column({ type: 'numeric' }), false)).toBe('pg_catalog.numeric_send("c")');
    for (const facts of [
      { type: 'mood', kind: 'e', builtIn: false },
      { type: 'text', deterministic: false },
      { type: 'citext', builtIn: false },
    ]) {
      expect(hashExpression(column(facts), true)).toBe('"c"::text collate "C"');
    }
  });

  it('copy in binary unless OIDs travel', () => {
    expect(copyFormat([column({}), column({ type: 'mood', kind: 'e', builtIn: false })])).toBe('binary');
    expect(copyFormat([column({ type: '_text', element: { type: 'text', kind: 'b', builtIn: true } })])).toBe(
      'binary',
    );
    expect(
      copyFormat([column({ type: '_mood', element: { type: 'mood', kind: 'e', builtIn: false } })]),
    ).toBe('text');
    expect(copyFormat([column({ type: 'pair', kind: 'c', builtIn: false })])).toBe('text');
    expect(copyFormat([column({ type: 'regclass' })])).toBe('text');
    expect(copyFormat([column({ type: 'pair', kind: 'c', builtIn: false, generated: true })])).toBe('binary');
  });
});

describe('SQL text', () => {
  it('quotes names and texts', () => {
    expect(qualified({ schema: 'a"b', name: 'select' })).toBe('"a""b"."select"');
    expect(quoteText("it's")).toBe("'it''s'");
  });
});
