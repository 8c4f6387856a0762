"""`evallake vacuum` and `compact`: what nobody needs goes, what is small is folded."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from evallake.cli.options import catalogue_of, configuration, format_option, option

if TYPE_CHECKING:
    from evallake.housekeeping import Unfinished
    from ingest.lake.vacuum import VacuumResult


@click.command(short_help="Remove files that no load needs any more.")
@option(
    "--grace",
    type=click.FloatRange(min=0),
    default=24.0,
    metavar="HOURS",
    help="How long files stay after nobody needs them: longer than any build and any ingest.",
)
@option("--dry-run", is_flag=True, help="Only say what would be removed.")
@format_option("table", "json")
@click.pass_context
def vacuum(context: click.Context, grace: float, dry_run: bool, format: str) -> None:
    """Remove the files of dropped and superseded loads, and what killed ingests left behind.

    A dropped job whose files are removed cannot be restored any more, only ingested again. Held
    loads stay until somebody releases or supersedes them. Safe to run at any time, also while
    others ingest, build and ask.

    \b
    Example:
      evallake vacuum --dry-run
      evallake vacuum --grace 168
    """
    from evallake.cli.talk import bar, say
    from evallake.housekeeping import remove_unfinished_build
    from evallake.output import to_json
    from ingest.lake import Lake
    from ingest.lake.vacuum import vacuum as remove_waste

    config = configuration(context)
    lake = Lake.open(config.root)
    with bar("vacuuming", note="looking at the log and the files") as step:
        result = remove_waste(
            lake,
            now=datetime.now(UTC),
            grace=timedelta(hours=grace),
            dry_run=dry_run,
            catalogue=catalogue_of(config),
            progress=lambda done, of: step(done, of, "removing files"),
        )
    builds = remove_unfinished_build(config, dry_run=dry_run)
    if format == "json":
        click.echo(to_json(_told(result, builds, lake.root)))
    else:
        _write_table(result, builds)
    verb = "would remove" if dry_run else "removed"
    say(f"{verb} {result.files:,} files of {lake.root}, {result.bytes / 1e6:,.1f} MB in all")
    if result.kept:
        say(f"kept {len(result.kept)} loads that were restored or committed meanwhile")


def _told(result: VacuumResult, builds: tuple[Unfinished, ...], root: str) -> dict[str, Any]:
    return {
        "lake": root,
        "dry_run": result.is_dry_run,
        "files": result.files,
        "bytes": result.bytes,
        "waste": [asdict(waste) for waste in result.waste],
        "leftovers": [asdict(leftover) for leftover in result.leftovers],
        "builds": [asdict(build) for build in builds],
        "kept": list(result.kept),
    }


def _write_table(result: VacuumResult, builds: tuple[Unfinished, ...]) -> None:
    """Files and bytes by what they are; jobs are listed by --format json."""
    import pyarrow as pa

    from evallake.output import write_result

    names = {
        "hidden": "dropped and superseded loads",
        "uncommitted": "ingests that never committed",
        "replaced": "files that were folded into others",
    }
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for waste in result.waste:
        files[names[waste.reason]] += len(waste.keys)
        sizes[names[waste.reason]] += waste.bytes
    for what, leftovers in (
        ("private files of killed ingests", result.leftovers),
        ("working copies of killed builds", builds),
    ):
        for leftover in leftovers:
            files[what] += 1
            sizes[what] += leftover.bytes or 0
    rows = [{"what": what, "files": files[what], "bytes": sizes[what]} for what in files]
    schema = pa.schema([("what", pa.string()), ("files", pa.int64()), ("bytes", pa.int64())])
    write_result(pa.Table.from_pylist(rows, schema=schema), "table")


@click.command(short_help="Fold small files and the log of a lake of many jobs.")
@format_option("table", "json")
@click.pass_context
def compact(context: click.Context, format: str) -> None:
    """Fold the one small file per load of `jobs` and its like into one, and the log too.

    Worthwhile after some hundred ingests: listing and building get quicker, answers stay the
    same. The files that were folded stay until `vacuum`, for those who are reading them. Safe to
    run at any time.

    \b
    Example:
      evallake compact && evallake vacuum
    """
    import pyarrow as pa

    from evallake.cli.talk import bar, say
    from evallake.output import to_json, write_result
    from ingest.lake import Lake
    from ingest.lake.compaction import compact as fold_files

    lake = Lake.open(configuration(context).root)
    with bar("compacting", note="folding small files"):
        result = fold_files(lake, now=datetime.now(UTC))
    rows = [asdict(table) for table in result.tables]
    if format == "json":
        click.echo(to_json({"lake": lake.root, "events": result.events, "tables": rows}))
    else:
        kinds = [pa.string(), *[pa.int64()] * 3]
        schema = pa.schema(list(zip(rows[0], kinds, strict=True)))
        write_result(pa.Table.from_pylist(rows, schema=schema), "table")
    say(f"the log is read from event {result.events:,} on")
