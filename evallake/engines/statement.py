"""What kind of statement a text of Trino's SQL is, told from its words, without an engine.

Strings, quoted names and comments are looked through; nothing is parsed further than that.
"""

from __future__ import annotations

import re
from itertools import pairwise

_PIECES = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<quoted> '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<word> [A-Za-z_]\w* )
    | (?P<mark> [();] )
    """,
    re.VERBOSE | re.DOTALL,
)
_ASKING = {"select", "with", "values", "table", "show", "describe", "desc", "explain"}


def words(sql: str) -> list[tuple[str, int]]:
    """The words and marks `( ) ;` of `sql` in small letters, each with the depth of brackets.

    >>> words("select ';' from (t)")
    [('select', 0), ('from', 0), ('(', 0), ('t', 1), (')', 0)]
    """
    found: list[tuple[str, int]] = []
    depth = 0
    for piece in _PIECES.finditer(sql):
        text = piece["word"] or piece["mark"]
        if text is None:
            continue
        if text == ")":
            depth -= 1
        found.append((text.lower(), depth))
        if text == "(":
            depth += 1
    return found


def one_statement(sql: str) -> str:
    """`sql` without the white space and the semicolons at its end."""
    return sql.strip().rstrip("; \n\t\r")


def asks(sql: str) -> bool:
    """Whether `sql` is one statement, and one that only reads."""
    found = [word for word, _ in words(one_statement(sql))]
    first = next((word for word in found if word != "("), None)
    return first in _ASKING and ";" not in found and found[:2] != ["explain", "analyze"]


def states_an_order(sql: str) -> bool:
    """Whether the rows come in an order that the text asks for."""
    outer = [word for word, depth in words(one_statement(sql)) if depth == 0]
    return ("order", "by") in set(pairwise(outer))


def is_query(sql: str) -> bool:
    """Whether `sql` is a query whose rows can be unloaded, and not a `show` or an `explain`."""
    found = [word for word, _ in words(sql)]
    return bool(found) and found[0] in {"select", "with", "values", "table", "("}
