/** How many rows the larger tables get; together with the small ones about 200,000. */
const rows = {
  addresses: 3_000,
  products: 5_000,
  productPrices: 10_000,
  stock: 20_000,
  orders: 24_000,
  payments: 18_000,
  shipments: 12_000,
  reviews: 9_000,
  documents: 400,
  subscribers: 1_500,
  events: 33_000,
  tickets: 2_000,
} as const;

export interface DataOptions {
  /** Share of the full row counts, from 0 to 1; users and the small tables are always complete. */
  scale: number;
  userCount: number;
  /** How many addresses of files the temporary table `file` holds. */
  fileCount: number;
}

/**
 * What the data is computed with, in a schema of its own that {@link dataSql} drops again: `pick(key, n)` is a number
 * from 0 to n-1 that depends on the key alone, so every start has the same rows.
 */
export const helpersSql = `
  create schema seeding;
  set local search_path to public, seeding;
  create function seeding.pick(key text, n bigint) returns bigint language sql immutable as $$
    select (hashtextextended(key, 42) & 9223372036854775807) % n $$;
  create function seeding.id(kind text, n bigint) returns uuid language sql immutable as $$
    select md5(kind || ':' || n)::uuid $$;
  create function seeding.at(key text) returns timestamptz language sql immutable as $$
    select timestamptz '2024-01-03 08:00:00Z' + (hashtextextended(key, 7) & 9223372036854775807) % 86000000000000 * interval '1 microsecond' $$`;

/** `$1`: the addresses of files that rows point at. */
export const fileTableSql =
  'create table seeding.file as select row_number() over () - 1 as n, url from unnest($1::text[]) as url';

/** `$1`: the users as a JSON array; `$2`: how many files there are. */
export const userRowsSql = `
  insert into users (id, email, hashed_password, full_name, role, is_active, is_verified, avatar_url, preferences, created_at, last_login_at)
  select u.id, u.email, u.hashed_password, u.full_name, u.role, u.is_active, u.is_verified, avatar.url,
    jsonb_build_object('locale', case when u.n % 3 = 0 then 'de' else 'en' end, 'newsletter', u.n % 2 = 0, 'theme', jsonb_build_object('dark', u.n % 5 = 0)),
    timestamptz '2023-05-01 09:00:00.123456Z' + u.n * interval '7 hours 13 minutes',
    case when u.n % 4 <> 0 then timestamptz '2026-02-01 06:30:00.5Z' + u.n * interval '11 minutes' end
  from rows from (jsonb_to_recordset($1::jsonb) as (
    id uuid, email text, hashed_password text, full_name text, role text, is_active boolean, is_verified boolean
  )) with ordinality as u (id, email, hashed_password, full_name, role, is_active, is_verified, n)
  left join file as avatar on avatar.n = pick('avatar' || u.n, $2::bigint * 2)`;

