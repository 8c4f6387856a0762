"""`evallake demo`: the whole way with sample jobs, from files to a report."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evallake.cli.options import format_option, no_validate_option, option

if TYPE_CHECKING:
    from evallake.config import Config
    from evallake.report.facts import JobFacts, ReportFacts
    from evallake.report.values import Estimate


@click.command(short_help="The whole way, with sample jobs.")
@option("--examples", type=click.IntRange(min=1), default=2000, metavar="N", help="Rows per job.")
@option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    metavar="DIR",
    help="Where everything goes; a lake of its own, never yours.",
)
@no_validate_option()
@option("--seed", type=int, default=0, metavar="N", help="Another seed, other sample jobs.")
@format_option("text", "json")
def demo(examples: int, folder: Path, no_validate: bool, seed: int, format: str) -> None:
    """Write sample jobs as an evaluation container would, then go the whole way with them.

    Two models on the same support tickets, and a judge that compares their answers: ingest, build,
    report, and a failure analysis on the terminal. Running it again is quick and changes nothing.

    \b
    Example:
      evallake demo --examples 500
    """
    from evallake.build import BuildOptions
    from evallake.cli.building import build_and_tell
    from evallake.cli.talk import bar, say
    from evallake.config import configure
    from evallake.output import to_json
    from evallake.report import write_report

    config = configure(str(folder / "lake"), str(folder / "lake" / "evallake.duckdb"))
    _ingest_samples(
        config, folder / "jobs", examples=examples, seed=seed, is_checked=not no_validate
    )
    build_and_tell(config, BuildOptions(only_if_changed=True))
    target = folder / "report.html"
    with bar("drawing the report"):
        facts = write_report(config, target, now=datetime.now(UTC))
    if format == "json":
        click.echo(to_json({"report": target.absolute(), **asdict(facts)}))
        return
    say("")
    click.echo(failure_analysis(facts))
    click.echo(judge_analysis(config))
    click.echo(next_steps(folder, target, command=own_command()))


def _ingest_samples(
    config: Config, folder: Path, *, examples: int, seed: int, is_checked: bool
) -> None:
    from evallake.cli.ingesting import land_sources, the_door
    from evallake.cli.talk import bar, say
    from evallake.demo import write_demo_jobs, write_judge_job
    from ingest.lake import Lake
    from ingest.landing import IngestOptions
    from ingest.raw import ReadOptions

    check = the_door() if is_checked else None
    if check is not None and not Path(config.root).exists():
        check.prepare()  # there will be something to check, and it takes longer than the writing
    with bar(f"writing sample jobs of {examples:,} examples"):
        jobs = [
            *write_demo_jobs(folder, examples=examples, seed=seed),
            write_judge_job(folder, examples=examples, seed=seed),
        ]
    sources = {
        str(job.source): IngestOptions(
            read=ReadOptions(model=job.model, dataset=job.dataset, recipe=job.recipe)
        )
        for job in jobs
    }
    for line in land_sources(Lake.open(config.root, create=True), sources, check=check):
        if line.error is not None:
            raise line.error
        if line.result is not None:
            landed = line.result.accounting.landed
            say(f"{line.result.job_id}: {landed:,} rows {line.result.outcome}")


def failure_analysis(report: ReportFacts) -> str:
    """The failure analysis of every job, for the terminal."""
    return "\n\n".join(_analysis(job) for job in report.jobs)


def _analysis(job: JobFacts) -> str:
    from evallake.report.sentences import job_sentences, promises
    from evallake.report.wording import count, interval, interval_ratio, percent, ratio
    from evallake.text import visible

    s = job.summary
    numbers = [
        ("accuracy", percent(s.accuracy.value), interval(s.accuracy)),
        (
            "mean confidence",
            percent(s.confidence.value),
            f"{count(s.confidence.n)} examples have one",
        ),
        ("calibration error", ratio(s.ece.value), f"by chance {ratio(s.ece_baseline)}"),
        ("AUROC", ratio(s.auroc.value), interval_ratio(s.auroc)),
        ("low confidence", percent(s.low_confidence.value), _of(s.low_confidence)),
        ("sure but wrong", percent(s.overconfident.value), _of(s.overconfident)),
        ("follows the schema", percent(s.schema_valid.value), interval(s.schema_valid)),
    ]
    title = job.job_id if job.model_name is None else f"{job.job_id}  ({job.model_name})"
    lines = [visible(title), ""]
    lines += [f"  {name:<20}{value:>9}   {beside}".rstrip() for name, value, beside in numbers]
    lines += ["", *(f"  - {visible(sentence)}" for sentence in job_sentences(job))]
    kept = promises(job)
    if kept:
        lines += ["", "  what trusting its confidence costs"]
        for target, best in kept:
            lines.append(
                f"    at least {target * 100:.0f} % right: answer from {best.threshold:.3f} on, "
                f"{percent(best.coverage)} answered, {percent(1 - best.coverage)} left to people"
            )
    if job.segments:
        lines += ["", "  weakest segments"]
        for segment in job.segments[:5]:
            where = visible(segment.name)
            lines.append(
                f"    {where:<58.58} {percent(segment.accuracy.value):>8} right"
                f"   n {count(segment.accuracy.n):>6}"
            )
    if job.error_categories:
        lines += ["", "  what goes wrong"]
        total = sum(n for _, n in job.error_categories)
        for name, n in job.error_categories:
            label = visible(name.replace("_", " "))
            lines.append(f"    {label:<58.58} {n:>8,}   {n / total * 100:5.1f} %")
    return "\n".join(lines)


def judge_analysis(config: Config) -> str:
    """What every judge in the lake made of the two responses, for the terminal."""
    from evallake.query import answer

    rows = answer(config, _JUDGED).table.to_pylist()
    return "\n".join(_verdicts(row) for row in rows)


_JUDGED = """
select * from mart_judge
where slice_key = 'all' and status = 'available' and votes > 0
order by job_id
"""


def _verdicts(row: dict[str, Any]) -> str:
    from evallake.report.values import Estimate
    from evallake.report.wording import interval, percent
    from evallake.text import visible

    def estimate(name: str) -> Estimate:
        return Estimate(row[name], row[f"{name}_lower"], row[f"{name}_upper"], None)

    wins, order = estimate("win_rate_excl_ties"), estimate("first_place_preference")
    agree, failed = estimate("swap_consistency"), estimate("inference_error_rate")
    numbers = [
        ("B preferred to A", percent(wins.value), f"{interval(wins)}, ties left out"),
        ("ties", f"{row['ties']:,}", f"of {row['votes']:,} votes"),
        ("first shown favoured", percent(order.value), f"{interval(order)} over an even half"),
        ("both passes agree", percent(agree.value), interval(agree)),
        ("no verdict", percent(failed.value), f"{row['inference_errors']:,} of {row['passes']:,}"),
    ]
    lines = ["", f"{visible(row['job_id'])}  (a judge of two responses)", ""]
    lines += [f"  {name:<22}{value:>7}   {beside}".rstrip() for name, value, beside in numbers]
    return "\n".join(lines)


def _of(estimate: Estimate) -> str:
    """`269 of 1,887` behind a rate."""
    if estimate.value is None or estimate.n is None:
        return ""
    return f"{round(estimate.value * estimate.n):,} of {estimate.n:,}"


def next_steps(folder: Path, report: Path, *, command: str = "evallake") -> str:
    """Commands to copy, where `command` is what starts Evallake."""
    root = shlex.quote(str((folder / "lake").absolute()))
    return "\n".join(
        (
            "",
            f"The report is {report}. Where to look next:",
            f"  export EVALLAKE_ROOT={root}",
            f"  {command} query --list",
            f"  {command} query segments_needing_attention",
            f"  {command} query overconfident_errors --format csv --output to_review.csv",
            f"  {command} query --sql 'select * from mart_job_summary' --format json",
        )
    )


def own_command() -> str:
    """How this very program is started again: by name, by its path, or as a module."""
    started = Path(sys.argv[0])
    if started.name != "evallake":
        return f"{shlex.quote(sys.executable)} -m evallake"
    return "evallake" if shutil.which("evallake") else shlex.quote(sys.argv[0])
