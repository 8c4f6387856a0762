-- Grain: one row per (visit, day). Grows with each run.
{{ config(materialized='incremental', incremental_strategy='append', format='parquet') }}
select {{ var('run', 1) }} as visit, '2026-01-0{{ var('run', 1) }}' as day
