-- Grain: one row per (day, n). The second run replaces day 2 and adds day 3.
-- A literal is varchar(n) for its own length, and longer texts would not fit in later: so the cast.
{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    partitioned_by=['day'],
    format='parquet'
) }}
{% if is_incremental() %}
select n, cast('second' as varchar) as note, day from (values (20, '2'), (30, '3')) as v(n, day)
{% else %}
select n, cast('first' as varchar) as note, day from (values (1, '1'), (2, '2'), (3, '2')) as v(n, day)
{% endif %}
