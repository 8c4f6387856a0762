-- Grain: one row per city_id.
{{ config(materialized='table', write_compression='zstd') }}
select city_id, name, people from {{ ref('cities') }} where people > 100
