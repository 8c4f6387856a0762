"""Which kind of statement a text is, in Athena's words.

Decides statement type, substatement type and who carries it out. Reads only as much of the text as
that takes: whether the rest is sound is Trino's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from tests.athena.rig.api.refusals import InvalidRequestError, not_supported

_TOKEN = re.compile(
    r"""
      (?P<skip>    \s+ | --[^\n]* | /\*.*?\*/ )
    | (?P<text>    '(?:[^']|'')*' )
    | (?P<name>    "(?:[^"]|"")*" | `(?:[^`]|``)*` )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<number>  \d[\w.]* )
    | (?P<symbol>  . )
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a statement that is neither blank nor comment."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case."""
        return self.kind == "word" and self.text.upper() in words


class Form(Enum):
    """Who carries a statement out, and how."""

    QUERY = auto()
    """Trino, as it is; rows are the result."""
    DEFINITION = auto()
    """Trino, as it is; there is no result."""
    CTAS = auto()
    INSERT = auto()
    UNLOAD = auto()
    HIVE = auto()
    """Glue, by the rig."""
    ROW_CHANGE = auto()
    """Nobody: Hive tables take no DELETE, UPDATE or MERGE."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without trailing semicolon, and what kind it is."""

    text: str
    tokens: tuple[Token, ...]
    form: Form
    statement_type: str
    """DML, DDL or UTILITY."""
    substatement_type: str

    @property
    def has_result_header(self) -> bool:
        """Whether results begin with a row of column names: only what Athena writes as CSV does."""
        return self.form is Form.QUERY and self.statement_type == "DML"


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of `text`, comments and blanks left out."""
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        if kind != "skip":
            yield Token(kind, found[0], found.start(), found.end())


def classify(text: str) -> Statement:
    """The one statement in `text`. Raises `InvalidRequestError` for what Athena does not take."""
    tokens = tuple(tokens_of(text))
    while tokens and tokens[-1].text == ";":
        tokens = tokens[:-1]
    if not tokens:
        raise InvalidRequestError("The query is empty", code="INVALID_INPUT")
    if any(token.text == ";" for token in tokens):
        raise InvalidRequestError("Only one sql statement is allowed.", code="INVALID_QUERY")
    form, statement_type, substatement_type = _kind(tokens)
    # Positions of tokens stay those of the whole text: it is cut at the end only.
    return Statement(text[: tokens[-1].end], tokens, form, statement_type, substatement_type)


def _kind(tokens: tuple[Token, ...]) -> tuple[Form, str, str]:
    words = [token.text.upper() if token.kind == "word" else token.text for token in tokens[:6]]
    first, second = words[0], words[1] if len(words) > 1 else ""
    match first, second:
        case ("SELECT" | "WITH" | "VALUES" | "TABLE" | "(", _):
            return Form.QUERY, "DML", "SELECT"
        case ("INSERT", _):
            return Form.INSERT, "DML", "INSERT"
        case ("UNLOAD", _):
            return Form.UNLOAD, "DML", "UNLOAD"
        case ("DELETE" | "UPDATE" | "MERGE", _):
            return Form.ROW_CHANGE, "DML", first
        case ("EXPLAIN", _):
            return Form.QUERY, "UTILITY", "EXPLAIN"
        case ("CREATE", "TABLE") if _is_ctas(tokens):
            return Form.CTAS, "DDL", "CREATE_TABLE_AS_SELECT"
        case ("CREATE", "OR" | "VIEW") if "VIEW" in words[:4]:
            return Form.DEFINITION, "DDL", "CREATE_VIEW"
        case ("DROP", "VIEW"):
            return Form.DEFINITION, "DDL", "DROP_VIEW"
        case ("SHOW", "CREATE"):
            return Form.QUERY, "UTILITY", "SHOW_CREATE"
        case ("SHOW" | "DESCRIBE" | "DESC", _):
            return Form.HIVE, "UTILITY", f"SHOW_{second}" if first == "SHOW" else "DESCRIBE"
        case ("CREATE" | "DROP", "DATABASE" | "SCHEMA"):
            return Form.HIVE, "DDL", f"{first}_DATABASE"
        case ("CREATE", "EXTERNAL") | ("CREATE" | "DROP" | "ALTER", "TABLE"):
            return Form.HIVE, "DDL", f"{first}_TABLE"
        case ("MSCK", "REPAIR"):
            return Form.HIVE, "DDL", "MSCK_REPAIR_TABLE"
        case (
            ("SET" | "RESET" | "CALL" | "START" | "COMMIT" | "ROLLBACK" | "GRANT" | "REVOKE", _)
            | (
                "DENY"
                | "TRUNCATE"
                | "COMMENT"
                | "ANALYZE"
                | "USE"
                | "REFRESH"
                | "ALTER"
                | "CREATE",
                _,
            )
            | ("DROP" | "PREPARE" | "EXECUTE" | "DEALLOCATE", _)
        ):
            raise not_supported()
        case _:
            return Form.QUERY, "DML", "SELECT"  # no SQL: Trino says where and why


def _is_ctas(tokens: tuple[Token, ...]) -> bool:
    """Whether the AS of CREATE TABLE … AS comes, outside of parentheses."""
    depth = 0
    for token in tokens:
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
        elif depth == 0 and token.is_word("AS"):
            return True
    return False