/** The statements that fill every table but `users`; foreign keys are not checked while they run, and a test proves that they hold. */
export function dataSql({ scale, userCount, fileCount }: DataOptions): string {
  const count = (name: keyof typeof rows): number => Math.max(20, Math.round(rows[name] * scale));
  const orders = count('orders');
  const products = count('products');
  // Orders go to the first address of their buyer, so every user has one at any scale.
  const addresses = Math.max(count('addresses'), userCount);
  return `
insert into alembic_version values ('8f2c41d07ab3');
create table seeding.person as select id, row_number() over (order by created_at) - 1 as n from users;
create unique index on person (n);

insert into addresses (user_id, label, street, postcode, city, country, is_default)
select p.id, case when g < ${userCount} then 'home' else 'work' end,
  (array['Lange Straße', 'Rue de l''Église', 'High Street', 'Plaza Mayor', 'Østergade'])[1 + pick('street' || g, 5)] || ' ' || 1 + pick('number' || g, 200),
  lpad(pick('postcode' || g, 99999)::text, 5, '0'),
  (array['Köln', 'Lyon', 'Leeds', 'Málaga', 'Århus'])[1 + pick('street' || g, 5)],
  (array['DE', 'FR', 'GB', 'ES', 'DK'])[1 + pick('street' || g, 5)], g < ${userCount}
from generate_series(0, ${addresses - 1}) g join person p on p.n = g % ${userCount};

insert into departments (id, name, manager_id) select g, (array['Sales', 'Support', 'Warehouse', 'Finance', 'Engineering'])[g], g * 10 from generate_series(1, 5) g;
insert into employees (id, user_id, department_id, hired_on, salary, working_hours)
select g, p.id, 1 + (g - 1) / 10, date '2020-01-01' + g * 17, 30000 + g * 733.25, int4range(6 + g % 4, 14 + g % 4)
from generate_series(1, 50) g join person p on p.n = g;
select setval('departments_id_seq', 5), setval('employees_id_seq', 50);

insert into categories (id, parent_id, name, position) overriding system value
select g, case when g > 109 then 100 + g % 10 end, 'Category ' || g || case when g % 7 = 0 then ' & more' else '' end, g % 10
from generate_series(100, 159) g;
select setval('categories_id_seq', 159);

insert into products (id, sku, category_id, name, description, price, list_price, tax_rate, weight_grams, tags, attributes, image_urls, dimensions, is_published, created_at, updated_at)
select id('product', g), 'SKU-' || lpad(g::text, 6, '0'), 100 + pick('category' || g, 60),
  (array['Steel', 'Oak', 'Linen', 'Glass', 'Cork'])[1 + pick('material' || g, 5)] || ' ' || (array['lamp', 'chair', 'bowl', 'shelf', 'clock'])[1 + pick('thing' || g, 5)] || ' ' || g,
  case when g % 5 <> 0 then repeat('A solid piece of work, made to last. ', (1 + pick('length' || g, 12))::integer) || 'No. ' || g || E'\\nTab\\there, quote '' and backslash \\\\.' end,
  pick('price' || g, 50000) / 100.0,
  case when g % 3 = 0 then row(pick('price' || g, 50000) / 100.0 * 1.19, 'EUR')::money_amount end,
  case when g % 9 = 0 then 7 else 19 end, (1 + pick('weight' || g, 9000))::integer,
  case g % 4 when 0 then '{}' when 1 then array['new'] when 2 then array['sale', 'last, chance'] else array['a "quoted" tag', 'naïve', null] end,
  jsonb_build_object('color', (array['red', 'green', 'blue', null])[1 + g % 4], 'sizes', jsonb_build_array(g % 3, g % 5, 1.50), 'manual', manual.url),
  case when g % 6 = 0 then '{}' else array[picture.url, second.url] end,
  case when g % 2 = 0 then array[g % 100 + 0.1, 1.0 / (1 + g % 7), 1e-7 * g] end, g % 10 <> 0, at('product' || g), at('product' || g) + interval '1 hour'
from generate_series(1, ${products}) g
left join file manual on manual.n = pick('manual' || g, ${fileCount * 3})
join file picture on picture.n = pick('picture' || g, ${fileCount})
join file second on second.n = pick('second' || g, ${fileCount});

insert into product_prices (product_id, price, valid)
select id('product', 1 + g / 2 % ${products}), pick('old' || g, 50000) / 100.0,
  case when g % 2 = 0 then price_window('-infinity', '2025-01-01Z') else price_window('2025-01-01Z', null) end
from generate_series(0, ${Math.min(count('productPrices'), products * 2) - 1}) g;

insert into warehouses values
  ('CGN', 'Köln', point(50.9375, 6.9603), '05:30', '10.1.0.0/16'), ('LYS', 'Lyon', point(45.764, 4.8357), '06:00', '10.2.0.0/16'),
  ('LBA', 'Leeds', point(53.8008, -1.5491), '07:15', 'fd00:3::/48'), ('AAR', 'Århus', null, '06:00', null);
insert into stock (warehouse_code, product_id, quantity, reserved, counted_at)
select (array['CGN', 'LYS', 'LBA', 'AAR'])[1 + g % 4], id('product', 1 + g / 4), 10 + pick('quantity' || g, 500), pick('reserved' || g, 10),
  case when g % 8 <> 0 then at('count' || g) at time zone 'UTC' end
from generate_series(0, ${Math.min(count('stock'), products * 4) - 1}) g;

insert into coupons (code, discount, valid_days, max_uses, per_status)
select 'Save' || g, (5 + g % 40)::numeric, daterange(date '2024-01-01' + g, case when g % 5 <> 0 then date '2024-03-01' + g end, '[]'),
  nullif(g % 100, 0), case when g % 2 = 0 then '{placed,paid}'::order_status[] else '{draft}' end
from generate_series(1, 200) g;

insert into order_items (order_id, line, product_id, quantity, unit_price, discount)
select o, line, id('product', 1 + product), (1 + pick('pieces' || o || '-' || line, 5))::integer, pick('price' || product, 50000) / 100.0,
  case when o % 10 = 0 then 12.5 else 0 end
from generate_series(1, ${orders}) o, generate_series(1, 1 + o % 4) line,
  lateral (select pick('item' || o || '-' || line, ${products}) as product) as chosen;
insert into orders (id, public_id, user_id, address_id, coupon_code, status, invoice_number, total, notes, metadata, placed_at, lead_time)
select g, id('order', g), p.id, case when g % 7 <> 0 then 1 + pick('buyer' || g, ${userCount}) end, case when g % 10 = 0 then 'save' || 1 + g % 200 end,
  (enum_range(null::order_status))[1 + pick('status' || g, 8)], case when g % 3 <> 0 then 100000 + g end, i.total,
  case when g % 25 = 0 then E'Please ring twice.\\r\\n\\u00a0– danke ✓' end,
  case when g % 4 = 0 then jsonb_build_object('source', 'web', 'invoice', invoice.url, 'scores', jsonb_build_array(g, g / 3.0, null)) end,
  at('order' || g), case when g % 2 = 0 then make_interval(months => (g % 3)::integer, days => (g % 20)::integer, mins => g % 90) end
from generate_series(1, ${orders}) g
join person p on p.n = pick('buyer' || g, ${userCount})
join (select order_id, sum(line_total) as total from order_items group by 1) i on i.order_id = g
left join file invoice on invoice.n = pick('invoice' || g, ${fileCount});
select setval('orders_id_seq', ${orders}), setval('invoice_number_seq', ${100_000 + orders});

insert into payments (id, order_id, method, amount, fee, reference, raw_response, paid_at)
select id('payment', g), g, (enum_range(null::payment_method))[1 + g % 4], o.total, o.total * 0.0149 + 0.25, 'PAY-' || g,
  case when g % 3 = 0 then ('{"id": ' || g || ',  "ok":true, "ok":true}')::json end, o.placed_at + interval '3 minutes'
from generate_series(1, ${Math.min(count('payments'), orders)}) g join orders o on o.id = g;

insert into shipments (order_id, warehouse_code, tracking_code, label_url, packed_by, shipped_at, delivered_on)
select g, (array['CGN', 'LYS', 'LBA', 'AAR'])[1 + g % 4], case when g % 9 <> 0 then upper(md5('tracking' || g)) end::varchar(30), label.url, 1 + g % 50,
  at('order' || g) + interval '1 day', (at('order' || g) at time zone 'UTC')::date + 3
from generate_series(1, ${Math.min(count('shipments'), orders)}) g left join file label on label.n = pick('label' || g, ${fileCount * 2});

insert into reviews (product_id, user_id, stars, body, photo_urls, verified, created_at)
select id('product', 1 + g % ${products}), p.id, 1 + pick('stars' || g, 5), case when g % 3 = 0 then 'Very good. 很好! 🙂 no. ' || g end,
  case when g % 8 = 0 then array[photo.url] end, case g % 3 when 0 then true when 1 then false end, at('review' || g)
from generate_series(0, ${Math.min(count('reviews'), products * 2) - 1}) g
join person p on p.n = (g / ${products} * 13 + g % ${userCount}) % ${userCount} join file photo on photo.n = pick('photo' || g, ${fileCount});

insert into documents (id, order_id, file_name, content_type, content, source_url)
select id('document', g), g, 'invoice ' || g || '.pdf', 'application/pdf',
  case when g % 50 = 0 then '' else (select string_agg(sha512((g || '-' || part)::text::bytea), '' order by part) from generate_series(1, 1 + pick('size' || g, 200)) part) end,
  source.url
from generate_series(1, ${Math.min(count('documents'), orders)}) g left join file source on source.n = pick('source' || g, ${fileCount * 2});

insert into newsletter_subscribers (email, confirmed, topics, subscribed_at)
select 'Reader' || g || '@Example.org', g % 4 <> 0, case when g % 2 = 0 then array['offers', 'news'] else '{}' end, at('subscriber' || g)
from generate_series(1, ${count('subscribers')}) g;

insert into events (occurred_at, user_id, kind, path, payload, ip)
select case when g % 1000 = 0 then timestamptz '2023-12-24 18:00:00Z' + g * interval '1 second' else at('event' || g) end,
  case when g % 3 <> 0 then p.id end, (array['view', 'click', 'search', 'checkout'])[1 + g % 4], '/p/' || pick('path' || g, 900),
  case when g % 2 = 0 then jsonb_build_object('n', g, 'q', 'steel lamp') else '{}' end, ('10.' || g % 250 || '.' || g % 7 || '.9')::inet
from generate_series(1, ${count('events')}) g join person p on p.n = pick('visitor' || g, ${userCount});

insert into tickets (user_id, subject, body, attachments, priority, opened_at, closed_at)
select case when g % 20 <> 0 then p.id end, 'Question no. ' || g, 'See ' || f.url || ' – thank you.',
  case when g % 3 = 0 then jsonb_build_array(jsonb_build_object('url', f.url, 'size', g * 10)) else '[]' end, 1 + g % 4, at('ticket' || g),
  case when g % 5 <> 0 then at('ticket' || g) + interval '2 days 3 hours' end
from generate_series(1, ${count('tickets')}) g join person p on p.n = pick('asker' || g, ${userCount}) join file f on f.n = pick('attached' || g, ${fileCount});

insert into settings (key, value, "Updated By", updated_at) values
  ('shop.name', '"Practice shop"', 'anna', '2024-02-01Z'), ('shop.currencies', '["EUR", "GBP"]', null, '2024-02-01Z'),
  ('uploads.base', to_jsonb((select url from file where n = 0)), 'ben', '2024-02-02Z'), ('tax.rates', '{"standard": 19, "reduced": 7.0}', 'anna', '2025-01-01Z'),
  ('empty.string', '""', '', '2025-01-01Z'), ('json.null', 'null', null, '2025-01-01Z');
insert into audit_log (table_name, operation, row_key, at) select 'orders', 'U', g::text, at('audit' || g) from generate_series(1, 600) g;

refresh materialized view analytics.daily_revenue;
drop schema seeding cascade;`;
}
