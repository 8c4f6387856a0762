"""`evallake register`: the catalogue and the log's snapshots, made anew from what is in the lake."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from evallake.cli.options import catalogue_of, configuration, format_option
from ingest.errors import InputError


@click.command(short_help="Make the Glue tables of a lake on S3 anew.")
@format_option("table", "json")
@click.pass_context
def register(context: click.Context, format: str) -> None:
    """Make the Glue database what the lake says: tables, columns and every load's partitions.

    Ingest registers what it lands, so this is for a database that somebody deleted or changed,
    or a lake that was copied or landed with --no-glue. The log's snapshots, loads and
    current_loads, are written anew too. Safe to run at any time, also while others ingest.

    \b
    Example:
      export EVALLAKE_ROOT=s3://my-bucket/evallake
      evallake register
    """
    import pyarrow as pa

    from evallake.cli.talk import bar, say
    from evallake.output import to_json, write_result
    from ingest.lake import Lake

    config = configuration(context)
    catalogue = catalogue_of(config)
    if catalogue is None:
        raise InputError(
            "only a lake on S3 is registered in Glue, DuckDB reads the folders of a local one"
            if not config.is_remote
            else "--no-glue says not to register it",
            where=config.root,
            do="give the lake with --root s3://bucket/prefix"
            if not config.is_remote
            else "leave --no-glue (or EVALLAKE_NO_GLUE) out",
        )
    Lake.open(config.root)  # a mistyped address makes no lake
    with bar(f"registering in {catalogue.name}", note="writing schemas and snapshots") as step:
        lake = Lake.open(config.root, create=True)
        lake.refresh_snapshots()
        changes = catalogue.rebuild(
            lake.loads, now=datetime.now(UTC), grace=config.glue_grace, on_step=step
        )
    jobs = len(lake.current())
    if format == "json":
        tables = [asdict(change) for change in changes]
        told = {"database": config.glue_database, "lake": lake.root, "jobs": jobs}
        click.echo(to_json({**told, "tables": tables}))
    else:
        rows = [
            {
                "table": change.table,
                "action": change.action,
                "partitions": change.partitions,
                "added": change.partitions_added,
                "mended": change.partitions_mended,
                "removed": change.partitions_removed,
            }
            for change in changes
        ]
        kinds = [pa.string(), pa.string(), *[pa.int64()] * 4]
        schema = pa.schema([pa.field(n, k) for n, k in zip(rows[0], kinds, strict=True)])
        write_result(pa.Table.from_pylist(rows, schema=schema), "table")
    say(f"{catalogue.name} shows the {jobs:,} visible jobs of {lake.root}")
