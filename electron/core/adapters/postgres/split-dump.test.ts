import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitDump } from './split-dump';

const header = (name: string, type: string, schema: string): string =>
  `--\n-- Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: -\n--\n\n`;
const preamble = `--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n\nSET statement_timeout = 0;\n\n`;
const end = `--\n-- PostgreSQL database dump complete\n--\n\n`;
const lookalike = header('fake', 'TABLE', 'public');

/** Texts in which a header may appear and is none. */
const hidden = fc.oneof(
  fc.constant(`SELECT 'a ''quoted''\n${lookalike}text';`),
  fc.constant(`COMMENT ON TABLE x IS E'back\\\\slash \\' ${lookalike}';`),
  fc.constant(`CREATE FUNCTION f() AS $_$ it's "odd" $$ ${lookalike} $_$;`),
  fc.constant(`CREATE FUNCTION f() AS $$ '\n${lookalike} $$;`),
  fc.constant(`CREATE TABLE "a ""b\n${lookalike}" ();`),
  fc.constant(`SELECT 1 /* outer /* inner */\n${lookalike} */;`),
  fc.constant(`SELECT a$b$ FROM t; -- it's a comment`),
  fc.constant(`CREATE TABLE t (a text DEFAULT 'x\\'::text);`),
  fc.string({ unit: fc.constantFrom('a', ' ', '\n', '(', ')', ';', '1') }).map((text) => `SELECT ${text};`),
);
const name = fc
  .string({
    unit: fc.constantFrom('a', 'B', ' ', ';', ':', '"', "'", 'ü', '.', '-', '$'),
    minLength: 1,
    maxLength: 12,
  })
  .map((text) => `n${text}n`);
const entry = fc.record({
  name,
  type: fc.constantFrom('TABLE', 'FUNCTION', 'VIEW', 'SEQUENCE OWNED BY', 'INDEX', 'FK CONSTRAINT', 'ACL'),
  schema: fc.constantFrom('public', '-', 'Söll & Haben'),
  sql: hidden,
});

describe('splitDump', () => {
  it('gives back every entry, whatever stands inside of them', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const text = `${preamble}${entries.map((item) => `${header(item.name, item.type, item.schema)}${item.sql}\n\n\n`).join('')}${end}`;
        const split = splitDump(text);
        expect(
          split.map(({ name: found, type, schema, sql }) => ({
            name: found,
            type,
            schema: schema ?? '-',
            sql,
          })),
        ).toEqual(entries.map((item) => ({ ...item, sql: item.sql.trim() })));
        expect(new Set(split.map((item) => item.id)).size).toBe(split.length);
      }),
    );
  });

  it('puts everything from the first post-data entry on behind the rows', () => {
    const text = [
      header('t', 'TABLE', 'public'),
      header('v', 'VIEW', 'public'),
      header('t t_pkey', 'CONSTRAINT', 'public'),
      header('late', 'VIEW', 'public'),
      header('TABLE t', 'ACL', 'public'),
    ].join('SELECT 1;\n\n');
    expect(splitDump(text).map((item) => `${item.section} ${item.id}`)).toEqual([
      'pre-data TABLE public.t',
      'pre-data VIEW public.v',
      'post-data CONSTRAINT public.t t_pkey',
      'post-data VIEW public.late',
      'post-data ACL public.TABLE t',
    ]);
  });

  it('terminates on any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("'", '"', '$', '-', '\n', '/', '*', 'E', '\\', 'a', lookalike) }),
        (text) => {
          expect(splitDump(text).length).toBeLessThanOrEqual(text.split('-- Name: ').length - 1);
        },
      ),
    );
  });

  it('keeps what is written for psql alone out of the entries', () => {
    const dump = `\\restrict abc123\n\n${preamble}${header('t', 'TABLE', 'public')}CREATE TABLE t ();\n\n\n${end}\\unrestrict abc123\n\n`;
    expect(splitDump(dump).map(({ sql }) => sql)).toEqual(['CREATE TABLE t ();']);
  });
});
