"""What Athena refused, in one line that says what to do.

Athena reports a query that failed as `NAME_OF_ERROR: line 1:8: words`; most names are Trino's.
Calls that never became a query fail as those of every AWS service do, see `ingest.aws.refusals`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from evallake.config import AthenaPlace
from evallake.errors import NotBuiltError, QuestionError
from ingest.aws.refusals import botocore_errors, error_code, refusal
from ingest.errors import IngestError, StoreError

_ABSENT = re.compile(
    r"\b(TABLE|SCHEMA|CATALOG)_NOT_FOUND\b|does not exist.*\b(table|schema)\b", re.I
)
_ABSENT_TABLE = re.compile(
    r"(?:Table|Schema) '(?:awsdatacatalog\.)?([\w.]+)' (?:does not exist|not)"
)
_LIMIT = re.compile(r"bytes scanned limit was exceeded|scan(ned)? .*limit", re.I)
_DENIED = re.compile(
    r"access ?denied|not authorized|PERMISSION_DENIED|insufficient .*permission", re.I
)
_BUSY = re.compile(
    r"TooManyRequests|throttl|slow ?down|QUERY_QUEUE_FULL|EXCEEDED_TIME_LIMIT|timeout", re.I
)
_GONE = re.compile(
    r"HIVE_CANNOT_OPEN_SPLIT|HIVE_FILE_NOT_FOUND|NoSuchKey|specified key does not", re.I
)
_RESOURCES = re.compile(r"INSUFFICIENT_RESOURCES|exhausted resources|EXCEEDED_.*MEMORY", re.I)


def refused_query(message: str, query_id: str, place: AthenaPlace, *, where: str) -> IngestError:
    """The error to raise for a query that failed with `message`."""
    told = f"{' '.join(message.split())} (query {query_id})"
    if _LIMIT.search(message):
        return StoreError(
            f"it would read more than workgroup {place.workgroup} allows: {told}",
            where=where,
            do="ask for fewer jobs or columns, or name another workgroup with"
            " EVALLAKE_ATHENA_WORKGROUP",
        )
    if _DENIED.search(message):
        return StoreError(
            f"access is denied: {told}",
            where=where,
            do="give this role or user the right to it; docs/aws.md lists what each role needs",
        )
    if _ABSENT.search(message):
        return _absent(message, told, place, where=where)
    if _GONE.search(message):
        return StoreError(
            f"files were replaced while it read them: {told}",
            where=where,
            do="ask again: builds since it began have published newer tables",
        )
    if _BUSY.search(message) or _RESOURCES.search(message):
        return StoreError(
            f"Athena could not finish it: {told}",
            where=where,
            do="ask again in a while, or for fewer rows",
        )
    return QuestionError(
        told, where=where, do="evallake query --sql 'show tables' lists what can be read"
    )


def _absent(message: str, told: str, place: AthenaPlace, *, where: str) -> IngestError:
    """A table or database that is not there: not built yet, or misspelt."""
    found = _ABSENT_TABLE.search(message)
    name = found[1] if found else ""
    ours = name.removeprefix(f"{place.schema}.")
    if "SCHEMA_NOT_FOUND" in message or ours.startswith(("mart_", "fct_", "dim_", "int_", "stg_")):
        return NotBuiltError(
            f"it has not been built in database {place.schema}: {told}",
            where=where,
            do="run: evallake build --target athena, or name the database with"
            " EVALLAKE_ATHENA_SCHEMA",
        )
    return QuestionError(
        told, where=where, do="evallake query --target athena --sql 'show tables' lists them"
    )


@contextmanager
def athena_refusals(place: AthenaPlace, *, where: str) -> Iterator[None]:
    """Raise one of our errors for everything that AWS refuses inside."""
    try:
        yield
    except botocore_errors() as error:
        message = str(error)
        if error_code(error) == "InvalidRequestException" and "orkgroup" in message.replace(
            "WorkGroup", "workgroup"
        ):
            raise StoreError(
                f"workgroup {place.workgroup} cannot be used ({' '.join(message.split())})",
                where=where,
                do="name one that exists with EVALLAKE_ATHENA_WORKGROUP",
            ) from error
        if error_code(error) == "InvalidRequestException":
            raise QuestionError(
                " ".join(message.split()), where=where, do="correct the statement"
            ) from error
        raise refusal(error, doing="ask Athena", where=where) from error
