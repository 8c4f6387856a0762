"""Result files, and the pages that GetQueryResults makes of them.

Decides names and contents of the files beside a query's output location: `.csv` for rows, `.txt`
for what DDL and SHOW say, `-manifest.csv` for files written. A page is read back from the file, as
on AWS: who deletes the file has deleted the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

Row = Sequence[str | None]

MAX_PAGE_ROWS = 1000

_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|)(,|\n)')


def csv_line(row: Row) -> str:
    """One line: every value in quotes, null as nothing at all."""
    cells = ("" if value is None else '"' + value.replace('"', '""') + '"' for value in row)
    return ",".join(cells) + "\n"


def csv_file(header: Row, rows: Iterable[Row]) -> bytes:
    """The file of a SELECT."""
    return "".join([csv_line(header), *map(csv_line, rows)]).encode()


def text_file(rows: Iterable[Row]) -> bytes:
    """The file of a SHOW or DDL statement: a line each, cells parted by tabs."""
    return "\n".join("\t".join(value or "" for value in row) for row in rows).encode()


def manifest_file(uris: Iterable[str]) -> bytes:
    """The file that names what a CTAS, INSERT or UNLOAD wrote."""
    return "\n".join(uris).encode()


def read_csv(content: bytes) -> list[list[str | None]]:
    """The rows of a `csv_file`, header first, with null told from empty."""
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    for found in _FIELD.finditer(content.decode()):
        quoted, ending = found.groups()
        row.append(None if quoted is None else quoted.replace('""', '"'))
        if ending == "\n":
            rows.append(row)
            row = []
    return rows


def read_text(content: bytes) -> list[list[str | None]]:
    """The lines of a `text_file`, each as one cell, as Athena pages them."""
    return [[line] for line in content.decode().split("\n")] if content else []


def page(
    rows: Sequence[Row], columns: list[dict[str, Any]], *, start: int, limit: int
) -> dict[str, Any]:
    """The answer to GetQueryResults, with `NextToken` where more rows follow."""
    shown = rows[start : start + limit]
    answer: dict[str, Any] = {
        "ResultSet": {
            "Rows": [
                {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
                for row in shown
            ],
            "ResultSetMetadata": {"ColumnInfo": columns},
        }
    }
    if start + limit < len(rows):
        answer["NextToken"] = str(start + limit)
    return answer
