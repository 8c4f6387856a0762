"""`evallake build`: the lake -> tested tables, published in one step."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evallake.cli.options import configuration, format_option, option, target_option
from evallake.config import Config
from ingest.errors import InputError

if TYPE_CHECKING:
    from evallake.build import BuildOptions, BuildResult


def _variables(pairs: tuple[str, ...]) -> dict[str, object]:
    """`name=value` pairs, values read as YAML, as dbt reads them; each one the project has."""
    if not pairs:
        return {}
    import yaml

    from evallake.project import find_project

    known = find_project().variables()
    variables: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--var takes name=value, not {pair!r}.")
        if name not in known:
            raise click.UsageError(
                f"--var {name}: no such variable; there are {', '.join(sorted(known))}."
            )
        try:
            variables[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise click.UsageError(f"--var {name}: the value is not YAML.") from error
        wanted = _kind(known[name])
        if _kind(variables[name]) != wanted:
            raise click.UsageError(f"--var {name} takes {wanted}, not {value!r}.")
    return variables


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if value is None or isinstance(value, dict):
        return "an object"  # answer_schema: none by default
    return "a list" if isinstance(value, list) else "a text"


def _schema(file: Path) -> dict[str, object]:
    """The JSON object in `file`; which keywords are read is for the models to say."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    do = "give a file that holds a JSON Schema"
    try:
        schema = json.loads(file.read_text(encoding="utf-8-sig"), parse_constant=refuse)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(file), do=do) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", where=str(file), do=do) from error
    if not isinstance(schema, dict):
        raise InputError("is JSON, but not an object", where=str(file), do=do)
    return schema


@click.command(short_help="Turn the lake into tested tables.")
@target_option()
@option("--full-refresh", is_flag=True, help="Start from nothing, not from the published tables.")
@option("--if-changed", is_flag=True, help="Do nothing when nothing changed since the last build.")
@option("--threads", type=click.IntRange(min=1), metavar="N", help="Models built at once.")
@option(
    "--var",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable of the models, e.g. label_field=category. Repeatable.",
)
@option(
    "--baseline",
    multiple=True,
    metavar="JOB",
    help="Compare every other job with this one. Repeatable. By default the jobs tagged"
    " baseline=true, the previous job of each model family, and the newest jobs on the same data.",
)
@option(
    "--schema",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A JSON Schema that answers are to follow, instead of having gold's fields. Read are"
    " type, properties, required, enum, const and additionalProperties.",
)
@format_option("text", "json")
@click.pass_context
def build(
    context: click.Context,
    target: str | None,
    full_refresh: bool,
    if_changed: bool,
    threads: int | None,
    var: tuple[str, ...],
    baseline: tuple[str, ...],
    schema: Path | None,
    format: str,
) -> None:
    """Build all tables from the lake, run their tests, and publish them in one step.

    Readers keep the old tables until the new ones passed every test; a failed test leaves
    everything as it was and ends with exit code 3. Tests of the data run each time; dbt's unit
    tests, which try the models' logic on made-up rows, are left to `make test` and `dbt build`.

    On Athena each table is put in its place when it is built, whole and without a gap for readers;
    a failed test keeps what depends on its table from being built.

    \b
    Example:
      evallake build --var label_field=category
      evallake build --schema answer.schema.json
      evallake build --baseline nova-lite-20251106T175852Z
      evallake build --target athena
    """
    variables = _variables(var)
    if baseline:
        if "baselines" in variables:
            raise click.UsageError("--baseline and --var baselines exclude each other.")
        variables["baselines"] = list(baseline)
    if "baselines" in variables:
        _check_baselines(configuration(context, target), variables["baselines"])
    if schema is not None:
        if "answer_schema" in variables:
            raise click.UsageError("--schema and --var answer_schema exclude each other.")
        variables["answer_schema"] = _schema(schema)
    from evallake.build import BuildOptions
    from evallake.output import to_json

    result = build_and_tell(
        configuration(context, target),
        BuildOptions(
            full_refresh=full_refresh,
            only_if_changed=if_changed,
            threads=threads,
            variables=variables,
        ),
    )
    click.echo(to_json(asdict(result)) if format == "json" else str(result.published))


def _check_baselines(config: Config, baselines: object) -> None:
    from evallake.baselines import check_baselines
    from ingest.lake import Lake

    assert isinstance(baselines, list)
    check_baselines(Lake.open(config.root), baselines)


def build_and_tell(config: Config, options: BuildOptions) -> BuildResult:
    """Build with a progress bar, and say on stderr what came of it."""
    from evallake.build import build as build_tables
    from evallake.cli.talk import bar, say
    from evallake.project import find_project

    with bar("building tables", note="reading the models") as step:
        result = build_tables(
            config, find_project(), options, now=lambda: datetime.now(UTC), on_step=step
        )
    for warning in result.warnings:
        say(f"warning: {warning}")
    if result.is_unchanged:
        say("nothing changed since the last build")
    else:
        say(f"built {result.models} models in {result.seconds:.1f} s; {result.tests} tests passed")
        slowest = sorted(result.model_seconds.items(), key=lambda model: -model[1])[:3]
        told = [f"{name} {seconds:.1f}" for name, seconds in result.stages.items()]
        told.append("slowest " + ", ".join(f"{name} {took:.1f}" for name, took in slowest))
        say("; ".join(told))
    return result
