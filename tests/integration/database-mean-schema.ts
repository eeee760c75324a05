/** A small schema with what breaks naive copies, and rows in it. Written for PostgreSQL 15 and a role without superuser. */
export const meanSchemaSql = `
create schema "Söll & Haben";
create type mood as enum ('happy', 'so so', 'it''s "bad"');
create type point3 as (x int, y numeric(10, 2), label text);
create domain percent as numeric(5, 2) check (value between 0 and 100);
create domain tag as text check (value <> '') not null;

create function shout(value text) returns text language sql immutable as $body$
  select upper(value) || '--
--
-- Name: fake; Type: TABLE; Schema: public; Owner: nobody
--
create table fake ();' $body$;

create table parents (
  id bigint generated always as identity primary key,
  name text not null unique,
  favourite bigint,
  mood mood not null default 'happy',
  moods mood[] not null default '{happy,"so so"}',
  at3 point3,
  share percent,
  tags tag[],
  price numeric(12, 4),
  ratio double precision,
  span interval,
  during tstzrange,
  data jsonb,
  bytes bytea,
  loud text generated always as (upper(name)) stored,
  created timestamptz not null default now(),
  kind regclass
);
create table children (
  id uuid primary key default gen_random_uuid(),
  parent bigint not null references parents (id) on delete cascade,
  position int not null,
  unique (parent, position) deferrable initially deferred
);
alter table parents add constraint favourite_child_name foreign key (favourite) references parents (id);
alter table children add column sibling uuid references children (id);
create table parents_favourite_child (child uuid references children (id), parent bigint references parents (id));

create table measurements (at date not null, value real, note text collate "C") partition by range (at);
create table measurements_2024 partition of measurements for values from ('2024-01-01') to ('2025-01-01');
create table measurements_rest partition of measurements default partition by list (note);
create table measurements_rest_a partition of measurements_rest for values in ('a');
create table measurements_rest_other partition of measurements_rest default;
create index on measurements (value);

create table "Söll & Haben"."Konto ""1""" ("Größe" int, "select" text, "a b" text, " " int);
create index "Index mit Leerzeichen" on "Söll & Haben"."Konto ""1""" (lower("select")) where "Größe" > 1;
create table bookings (room int, during daterange, exclude using gist (during with &&));
create table empty_columns ();
create table only_generated (a int, b int generated always as (a * 2) stored);
create table base_row (id serial, v text);
create table derived_row (extra int) inherits (base_row);
create unlogged table scratch (v int);

create view v_names as select id, name, loud from parents;
create view v_on_view with (security_barrier) as select name from v_names where id > 1;
create view v_grouped as select p.*, count(c.id) as n from parents p left join children c on c.parent = p.id group by p.id;
create materialized view mv_counts as select mood, count(*) from parents group by mood;
create unique index on mv_counts (mood);
create materialized view mv_empty as select 1 as one with no data;
create materialized view mv_second as select sum(count) from mv_counts;

create function touch() returns trigger language plpgsql as $$ begin new.created := now(); return new; end $$;
create trigger touch_parents before update on parents for each row execute function touch();
create trigger disabled_one before insert on children for each row execute function touch();
alter table children disable trigger disabled_one;
create rule no_delete as on delete to bookings do instead nothing;
alter table children enable row level security;
create policy own_children on children for select using (position > 0);
create statistics parent_stats (dependencies) on name, mood from parents;
create sequence countdown increment -1 minvalue -1000 maxvalue 100 start 100;
comment on table parents is 'a ''quoted'' comment; with -- dashes';
comment on column parents.loud is E'two\\nlines';
comment on index "Söll & Haben"."Index mit Leerzeichen" is 'on an index';

insert into parents (name, mood, at3, share, tags, price, ratio, span, during, data, bytes, kind)
select 'name ' || n || E' \\t \\\\ ü', (array['happy', 'so so', 'it''s "bad"'])[1 + n % 3]::mood, row(n, n / 3.0, 'a,"b')::point3,
  n % 100, array['x', 'y' || n], case when n % 2 = 0 then 1.0 else 1.00 end, case n % 4 when 0 then 'NaN' when 1 then '-0' when 2 then 1e-300::float8 else 'Infinity' end::float8,
  (n || ' days')::interval, tstzrange(now(), null), jsonb_build_object('n', n, 'deep', jsonb_build_array(1.10, null)),
  decode(repeat('00ff5c', n % 50), 'hex'), 'children'::regclass
from generate_series(1, 3000) n;
update parents set favourite = 1 + id % 100;
insert into children (parent, position) select 1 + n % 3000, n from generate_series(1, 5000) n;
insert into parents_favourite_child select id, parent from children limit 10;
insert into measurements select '2023-06-01'::date + n, n / 7.0, case n % 3 when 0 then 'a' when 1 then 'other' end from generate_series(1, 1200) n;
insert into "Söll & Haben"."Konto ""1""" select n, 'S' || n, null, n from generate_series(1, 20) n;
insert into bookings values (1, '[2024-01-01,2024-02-01)'), (1, '[2024-02-01,2024-03-01)');
insert into only_generated (a) values (1), (2), (null);
insert into base_row (v) values ('base');
insert into derived_row (v, extra) values ('derived', 1);
insert into scratch values (1);
select nextval('countdown'), nextval('countdown');
refresh materialized view mv_counts;
refresh materialized view mv_second;
`;
