"""What every verb shares: options with their variable, the configuration, errors as one line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evallake.config import TARGETS, Config
from evallake.logs import log_format
from ingest.errors import IngestError

if TYPE_CHECKING:
    from ingest.lake.catalogue import Catalogue

log = logging.getLogger(__name__)

_F = TypeVar("_F", bound=Callable[..., Any])


def option(*names: str, **attributes: Any) -> Callable[[_F], _F]:
    """A click option whose help names its EVALLAKE_* variable and its default.

    The variable is made from the parameter's name: it must be that of the option.
    """
    attributes.setdefault("show_envvar", True)
    if attributes.get("default") is not None and not attributes.get("is_flag"):
        attributes.setdefault("show_default", True)
    return click.option(*names, **attributes)


def format_option(*forms: str) -> Callable[[_F], _F]:
    """`--format`, by default the first of `forms`."""
    return option(
        "--format",
        type=click.Choice(forms),
        default=forms[0],
        help="How the result is written; json for machines.",
    )


def output_option(help_text: str) -> Callable[[_F], _F]:
    """`--output FILE`."""
    return option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=help_text,
    )


def no_validate_option() -> Callable[[_F], _F]:
    """`--no-validate`, for the verbs that land jobs."""
    return option(
        "--no-validate",
        is_flag=True,
        help="Do not hold loads against the expectations first: what is wrong with them will be"
        " seen in the tables, and no row of mart_load_quality will say so.",
    )


def target_option() -> Callable[[_F], _F]:
    """`--target duckdb|athena`, for the verbs that build or read the published tables."""
    return click.option(
        "--target",
        type=click.Choice(TARGETS),
        envvar="EVALLAKE_TARGET",
        show_envvar=True,
        help="The engine that builds and answers; athena for a lake on S3.  [default: duckdb]",
    )


def configuration(context: click.Context, target: str | None = "duckdb") -> Config:
    """The configuration of this call; read only by verbs that use it.

    Args:
        context: of the call.
        target: what `--target` says, for verbs that have it; None where it says nothing.
    """
    config = context.obj(target=target or "duckdb")
    assert isinstance(config, Config)
    return config


def catalogue_of(config: Config) -> Catalogue | None:
    """The catalogue that the lake is registered in; None where it is in none."""
    if config.glue_database is None:
        return None
    from ingest.lake.glue import GlueCatalogue

    return GlueCatalogue(config.glue_database, config.root)


class ExpectedError(click.ClickException):
    """An expected error on its way out: one line on stderr and its own exit code."""

    def __init__(self, error: IngestError) -> None:
        super().__init__(" ".join(str(error).split()))
        vars(self)["exit_code"] = error.exit_code  # click declares it for the whole class
        self._is_logged = log_format() == "json"  # asked now: the log is closed when it is shown
        if self._is_logged:
            kind = type(error).__name__
            log.error(self.message, extra={"kind": kind, "exit_code": error.exit_code})

    def show(self, file: Any = None) -> None:
        """Print the line, unless it is in the log as JSON; `file` is click's, always stderr here."""
        from evallake.text import visible

        if self._is_logged:
            return
        click.echo(f"evallake: {visible(self.message)}", file=file, err=True)


class Verbs(click.Group):
    """The group: verbs in the order of the workflow, expected errors as one line."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Verbs as they were added."""
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        """Run a verb; an `IngestError` leaves as its own exit code."""
        try:
            return super().invoke(context)
        except IngestError as error:
            raise ExpectedError(error) from error
