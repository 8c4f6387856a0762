"""How DuckDB words it that a file of the lake went between its listing and its reading.

It lists a table's folder and opens every file in it, those of hidden loads too; a vacuum may remove
some of them meanwhile. Asked again it lists what is left, which holds the same visible rows.
"""

from __future__ import annotations

import re

TRIES = 4
"""Of whoever reads the lake; a vacuum removes files for some seconds, and then for a day none."""
PAUSE_SECONDS = 2.0
"""After the first try; later ones wait longer."""

_VANISHED = re.compile(
    r"No such file or directory|No files found that match|\bHTTP 404\b|\b404 \(Not Found\)"
    r"|\bETag\b.*\bchanged\b"
)


def is_vanished(message: str) -> bool:
    """Whether an engine's refusal is about a file that was there when it listed the folder."""
    return _VANISHED.search(message) is not None
