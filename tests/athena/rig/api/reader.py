"""Walks through the tokens of a statement: the little that reading Hive's DDL takes.

Decides how names, lists and texts are written. Says what it expected and where when it is not
there, as a failed query, which is how Athena reports bad DDL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tests.athena.rig.api.refusals import QueryFailedError
from tests.athena.rig.api.statements import Statement, Token

T = TypeVar("T")


class Reader:
    """A position in a statement."""

    def __init__(self, statement: Statement) -> None:
        self.source = statement.text
        self._tokens = statement.tokens
        self._at = 0

    @property
    def next(self) -> Token | None:
        """The token ahead, or None at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> Token:
        """The token ahead, left behind."""
        token = self.next
        if token is None:
            raise self.unexpected("more")
        self._at += 1
        return token

    def skip(self, *words: str) -> bool:
        """Steps over these keywords if all of them are ahead."""
        ahead = self._tokens[self._at : self._at + len(words)]
        if len(ahead) < len(words):
            return False
        if not all(
            token.text.upper() == word and token.kind in ("word", "symbol")
            for token, word in zip(ahead, words, strict=True)
        ):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Steps over these keywords, which must be ahead."""
        if not self.skip(*words):
            raise self.unexpected(" ".join(words))

    def unexpected(self, wanted: str) -> QueryFailedError:
        """The failure that says what was expected here."""
        found = self.next.text if self.next else "the end"
        position = self.next.start if self.next else len(self.source)
        line = self.source.count("\n", 0, position) + 1
        return QueryFailedError(
            f"FAILED: ParseException line {line}: expected {wanted}, found {found}"
        )

    def name(self) -> str:
        """An identifier, without its quotes, in lower case as Glue keeps it."""
        token = self.take()
        if token.kind == "name":
            return token.text[1:-1].replace(token.text[0] * 2, token.text[0]).lower()
        if token.kind in ("word", "number"):
            return token.text.lower()
        self._at -= 1
        raise self.unexpected("a name")

    def table_name(self, database: str) -> tuple[str, str]:
        """Database and table of a name with one, two or three parts."""
        parts = [self.name()]
        while self.skip("."):
            parts.append(self.name())
        return (parts[-2] if len(parts) > 1 else database), parts[-1]

    def string(self) -> str:
        """A text, without its quotes."""
        token = self.take()
        if token.kind != "text":
            self._at -= 1
            raise self.unexpected("a text in single quotes")
        return token.text[1:-1].replace("''", "'")

    def literal(self) -> str:
        """The value of a text, number or word."""
        token = self.take()
        return token.text[1:-1].replace("''", "'") if token.kind == "text" else token.text

    def listed(self, item: Callable[[], T]) -> list[T]:
        """What `item` reads, between parentheses, parted by commas."""
        self.expect("(")
        if self.skip(")"):
            return []
        items = [item()]
        while self.skip(","):
            items.append(item())
        self.expect(")")
        return items

    def until_closing(self) -> str:
        """The source between the parenthesis ahead and the one that closes it, both left behind."""
        opening = self.next
        self.expect("(")
        depth = 1
        while depth:
            token = self.take()
            depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "symbol" else 0
        assert opening is not None
        return self.source[opening.end : token.start]
