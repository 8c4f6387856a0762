-- Grain: one row per city_id.
{{ config(materialized='view') }}
select city_id, name from {{ ref('big_cities') }}
