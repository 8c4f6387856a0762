"""`evallake report`: the published tables -> one self-contained HTML file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from evallake.cli.options import (
    configuration,
    format_option,
    option,
    output_option,
    target_option,
)


@click.command(short_help="Write one HTML file with the plots.")
@output_option("The file to write.  [default: evallake_report.html]")
@target_option()
@option("--job", multiple=True, metavar="JOB", help="Only this job. Repeatable.")
@format_option("text", "json")
@click.pass_context
def report(
    context: click.Context,
    output: Path | None,
    target: str | None,
    job: tuple[str, ...],
    format: str,
) -> None:
    """Write one self-contained HTML file: no network, light and dark, fit to print and to mail.

    \b
    Example:
      evallake report --output friday.html
    """
    from evallake.cli.talk import bar
    from evallake.output import to_json
    from evallake.report import write_report

    file = output or Path("evallake_report.html")
    config = configuration(context, target)
    with bar("drawing the report"):
        facts = write_report(config, file, jobs=job, now=datetime.now(UTC))
    if format == "json":
        shown = [of_job.job_id for of_job in facts.jobs]
        click.echo(to_json({"report": file.absolute(), "jobs": shown}))
    else:
        click.echo(str(file))
