-- Grain: one row per part. More parts than one write may have: dbt-athena writes them in batches.
{{ config(materialized='table', partitioned_by=['part'], format='parquet') }}
select x as n, cast(x as varchar) as part from unnest(sequence(1, 130)) as u(x)
