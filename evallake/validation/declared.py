"""What is expected of each lake table: reading and writing `expectations/*.json`.

The files are Great Expectations suites, one per lake table. What follows from the registry of
tables (columns, types, what must not be null, the grain) is derived in `structure`; the rest is
written by hand, with its reason. Decides nothing about how an expectation is evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ingest.errors import InputError

Severity = Literal["critical", "warning"]
REGISTRY, HAND = "registry", "hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One expectation of one table, as Great Expectations names it."""

    type: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity
    """critical holds a load back; warning is recorded."""
    because: str
    """Why it is expected, in one sentence."""
    origin: str = HAND
    """registry (derived) or hand."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at; none for one about the whole table."""
        names = [self.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        listed = self.kwargs.get("column_list") or []
        return (*(name for name in names if name), *listed)

    @property
    def key(self) -> str:
        """What tells it from the others of its table."""
        if self.type == UNEXPECTED_ROWS:
            return f"{self.type}: {self.because}"
        columns = "" if self.type == MATCH_COLUMNS else ", ".join(self.columns)
        share = f", mostly {self.kwargs['mostly']}" if "mostly" in self.kwargs else ""
        return f"{self.type}({columns}{share})"

    def configuration(self) -> dict[str, Any]:
        """As Great Expectations writes it."""
        return {
            "type": self.type,
            "kwargs": dict(self.kwargs),
            "severity": self.severity,
            "meta": {"origin": self.origin, "because": self.because},
        }


MATCH_COLUMNS = "expect_table_columns_to_match_ordered_list"
OF_TYPE = "expect_column_values_to_be_of_type"
NOT_NULL = "expect_column_values_to_not_be_null"
UNIQUE = "expect_column_values_to_be_unique"
UNIQUE_TOGETHER = "expect_compound_columns_to_be_unique"
ROW_COUNT = "expect_table_row_count_to_equal"
UNEXPECTED_ROWS = "unexpected_rows_expectation"


@dataclass(frozen=True, slots=True)
class Suite:
    """The expectations of one lake table."""

    table: str
    expectations: tuple[Expectation, ...]

    def of_origin(self, origin: str) -> tuple[Expectation, ...]:
        """Those derived from the registry, or those written by hand."""
        return tuple(e for e in self.expectations if e.origin == origin)


def read_suites(folder: Path) -> dict[str, Suite]:
    """The suites in `folder` by table.

    Raises InputError for a file that is no suite, naming it.
    """
    return {suite.table: suite for suite in map(read_suite, sorted(folder.glob("*.json")))}


def read_suite(path: Path) -> Suite:
    """One suite; InputError where the file is not one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        expectations = tuple(_expectation(entry) for entry in content["expectations"])
        return Suite(content["name"], expectations)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"not a suite of expectations ({type(error).__name__}: {error})",
            where=str(path),
            do="restore it from the installation, or run `make docs` in a checkout",
        ) from error


def write_suite(suite: Suite, path: Path) -> None:
    """Write a suite as Great Expectations reads it."""
    content = {
        "name": suite.table,
        "expectations": [expectation.configuration() for expectation in suite.expectations],
        "meta": {},
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def _expectation(entry: Mapping[str, Any]) -> Expectation:
    meta = entry["meta"]
    severity = entry["severity"]
    if severity not in ("critical", "warning"):
        raise ValueError(f"severity is critical or warning, not {severity!r}")
    return Expectation(
        type=entry["type"],
        kwargs=entry["kwargs"],
        severity=severity,
        because=meta["because"],
        origin=meta.get("origin", HAND),
    )
