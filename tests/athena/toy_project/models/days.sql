-- Grain: one row per (day, n). The second run replaces day 2 and adds day 3.
{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    partitioned_by=['day'],
    format='parquet'
) }}
{% if is_incremental() %}
select n, 'second' as note, day from (values (20, '2'), (30, '3')) as v(n, day)
{% else %}
select n, 'first' as note, day from (values (1, '1'), (2, '2'), (3, '2')) as v(n, day)
{% endif %}
