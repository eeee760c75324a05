/** A column of every type, by a literal of its edge values; extensions are in the schema that the search path finds. */
export const edgeValues: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '0'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
  numeric: ['1.0', '1.00', 'NaN', '1e-40', '-99999999999999999999999999999.5', '0.000'],
  'numeric(12,4)': ['1.0', '-0.0001'],
  real: ['NaN', '-0', 'Infinity', '1.17549e-38', '3.4028235e38'],
  'double precision': ['NaN', '-0', '-Infinity', '1e-300', '0.1'],
  money: ['-92233720368547758.08', '0.01'],
  text: ['', ' ', 'ü\tñ\\N\n"\'', '\\.', '𝔘'],
  'varchar(10)': ['', 'a  ', '\\x'],
  'character(5)': ['', 'a', 'ab c'],
  '"char"': ['a', ''],
  name: ['a name', ''],
  bytea: ['\\x', '\\x00ff5c0a', '\\xdeadbeef'],
  boolean: ['t', 'f'],
  date: ['infinity', '-infinity', '0044-03-15 BC', '5874897-12-31'],
  timestamp: ['infinity', '-infinity', '4713-01-01 00:00:00 BC', '2024-02-29 23:59:59.999999'],
  timestamptz: ['infinity', '-infinity', '2024-06-30 23:59:60+00', '1883-11-18 12:03:58-04:56'],
  time: ['24:00:00', '00:00:00.000001'],
  timetz: ['24:00:00-15:59', '12:00:00+05:45'],
  interval: ['1 mon', '30 days', '720:00:00', '-178000000 years', '1 year -1 day 00:00:00.000001'],
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  json: ['{"a": 1, "a": 2}', '  [1.0, 1.00]', '"\\u0041"', 'null'],
  jsonb: ['{"a": 1.00}', '[123456789012345678901234567890.123456789, 1e400]', 'null', '{}'],
  jsonpath: ['$.a[*] ? (@ > 1)', 'strict $'],
  xml: ['<a x="1">ü</a>', 'text', ''],
  tsvector: ['a:1A fat:2B,4C', ''],
  tsquery: ["'fat' & !'rat' <-> 'cat':*", ''],
  inet: ['10.1.2.3/8', '::ffff:1.2.3.4', '10.1.2.3'],
  cidr: ['10.0.0.0/8', '2001:db8::/32'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  'bit(5)': ['10101', '00000'],
  'bit varying': ['', '1', '0000000000000000000000000001'],
  point: ['(0,-0)', '(1e-300,NaN)', '(Infinity,-Infinity)'],
  line: ['{1,2,3}'],
  lseg: ['[(0,0),(1,1)]'],
  box: ['((1,1),(0,0))'],
  path: ['[(0,0),(1,1)]', '((0,0),(1,1),(2,0))'],
  polygon: ['((0,0),(1,1),(2,0))'],
  circle: ['<(0,0),0>', '<(1,1),1e-10>'],
  int4range: ['empty', '(,)', '[1,5)', '(,5)'],
  numrange: ['[1.0,2.00]', 'empty', '[,NaN)'],
  tstzrange: ['[-infinity,infinity]', 'empty', '(,)'],
  daterange: ['[2024-01-01,infinity)'],
  'integer[]': ['{}', '{NULL}', '{{1,2},{3,4}}', '[0:1]={5,6}', '[-1:0][2:3]={{1,2},{3,4}}'],
  'text[]': ['{}', '{"",NULL,"NULL","a\\"b\\\\c"}', '{{"a,b","c{d}"}}'],
  'numeric[]': ['{1.0,1.00,NaN}'],
  'jsonb[]': ['{"{\\"a\\": 1.0}"}'],
  oid: ['0', '4294967295'],
  xid: ['3', '4294967295'],
  xid8: ['0', '18446744073709551615'],
  tid: ['(0,0)', '(4294967295,65535)'],
  pg_lsn: ['0/0', 'FFFFFFFF/FFFFFFFF'],
  txid_snapshot: ['10:20:10,14,15'],
  regclass: ['pg_catalog.pg_class', '0'],
  regtype: ['integer', 'pg_catalog.text[]'],
  citext: ['Straße', 'STRASSE', ''],
  hstore: ['', 'a=>NULL, "b c"=>"d\\"e"'],
  ltree: ['Top.Science', ''],
  mood: ['happy', 'it\'s "bad"'],
  'mood[]': ['{happy,"it\'s \\"bad\\""}'],
  pair: ['(,)', '("",1.0)', '("a,b\\"c",)'],
  'pair[]': ['{"(x,1.00)",NULL}'],
  percent: ['0.0', '99.90'],
  labels: ['{}', '{a,NULL}'],
  float_range: ['[0,1.5)', 'empty'],
  'text collate insensitive': ['Ä', 'ä', 'a'],
};

/** Types that only newer servers have. */
export const since14: Readonly<Record<string, readonly string[]>> = {
  int4multirange: ['{}', '{[1,5),[10,20)}', '{(,)}'],
  nummultirange: ['{[1.0,2.00)}'],
  numeric_inf: ['Infinity', '-Infinity'],
};

/** What the columns' types need. */
export const typesSql = `
create extension citext; create extension hstore; create extension ltree;
create type mood as enum ('happy', 'so so', 'it''s "bad"');
create type pair as (a text, b numeric);
create domain percent as numeric check (value between 0 and 100);
create domain labels as text[];
create type float_range as range (subtype = float8);
create collation insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
`;

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A table for each type, filled with its values and NULL; `table`: its name, with what names may hold. */
export function typeTables(version: number): { table: string; type: string; sql: string }[] {
  const types = Object.entries({ ...edgeValues, ...(version >= 14 ? since14 : {}) });
  return types.map(([type, values], index) => {
    const table = `"Type ${index} of ""all""\n\\ 'ü' ${'x'.repeat(30)}"`;
    const declared = type === 'numeric_inf' ? 'numeric' : type;
    const plain = declared.replace(/ collate .*/, '');
    const rows = [...values.map((value) => `(${quoted(value)}::${plain})`), '(null)'].join(', ');
    return {
      table,
      type,
      sql: `create table ${table} (id integer generated always as identity primary key, "the value" ${declared});
        insert into ${table} ("the value") values ${rows};`,
    };
  });
}
