"""The command line: `evallake <verb>`.

stdout is the result, stderr is talk and progress; expected errors are one line on stderr and the
exit codes of `ingest.errors`, unexpected ones keep their traceback and exit 1. Importing this
package is quick: what is heavy (dbt, pyarrow, numba, rich) is imported by the verb that needs it.
"""

from __future__ import annotations

from datetime import timedelta

import click

from evallake.cli.building import build
from evallake.cli.demonstrating import demo
from evallake.cli.examining import doctor
from evallake.cli.gating import gate
from evallake.cli.housekeeping import compact, vacuum
from evallake.cli.ingesting import ingest
from evallake.cli.inspecting import drop, jobs, release, restore, show
from evallake.cli.options import Verbs, option
from evallake.cli.querying import query
from evallake.cli.registering import register
from evallake.cli.reporting import report
from evallake.cli.validating import validate
from evallake.config import configure
from evallake.logs import FORMATS, logs

EXIT_CODES = (
    "0 done, 2 wrong command line, 3 bad input, 4 store or catalogue refused, or doctor found what"
    " fails, 1 unexpected;"
    " of gate: 10 FAIL, 11 INCONCLUSIVE"
)


@click.group(
    cls=Verbs,
    context_settings={"auto_envvar_prefix": "EVALLAKE", "help_option_names": ["-h", "--help"]},
    epilog=f"Exit codes: {EXIT_CODES}.",
)
@option("--root", metavar="URI", help="The lake.  [default: lake]")
@option(
    "--duckdb",
    metavar="FILE",
    help="The DuckDB file that tables are published in.  [default: evallake.duckdb in the lake,"
    " or here where the lake is on S3]",
)
@option(
    "--glue-database",
    metavar="NAME",
    help="Where Athena finds the tables of a lake on S3.  [default: evallake_raw]",
)
@option("--no-glue", is_flag=True, help="Do not register a lake on S3 in Glue.")
@option(
    "--glue-grace",
    type=click.FloatRange(min=0),
    default=24.0,
    metavar="HOURS",
    help="How long Glue keeps the partitions of a hidden load: longer than any build.",
)
@option(
    "--log-format",
    type=click.Choice(FORMATS),
    help="Log what happens to standard error: text for people, json for machines, a line an event.",
)
@option(
    "--verbose",
    "-v",
    count=True,
    help="Log what happens to loads and tables; twice: every stage and every call of AWS.",
)
@click.version_option(package_name="evallake", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    context: click.Context,
    root: str | None,
    duckdb: str | None,
    glue_database: str | None,
    no_glue: bool,
    glue_grace: float,
    log_format: str | None,
    verbose: int,
) -> None:
    """Turn the files of model-evaluation jobs into tables that people can trust.

    \b
    The workflow:
      1. evallake ingest output.tar.gz     a job's files -> the lake
      2. evallake build                    the lake -> tested tables
      3. evallake query job_summary        tables -> answers
      4. evallake gate                     may this job replace that one?
      5. evallake report                   tables -> one HTML file
    Look and undo: evallake jobs, show JOB, drop JOB, restore JOB, release JOB.
    Keep house: evallake doctor, validate, compact, vacuum.
    A lake on S3 is registered in Glue by itself; evallake register does it anew.

    \b
    Try it, with sample jobs and no account anywhere:
      evallake demo
      evallake --root demo/lake query failure_summary
    """
    context.with_resource(logs(log_format, verbose))
    context.obj = lambda target: configure(
        root,
        duckdb,
        glue_database=glue_database,
        glue=not no_glue,
        glue_grace=timedelta(hours=glue_grace),
        target=target,
    )


for _verb in (
    demo,
    ingest,
    build,
    jobs,
    show,
    drop,
    restore,
    release,
    validate,
    query,
    gate,
    report,
    register,
    compact,
    vacuum,
    doctor,
):
    cli.add_command(_verb)


def main() -> None:
    """The `evallake` command."""
    cli()
