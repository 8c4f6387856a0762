"""`evallake validate`: are the loads in the lake as they should be?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from evallake.cli.options import configuration, format_option

if TYPE_CHECKING:
    from evallake.validation.landed import Validated


@click.command(short_help="Hold landed loads against the expectations again.")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@format_option("table", "json")
@click.pass_context
def validate(context: click.Context, jobs: tuple[str, ...], format: str) -> None:
    """Hold visible and held loads of each JOB, or of all, against the expectations of their
    tables, as ingest did before they were seen. Nothing in the lake is changed.

    The exit code is 3 where a load fails a critical expectation, 4 where one cannot be read, and
    0 otherwise, warnings or not.

    \b
    Examples:
      evallake validate
      evallake validate my-job --format json
    """
    from evallake.cli.talk import bar, complain, say
    from evallake.errors import UnmetError
    from evallake.output import to_json
    from evallake.validation.door import Door
    from evallake.validation.landed import loads_in_sight, validate_loads
    from ingest.lake import Lake

    lake = Lake.open(configuration(context).root)
    loads = loads_in_sight(lake, jobs)
    door = Door(now=lambda: datetime.now(UTC))
    if loads:
        door.prepare()
    found: list[Validated] = []
    with bar("validating") as step:
        for one in validate_loads(
            lake,
            loads,
            door,
            told=lambda done, of, note: step(
                len(found) + done / max(of, 1), len(loads), f"{loads[len(found)].job_id}: {note}"
            ),
        ):
            found.append(one)
    if format == "json":
        click.echo(to_json([_told(one) for one in found]))
    else:
        _write_table(found)
        for one in found:
            for outcome in (*one.unmet("critical"), *one.unmet("warning")):
                say(f"{one.load.job_id}: {outcome} [{outcome.expectation.severity}]")
    for one in found:
        if one.error is not None:
            complain(one.error)
    failed = [one.load.job_id for one in found if one.unmet("critical")]
    if failed:
        complain(
            UnmetError(
                f"{len(failed)} of {len(found)} loads fail a critical expectation: "
                + ", ".join(failed[:3])
                + (" and others" if len(failed) > 3 else ""),
                where=lake.root,
                do="see above what is wrong with them; drop a visible one to hide it",
            )
        )
    worst = max([one.error.exit_code for one in found if one.error] + [3 if failed else 0])
    if worst:
        context.exit(worst)


def _row(one: Validated) -> dict[str, Any]:
    return {
        "job_id": one.load.job_id,
        "state": one.load.state,
        "expectations": len(one.outcomes) if one.error is None else None,
        "critical": len(one.unmet("critical")) if one.error is None else None,
        "warnings": len(one.unmet("warning")) if one.error is None else None,
        "seconds": round(one.seconds, 3),
    }


def _told(one: Validated) -> dict[str, Any]:
    unmet = (*one.unmet("critical"), *one.unmet("warning"))
    return _row(one) | {
        "load_id": one.load.load_id,
        "not_met": [
            {
                "severity": outcome.expectation.severity,
                "table_name": outcome.table,
                "expectation_key": outcome.expectation.key,
                "reason": outcome.expectation.because,
                "rows_checked": outcome.rows,
                "rows_unexpected": outcome.unexpected,
                "unexpected_values": list(outcome.examples),
            }
            for outcome in unmet
        ],
        "error": str(one.error) if one.error else None,
    }


def _write_table(found: list[Validated]) -> None:
    import pyarrow as pa

    from evallake.output import write_result

    kinds = (pa.string(), pa.string(), *[pa.int64()] * 3, pa.float64())
    names = ("job_id", "state", "expectations", "critical", "warnings", "seconds")
    schema = pa.schema([pa.field(n, k) for n, k in zip(names, kinds, strict=True)])
    write_result(pa.Table.from_pylist([_row(one) for one in found], schema=schema), "table")
