-- Grain: one row per load_id.
-- The history of the lake: superseded and dropped loads too, so it is not cut down to the pin.
-- Stored as a table, as the pin is, so that a build never changes underfoot.

{{ config(materialized='table') }}

with source as (

    select * from {{ source('lake', 'loads') }}

),

typed as (

    select
        source.job_id,
        source.load_id,
        source.state,
        source.reason,
        source.source_uri,
        source.digest,
        source.input_digest,
        source.format,
        cast(source.ingested_at_utc as timestamp) as ingested_at_utc,
        cast(source.committed_at_utc as timestamp) as committed_at_utc,
        source.sequence,
        source.rows_read,
        source.rows_landed,
        source.rows_merged,
        source.rows_duplicate,
        source.rows_rejected,
        source.files_json,
        source.tables_json,
        source.findings_json
    from source

)

select * from typed
