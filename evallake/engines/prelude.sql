-- Trino's names on DuckDB: with these macros both engines read one SQL text.
-- Kept in the database file, so that they also serve whoever opens it with another client.
-- A name that DuckDB has too is overridden where its meaning differs; the original stays
-- reachable as system.main.<name>.

-- arrays and maps
create or replace macro cardinality(a) as cast(len(a) as bigint);  -- of a map: cardinality(map_keys(m))
create or replace macro element_at(c, k) as c[k];
create or replace macro sequence(a, b) as generate_series(cast(a as bigint), cast(b as bigint));
create or replace macro array_join(a, s) as  -- '' where every element is null, as of no elements
    case when a is not null then coalesce(array_to_string(a, s), '') end;
-- null as soon as one element is null, where DuckDB's own skip it
create or replace macro array_max(a) as case when list_aggregate(a, 'count') = len(a) then list_max(a) end;
create or replace macro array_min(a) as case when list_aggregate(a, 'count') = len(a) then list_min(a) end;
create or replace macro array_distinct(a) as  -- a null among the elements stays one of them
    case
        when list_aggregate(a, 'count') = len(a) then system.main.array_distinct(a)
        when a is not null then list_append(system.main.array_distinct(a), null)
    end;
create or replace macro arrays_overlap(a, b) as list_has_any(a, b);
create or replace macro slice(a, s, n) as list_slice(a, s, s + n - 1);

-- text
create or replace macro regexp_like(s, p) as regexp_matches(s, p);
create or replace macro regexp_replace(s, p, r) as system.main.regexp_replace(s, p, r, 'g');
create or replace macro regexp_extract(s, p) as nullif(system.main.regexp_extract(s, p), ''),
    (s, p, g) as nullif(system.main.regexp_extract(s, p, g), '');
create or replace macro split_part(s, d, i) as
    case when i <= len(system.main.string_split(s, d)) then system.main.split_part(s, d, i) end;
create or replace macro to_utf8(s) as encode(s);

-- JSON: scalars only, null for an object, an array or text that is not JSON
create or replace macro json_extract_scalar(j, p) as
    case
        when json_type(try_cast(j as json), p) not in ('OBJECT', 'ARRAY')
            then json_extract_string(try_cast(j as json), p)
    end;
create or replace macro json_parse(s) as cast(s as json);
create or replace macro json_array_length(j) as cast(system.main.json_array_length(j) as bigint);

-- numbers
-- null as soon as one argument is null, where DuckDB's own skip it
create or replace macro greatest(a, b) as
    case when a is not null and b is not null then system.main.greatest(a, b) end,
    (a, b, c) as
    case
        when a is not null and b is not null and c is not null
            then system.main.greatest(a, b, c)
    end;
create or replace macro least(a, b) as
    case when a is not null and b is not null then system.main.least(a, b) end,
    (a, b, c) as
    case
        when a is not null and b is not null and c is not null then system.main.least(a, b, c)
    end;
create or replace macro is_nan(x) as isnan(x);
create or replace macro is_finite(x) as isfinite(x);
create or replace macro infinity() as cast('Infinity' as double);
create or replace macro nan() as cast('NaN' as double);
create or replace macro truncate(x) as trunc(x);
create or replace macro e() as exp(1e0);
create or replace macro bitwise_and(a, b) as a & b;
create or replace macro bitwise_xor(a, b) as xor(a, b);

-- times
create or replace macro to_unixtime(t) as epoch(t);
create or replace macro from_unixtime(x) as to_timestamp(x);
create or replace macro from_iso8601_timestamp(s) as cast(s as timestamptz);

-- aggregates
create or replace macro every(b) as bool_and(b);
