"""`evallake jobs`, `show`, `drop`, `restore` and `release`: what is in the lake, and what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from evallake.cli.options import catalogue_of, configuration, format_option, option

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST_REASON = 60
"""Characters of a reason in the list of jobs."""


@click.command(short_help="List the jobs in the lake.")
@option("--all", is_flag=True, help="Dropped and superseded loads too.")
@format_option("table", "csv", "json")
@click.pass_context
def jobs(context: click.Context, all: bool, format: str) -> None:
    """List the jobs in the lake, and loads that are held with the reason.

    \b
    Example:
      evallake jobs --all --format json
    """
    from evallake.catalogue import list_jobs
    from evallake.output import write_result
    from ingest.lake import Lake

    listed = list_jobs(Lake.open(configuration(context).root), hidden=all)
    write_result(_for_people(listed) if format == "table" else listed, format)


def _for_people(listed: pa.Table) -> pa.Table:
    """Without identifiers; states and reasons only where some load is not simply visible."""
    import pyarrow as pa

    states = set(listed["state"].to_pylist())
    if states <= {"current"}:
        return listed.drop_columns(["load_id", "state", "reason"])
    reasons = [reason and _cut(reason) for reason in listed["reason"].to_pylist()]
    place = listed.schema.get_field_index("reason")
    return listed.set_column(place, "reason", pa.array(reasons, pa.string())).drop_columns(
        ["load_id"]
    )


def _cut(reason: str) -> str:
    """As much of a reason as a line of a table has room for; `show` has all of it."""
    return reason if len(reason) <= _LONGEST_REASON else reason[: _LONGEST_REASON - 1] + "…"


@click.command(short_help="Show one job's facts and row accounting.")
@click.argument("job")
@format_option("table", "json")
@click.pass_context
def show(context: click.Context, job: str, format: str) -> None:
    """Show what is known of JOB: facts, where every input row went, findings, loads.

    \b
    Example:
      evallake show my-job --format json
    """
    from evallake.catalogue import describe_job
    from evallake.output import to_json
    from ingest.lake import Lake

    described = describe_job(Lake.open(configuration(context).root), job)
    click.echo(
        to_json(described) if format == "json" else _job_text(described), nl=format == "json"
    )


def _job_text(job: dict[str, Any]) -> str:
    """The same for people."""
    import pyarrow as pa

    from evallake.output import terminal_table
    from evallake.text import cell, visible

    rows = job["rows"]
    named = {
        "state": job["state"] + (f" ({job['reason']})" if job["reason"] else ""),
        "source": job["source_uri"],
        "reader": job["reader"],
        "load": job["load_id"],
        "committed_at_utc": job["committed_at_utc"],
        **{name: value for name, value in job["facts"].items() if not name.endswith("_json")},
    }
    width = max(len(name) for name in named)
    lines = [visible(job["job_id"])]
    lines += [f"  {name:<{width}}  {cell(value, name)}" for name, value in named.items()]
    lines += [
        "",
        f"  {rows['read']:,} rows read = {rows['landed']:,} landed + {rows['merged']:,} merged"
        f" + {rows['duplicate']:,} duplicate + {rows['rejected']:,} rejected",
    ]
    lines += [f"  ! {visible(f['code'])}: {visible(f['message'])}" for f in job["findings"]]
    text = "\n".join(lines) + "\n"
    expectations = job["expectations"]
    if expectations["checked"]:
        met = expectations["checked"] - len(expectations["not_met"])
        text += f"\n  {met:,} of {expectations['checked']:,} expectations are met\n"
    files = [{k: v for k, v in file.items() if k != "sha256"} for file in job["files"]]
    for title, listed in (
        ("Expectations not met", expectations["not_met"]),
        ("Files", files),
        ("Metrics as reported", job["reported_metrics"]),
        ("Loads", job["loads"] if len(job["loads"]) > 1 else []),
    ):
        if listed:
            text += f"\n{title}\n{terminal_table(pa.Table.from_pylist(listed))}"
    return text


@click.command(short_help="Hide a job, in all tables at once.")
@click.argument("job")
@option("--reason", metavar="TEXT", help="Why; kept in the lake's log.")
@format_option("text", "json")
@click.pass_context
def drop(context: click.Context, job: str, reason: str | None, format: str) -> None:
    """Hide JOB; the next build leaves it out. Its files stay, and `restore` brings it back.

    \b
    Example:
      evallake drop my-job --reason "wrong checkpoint" && evallake build
    """
    from evallake.cli.talk import say
    from ingest.lake import Lake

    load = Lake.open(configuration(context).root).drop(job, reason=reason)
    _tell(load.job_id, load.load_id, state="dropped", form=format)
    say("hidden; the published tables follow with the next: evallake build")


@click.command(short_help="Show a dropped job again.")
@click.argument("job")
@option("--reason", metavar="TEXT", help="Why; kept in the lake's log.")
@format_option("text", "json")
@click.pass_context
def restore(context: click.Context, job: str, reason: str | None, format: str) -> None:
    """Show a dropped JOB again.

    \b
    Example:
      evallake restore my-job && evallake build
    """
    from evallake.cli.talk import say
    from ingest.lake import Lake

    config = configuration(context)
    lake = Lake.open(config.root)
    load = lake.restore(job, reason=reason, catalogue=catalogue_of(config))
    _tell(load.job_id, load.load_id, state="current", form=format)
    say("visible again; the published tables follow with the next: evallake build")


@click.command(short_help="Let a held load be seen.")
@click.argument("job")
@option("--reason", required=True, metavar="TEXT", help="Why all the same; kept in the log.")
@format_option("text", "json")
@click.pass_context
def release(context: click.Context, job: str, reason: str, format: str) -> None:
    """Let the held load of JOB be seen, although it failed a critical expectation.

    It takes the place of the load that is visible now, if there is one. What failed stays in its
    findings and in mart_load_quality.

    \b
    Example:
      evallake release my-job --reason "scores above 1 are meant" && evallake build
    """
    from evallake.cli.talk import say
    from ingest.lake import Lake

    if not reason.strip():
        raise click.UsageError("--reason says why; it must not be empty.")
    load = Lake.open(configuration(context).root).release(job, reason=reason)
    _tell(load.job_id, load.load_id, state="current", form=format)
    say("visible; the published tables follow with the next: evallake build")


def _tell(job_id: str, load_id: str, *, state: str, form: str) -> None:
    from evallake.output import to_json

    told = {"job_id": job_id, "load_id": load_id, "state": state}
    click.echo(to_json(told) if form == "json" else job_id)
