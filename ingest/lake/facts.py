"""Everything known of a load when it was written, as values and as JSON: what an event carries.

Pure: documents to values and back. What the log's events mean is decided in `ingest.lake.fold`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ingest.lake.accounting import Accounting, FileAccount
from ingest.lake.layout import JOB_ID
from ingest.raw import Finding


@dataclass(frozen=True, slots=True)
class TableFiles:
    """What a load wrote into one lake table."""

    table: str
    rows: int
    bytes: int
    """Size of the Parquet files together, as the load wrote them."""
    keys: tuple[str, ...]
    """The files, relative to the lake's root; none where the load has no rows, or none any more.
    A file of a small table may hold other loads' rows too, see `ingest.lake.compaction`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFacts:
    """Everything known of a load when it was written."""

    source_uri: str
    digest: str
    """Input files, options and reader version."""
    input_digest: str
    """Content of the input files alone."""
    reader: str
    """Reader and its version, e.g. `nova/1`."""
    accounting: Accounting
    tables: tuple[TableFiles, ...]
    findings: tuple[Finding, ...]
    job: Mapping[str, str | int | float | None]
    """The job in a few words, for people who read the log: model, task, dataset."""

    @property
    def format(self) -> str:
        """The reader without its version."""
        return self.reader.partition("/")[0]


def facts_document(facts: LoadFacts) -> dict[str, Any]:
    """The facts as what JSON can write."""
    return {
        "source_uri": facts.source_uri,
        "digest": facts.digest,
        "input_digest": facts.input_digest,
        "reader": facts.reader,
        "job": dict(facts.job),
        "files": [asdict(file) for file in facts.accounting.files],
        "tables": [asdict(table) for table in facts.tables],
        "findings": [asdict(finding) for finding in facts.findings],
    }


def facts_of(document: Mapping[str, Any]) -> LoadFacts:
    """Inverse of `facts_document`; ValueError, KeyError or TypeError for any other document."""
    return LoadFacts(
        source_uri=text(document, "source_uri"),
        digest=text(document, "digest"),
        input_digest=text(document, "input_digest"),
        reader=text(document, "reader"),
        job=dict(document["job"]),
        accounting=Accounting(tuple(_file(file) for file in document["files"])),
        tables=tuple(_table(table) for table in document["tables"]),
        findings=tuple(
            Finding(text(finding, "code"), text(finding, "message"))
            for finding in document["findings"]
        ),
    )


def text(document: Mapping[str, Any], name: str) -> str:
    """A member that has to be a string."""
    value = document[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a string")
    return value


def identifier(document: Mapping[str, Any], name: str) -> str:
    """A member that stands in paths and in SQL texts as it is: a job's or a load's name."""
    value = text(document, name)
    if JOB_ID.fullmatch(value) is None:
        raise ValueError(f"{name} {value!r} cannot be one")
    return value


def texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A member that has to be a list of strings."""
    value = document[name]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{name} is not a list of strings")
    return tuple(value)


def count(document: Mapping[str, Any], name: str) -> int:
    """A member that has to be a number of things."""
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{name} is not a count")
    return value


def _file(document: Mapping[str, Any]) -> FileAccount:
    counts = ("bytes", "read", "landed", "merged", "duplicate", "rejected")
    return FileAccount(
        path=text(document, "path"),
        sha256=text(document, "sha256"),
        **{name: count(document, name) for name in counts},
    )


def _table(document: Mapping[str, Any]) -> TableFiles:
    return TableFiles(
        text(document, "table"),
        count(document, "rows"),
        count(document, "bytes"),
        texts(document, "keys"),
    )
