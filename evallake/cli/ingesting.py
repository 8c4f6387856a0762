"""`evallake ingest`: what evaluation jobs wrote -> the lake."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evallake.cli.options import (
    catalogue_of,
    configuration,
    format_option,
    no_validate_option,
    option,
)
from evallake.cli.talk import Rate, bar, complain, say
from ingest.shown import masked

if TYPE_CHECKING:
    from evallake.cli.talk import Step
    from evallake.errors import HeldError
    from evallake.validation.door import Door
    from ingest.errors import IngestError
    from ingest.lake import Lake
    from ingest.lake.catalogue import Catalogue
    from ingest.landing import Check, IngestOptions, LandingResult
    from ingest.sources import SourceLimits


@dataclass(frozen=True, slots=True)
class Landed:
    """One line of the summary: a run that went in, or a source that did not."""

    source: str
    result: LandingResult | None
    error: IngestError | None

    @property
    def exit_code(self) -> int:
        """0 where the run is visible; of a held one, that of bad input."""
        if self.error is not None:
            return self.error.exit_code
        return 3 if self.result is not None and self.result.outcome == "held" else 0

    def row(self) -> dict[str, Any]:
        """The line as plain values; counts are null where the source failed."""
        result = self.result
        accounting = result.accounting if result else None
        return {
            "job_id": result.job_id if result else None,
            "outcome": result.outcome if result else "failed",
            "read": accounting.read if accounting else None,
            "landed": accounting.landed if accounting else None,
            "merged": accounting.merged if accounting else None,
            "duplicate": accounting.duplicate if accounting else None,
            "rejected": accounting.rejected if accounting else None,
            "seconds": round(result.seconds, 3) if result else None,
            "stages": {k: round(v, 3) for k, v in result.stages.items()} if result else {},
            "source": masked(
                self.source.encode(errors="surrogateescape").decode(errors="backslashreplace")
            ),
            "load_id": result.load_id if result else None,
            "held_because": result.held_because if result else None,
            "findings": [asdict(finding) for finding in result.findings] if result else [],
            "error": str(self.error) if self.error else None,
        }


def _tags(pairs: tuple[str, ...]) -> dict[str, str]:
    tags = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(f"--tag takes key=value, not {pair!r}.")
        tags[key] = value
    return tags


def _limits(said: tuple[str, ...]) -> SourceLimits:
    """The limits with those that were said in place of the usual ones."""
    from ingest.sources import SourceLimits

    usual = asdict(SourceLimits())
    given: dict[str, Any] = {}
    for pair in said:
        name, equals, text = pair.partition("=")
        if name not in usual:
            raise click.UsageError(f"--limit knows {', '.join(usual)}, not {name!r}.")
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not equals or not 0 < number < float("inf"):
            raise click.UsageError(f"--limit takes {name}=N, N above 0.")
        given[name] = type(usual[name])(number)
    return SourceLimits(**given)


def _check_text(said: str | None) -> None:
    try:
        (said or "").encode()
    except UnicodeEncodeError as error:  # bytes of the shell that no table can hold
        raise click.UsageError(f"{said!r} is not UTF-8.") from error


@click.command(short_help="Land what evaluation jobs wrote.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@option("--job-id", metavar="ID", help="Instead of the id that the files give; one SOURCE only.")
@option(
    "--recipe",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The job's YAML recipe: inference settings, replicas, data set.",
)
@option("--model", metavar="NAME", help="The model, where the files do not say it well.")
@option("--dataset", metavar="NAME", help="The data set, where the files do not say.")
@option("--tag", multiple=True, metavar="KEY=VALUE", help="A tag. Repeatable.")
@option("--force", is_flag=True, help="Land again what is there already.")
@option(
    "--limit",
    multiple=True,
    metavar="NAME=N",
    help="How far files are believed that nobody here wrote; errors name the limit they are about."
    " Repeatable.",
)
@no_validate_option()
@option("--workers", type=click.IntRange(min=1), metavar="N", help="Threads.  [default: all cores]")
@format_option("table", "json")
@click.pass_context
def ingest(
    context: click.Context,
    sources: tuple[str, ...],
    job_id: str | None,
    recipe: Path | None,
    model: str | None,
    dataset: str | None,
    tag: tuple[str, ...],
    force: bool,
    limit: tuple[str, ...],
    no_validate: bool,
    workers: int | None,
    format: str,
) -> None:
    """Land what evaluation jobs wrote: each SOURCE is a folder, an archive such as output.tar.gz,
    the same in a bucket (s3://bucket/...), or the output of sagemaker:JOB-NAME with its facts.

    What is there already is left alone, so that running it again is safe. A source that cannot
    be read does not stop the others; the exit code is then the worst of them.

    Each load is held against the expectations of its tables before it is seen. One that fails a
    critical one is kept, hidden, and named with the reason (exit code 3): see `show JOB`, then
    `release JOB`, or land it again when its files are mended.

    \b
    Examples:
      evallake ingest jobs/my-job/output/output.tar.gz
      evallake ingest results/ --model nova-lite-2 --recipe recipe.yaml --tag team=support
      evallake ingest sagemaker:my-job s3://bucket/jobs/other-job/output/output.tar.gz
    """
    if job_id is not None and len(sources) > 1:
        raise click.UsageError("--job-id names one job, but there are several SOURCEs.")
    for said in (model, dataset, *tag):
        _check_text(said)
    tags = _tags(tag)
    from ingest.lake import Lake
    from ingest.landing import IngestOptions
    from ingest.raw import ReadOptions

    options = IngestOptions(
        job_id=job_id,
        read=ReadOptions(model=model, dataset=dataset, tags=tags, recipe=recipe),
        force=force,
        limits=_limits(limit),
        workers=workers,
    )
    config = configuration(context)
    lake = Lake.open(config.root, create=True)
    catalogue = catalogue_of(config)
    if catalogue is not None:
        catalogue.check()  # before anything is read: a lake that Athena cannot see is no use
    lines = land_sources(
        lake,
        dict.fromkeys(sources, options),
        catalogue=catalogue,
        check=None if no_validate else the_door(),
    )
    if catalogue is not None:
        _tidy(catalogue, lake, grace=config.glue_grace)
    _write_summary(lines, format)
    _tell_stages(lines)
    worst = max((line.exit_code for line in lines), default=0)
    if worst:
        context.exit(worst)


def _tidy(catalogue: Catalogue, lake: Lake, *, grace: timedelta) -> None:
    """Have the catalogue forget loads hidden long ago; not being able to is no reason to fail."""
    from ingest.errors import StoreError

    try:
        catalogue.tidy(lake.loads, now=datetime.now(UTC), grace=grace)
    except StoreError as error:
        say(f"warning: {catalogue.name} keeps partitions of hidden loads for now: {error}")


def the_door() -> Door:
    """The check that every load passes before it is seen; made once for all of a command's."""
    from evallake.validation.door import Door

    return Door(now=lambda: datetime.now(UTC))


def land_sources(
    lake: Lake,
    sources: dict[str, IngestOptions],
    *,
    catalogue: Catalogue | None = None,
    check: Check | None = None,
) -> list[Landed]:
    """Land each source, tell on stderr how it goes, and go on past one that fails."""
    from ingest.errors import IngestError
    from ingest.landing import ingest_source

    lines: list[Landed] = []
    for source, options in sources.items():
        with bar(f"ingesting {Path(source).name or source}") as step:
            watcher = _Watcher(step)
            error: IngestError | None = None
            try:
                ingest_source(
                    _absolute(source),
                    lake,
                    options=options,
                    now=lambda: datetime.now(UTC),
                    progress=watcher,
                    check=check,
                    catalogue=catalogue,
                )
            except IngestError as failure:
                error = failure
        lines += [Landed(source, result, None) for result in watcher.results]
        for result in watcher.results:
            for finding in result.findings:
                say(f"{result.job_id}: {finding.message} [{finding.code}]")
            if result.held_because is not None:
                complain(_held(result))
        if error is not None:
            lines.append(Landed(source, None, error))
            complain(error)
    failed = sum(line.error is not None for line in lines)
    if failed and len(sources) > 1:
        say(f"{failed} of {len(sources)} sources failed; the others are in the lake")
    return lines


def _held(result: LandingResult) -> HeldError:
    from evallake.errors import HeldError

    job = shlex.quote(result.job_id)
    return HeldError(
        f"is held, nobody sees it: {result.held_because}",
        where=result.job_id,
        do=f"look at it with `evallake show {job}`; let it in with "
        f'`evallake release {job} --reason "..."`, or mend its files and land them again',
    )


def _absolute(source: str) -> str:
    """Local sources as absolute paths: the lake keeps where the files came from."""
    return (
        source
        if "://" in source or source.startswith("sagemaker:")
        else str(Path(source).absolute())
    )


class _Watcher:
    """Passes on how a landing goes to a bar, and keeps the runs that are done."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._rows = 0
        self._expected: int | None = None
        self._stage = ""
        self._rate = Rate()
        self.results: list[LandingResult] = []

    def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
        """A run begins."""
        self._rows, self._expected = 0, rows_expected
        self._rate = Rate()

    def stage(self, name: str) -> None:
        """Another stage."""
        if name != self._stage:
            self._stage, self._rate = name, Rate()
        self._tell()

    def advanced(self, *, rows: int, bytes: int) -> None:
        """More rows are through."""
        self._rows += rows
        self._tell()

    def moved(self, *, bytes: int, of: int) -> None:
        """More bytes went to or came from a remote store."""
        told = f"{self._stage}, {bytes / 1e6:,.0f} of {of / 1e6:,.0f} MB"
        self._step(bytes, of, told + self._rate.told(bytes / 1e6, "MB"))

    def finished(self, result: LandingResult) -> None:
        """A run is done."""
        self.results.append(result)

    def _tell(self) -> None:
        told = f"{self._stage}, {self._rows:,} rows"
        if self._stage == "reading":
            told += self._rate.told(self._rows, "rows")
        self._step(self._rows, self._expected, told)


def _tell_stages(lines: list[Landed]) -> None:
    """Where the time of all runs together went, the least worth mentioning left out."""
    results = [line.result for line in lines if line.result is not None]
    total: dict[str, float] = {}
    for result in results:
        for name, seconds in result.stages.items():
            total[name] = total.get(name, 0.0) + seconds
    told = [f"{name} {seconds:.1f}" for name, seconds in total.items() if seconds >= 0.05]
    if told:
        runs = f"{len(results):,} runs" if len(results) > 1 else "1 run"
        say(f"{runs} in {sum(total.values()):.1f} s: {', '.join(told)}")


def _write_summary(lines: list[Landed], form: str) -> None:
    import pyarrow as pa

    from evallake.output import to_json, write_result

    rows = [line.row() for line in lines]
    if form == "json":
        click.echo(to_json(rows))
        return
    shown = ("job_id", "outcome", "read", "landed", "merged", "duplicate", "rejected", "seconds")
    kinds = [pa.string(), pa.string(), *[pa.int64()] * 5, pa.float64()]
    schema = pa.schema([pa.field(n, k) for n, k in zip(shown, kinds, strict=True)])
    for row in rows:
        row["job_id"] = row["job_id"] or row["source"]
    write_result(pa.Table.from_pylist(rows, schema=schema), "table")
