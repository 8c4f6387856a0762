"""`evallake query`: questions from `sql/`, or any SQL, to the published tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evallake.cli.options import (
    configuration,
    format_option,
    option,
    output_option,
    target_option,
)

if TYPE_CHECKING:
    from evallake.engines.asking import Answer


@click.command(short_help="Ask the published tables.")
@click.argument("name", required=False)
@option(
    "--sql", metavar="TEXT", help="Any SQL instead of a question's name; - reads it from stdin."
)
@option("--list", is_flag=True, help="List the questions there are.")
@format_option("table", "csv", "json", "parquet")
@output_option("Write the answer there instead of to standard output.")
@target_option()
@option(
    "--unload/--no-unload",
    default=None,
    help="Have Athena write the rows as Parquet and read those: quicker for many rows, in no "
    "order.  [default: where Parquet is asked for, and the text states no order]",
)
@click.pass_context
def query(
    context: click.Context,
    name: str | None,
    sql: str | None,
    list: bool,
    format: str,
    output: Path | None,
    target: str | None,
    unload: bool | None,
) -> None:
    """Ask the published tables: NAME is a question from sql/.

    The tables are read only, so asking disturbs nobody and changes nothing. On Athena, what a
    question scanned and its id are told on standard error, as JSON with --format json.

    \b
    Examples:
      evallake query --list
      evallake query segments_needing_attention
      evallake query low_confidence --format csv --output to_review.csv
      evallake query --sql "select job_id, accuracy from mart_job_summary"
      evallake query leaderboard --target athena
    """
    import pyarrow as pa

    from evallake.output import write_result
    from evallake.project import find_project
    from evallake.query import answer, find_question, list_questions

    if sum((name is not None, sql is not None, list)) != 1:
        raise click.UsageError("Give one of NAME, --sql TEXT and --list.")
    if list:
        rows = [
            {"name": q.name, "question": q.question, "reads": q.reads, "returns": q.returns}
            for q in list_questions(find_project())
        ]
        columns = (
            ["name", "question"] if format == "table" else ["name", "question", "reads", "returns"]
        )
        schema = pa.schema([pa.field(column, pa.string()) for column in columns])
        write_result(pa.Table.from_pylist(rows, schema=schema), format, output=output)
        return
    if name is not None:
        text, where = find_question(find_project(), name).sql, f"sql/{name}.sql"
    else:
        assert sql is not None
        text, where = (click.get_text_stream("stdin").read() if sql == "-" else sql), "--sql"
    told = answer(
        configuration(context, target),
        text,
        where=where,
        unload=format == "parquet" if unload is None else unload,
    )
    _tell_cost(told, format)
    write_result(told.table, format, output=output)


def _tell_cost(told: Answer, form: str) -> None:
    """Say on standard error what a question cost, where the engine charges for it."""
    if told.bytes_scanned is None:
        return
    from evallake.cli.talk import say

    if form == "json":
        facts = {
            "query_id": told.query_id,
            "bytes_scanned": told.bytes_scanned,
            "seconds": told.seconds,
        }
        say(json.dumps(facts))
    else:
        say(
            f"{told.bytes_scanned / 1e6:,.1f} MB scanned in {told.seconds or 0:,.1f} s"
            f" (query {told.query_id})"
        )
