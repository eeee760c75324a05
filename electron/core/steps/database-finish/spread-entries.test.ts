import { expect, it } from 'vitest';
import { batchesOf, longestFirst, spreadEntries } from './spread-entries';

const entry = (type: string, id: string, sql: string) => ({ type, id, sql });

it('builds the index of a key first and attaches it once all are built', () => {
  const spread = spreadEntries(
    [
      entry(
        'CONSTRAINT',
        'CONSTRAINT public.a a_pkey',
        'ALTER TABLE ONLY public.a\n    ADD CONSTRAINT a_pkey PRIMARY KEY (id, "the; other") INCLUDE (x) WITH (fillfactor=\'70\') DEFERRABLE INITIALLY DEFERRED;\n\nALTER TABLE public.a CLUSTER ON a_pkey;',
      ),
      entry(
        'CONSTRAINT',
        'CONSTRAINT s.b u',
        'ALTER TABLE ONLY "S S"."b""" ADD CONSTRAINT "u""" UNIQUE NULLS NOT DISTINCT (v);',
      ),
      entry('INDEX', 'INDEX public.i', 'CREATE INDEX i ON public.a USING btree (x);'),
      entry(
        'CONSTRAINT',
        'CONSTRAINT public.parted p',
        'ALTER TABLE ONLY public.parted ADD CONSTRAINT p PRIMARY KEY (id);',
      ),
      entry(
        'CONSTRAINT',
        'CONSTRAINT public.c x',
        'ALTER TABLE ONLY public.c ADD CONSTRAINT x EXCLUDE USING gist (during WITH &&);',
      ),
      entry('INDEX ATTACH', 'INDEX ATTACH public.z', 'ALTER INDEX public.p ATTACH PARTITION public.z;'),
    ],
    new Set(['public.parted']),
  );
  expect(spread.map((item) => item.sql)).toEqual([
    'CREATE UNIQUE INDEX a_pkey ON public.a USING btree (id, "the; other") INCLUDE (x) WITH (fillfactor=\'70\');',
    'CREATE UNIQUE INDEX "u""" ON "S S"."b""" USING btree (v) NULLS NOT DISTINCT;',
    'CREATE INDEX i ON public.a USING btree (x);',
    'ALTER TABLE ONLY public.parted ADD CONSTRAINT p PRIMARY KEY (id);',
    'ALTER TABLE ONLY public.c ADD CONSTRAINT x EXCLUDE USING gist (during WITH &&);',
    'ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY USING INDEX a_pkey DEFERRABLE INITIALLY DEFERRED;\n\nALTER TABLE public.a CLUSTER ON a_pkey;',
    'ALTER TABLE ONLY "S S"."b""" ADD CONSTRAINT "u""" UNIQUE USING INDEX "u""";',
    'ALTER INDEX public.p ATTACH PARTITION public.z;',
  ]);
  expect(batchesOf(spread).map((batch) => batch.length)).toEqual([3, 1, 1, 2, 1]);
  expect(new Set(spread.map((item) => item.id)).size).toBe(spread.length);
});

it('looks at the rows of foreign keys after all of them are made, unless the source never looked', () => {
  const spread = spreadEntries(
    [
      entry(
        'FK CONSTRAINT',
        'f1',
        'ALTER TABLE ONLY public.a\n    ADD CONSTRAINT f1 FOREIGN KEY (b) REFERENCES public.b(id) ON DELETE CASCADE;',
      ),
      entry(
        'FK CONSTRAINT',
        'f2',
        'ALTER TABLE ONLY public.a\n    ADD CONSTRAINT f2 FOREIGN KEY (c) REFERENCES public.c(id) NOT VALID;',
      ),
      entry(
        'FK CONSTRAINT',
        'f3',
        'ALTER TABLE public.parted\n    ADD CONSTRAINT f3 FOREIGN KEY (c) REFERENCES public.c(id);',
      ),
      entry('TRIGGER', 't', 'CREATE TRIGGER t …'),
    ],
    new Set(['public.parted']),
  );
  expect(spread.map((item) => item.id)).toEqual(['f1', 'f2', 'f3', 'f1: rows', 't']);
  expect(spread[0]?.sql).toMatch(/ON DELETE CASCADE NOT VALID;$/);
  expect(spread[3]?.sql).toBe('ALTER TABLE ONLY public.a VALIDATE CONSTRAINT f1;');
});

it('begins with the indexes of the largest table, those over several columns first', () => {
  const batch = spreadEntries(
    [
      entry(
        'CONSTRAINT',
        'CONSTRAINT public.a p',
        'ALTER TABLE ONLY public.a\n    ADD CONSTRAINT p PRIMARY KEY (id);',
      ),
      entry(
        'CONSTRAINT',
        'CONSTRAINT public."B c" q',
        'ALTER TABLE ONLY public."B c"\n    ADD CONSTRAINT q UNIQUE (x);',
      ),
      entry(
        'INDEX',
        'INDEX public.i',
        'CREATE INDEX i ON ONLY public."B c" USING btree (x, y) WHERE (x > 0);',
      ),
      entry('INDEX', 'INDEX public.j', 'CREATE INDEX j ON public.unknown USING gin (x);'),
    ],
    new Set(),
  ).filter(({ stage }) => stage === 'build');
  const sizes = new Map([
    ['public.a', 10],
    ['public."B c"', 20],
  ]);
  expect(longestFirst(batch, sizes).map(({ id }) => id)).toEqual([
    'INDEX public.i',
    'CONSTRAINT public."B c" q: index',
    'CONSTRAINT public.a p: index',
    'INDEX public.j',
  ]);
});
