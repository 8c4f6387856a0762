"""What a judge's words say: which of two responses is better.

Decides which words are a verdict. A text may be the verdict itself (`A>B`, `[[A=B]]`, `tie`), or
say it after reasoning. What is no verdict is unknown, never guessed: a text that names several
preferences counts only where it marks one of them as its own.

`A` and `B` are taken as the text has them; whether they are the responses or the places in which
they were shown is decided in `orientation`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

A, B, TIE, UNKNOWN, NOTHING = range(5)
"""Codes of verdicts. NOTHING: the judge gave no words at all."""

VERDICTS = ("A", "B", "tie")
"""Names of the first three."""

_SIDES = {"a": A, "b": B}
_NAMES = re.compile(
    r"(?:the )?(?:response|model|assistant|answer|option|candidate|system)?[ _-]?(?P<side>[ab])"
    r"(?: (?:wins?|is better|is (?:the )?winner|is preferred|preferred))?"
)
_COMPARED = re.compile(
    r"(?:(?:response|model|assistant|answer)[ _-]?)?(?P<left>[ab]) ?(?P<sign>[<>=~≈]{1,3}) ?"
    r"(?:(?:response|model|assistant|answer)[ _-]?)?(?P<right>[ab])"
)
_TIES = frozenset(
    ("tie", "ties", "tied", "a tie", "draw", "equal", "both", "same", "c", "no preference", "="),
)
_FAILURES = frozenset(
    ("", "none", "null", "nan", "n/a", "error", "inference_error", "failed", "{}")
)
"""What stands where the judge failed."""

_BRACKETED = re.compile(r"\[\[([^\[\]]{1,40})\]\]")
_LABELLED = re.compile(
    r"(?im)^[\W_]*(?:(?:my |the )?(?:final |overall )?"
    r"(?:verdict|preference|judge?ment|decision|winner|answer|conclusion))[\W_]*"
    r"(?:is|:|=|-)[\s*_`\"']*(?P<words>[^\n]{1,60}?)[\s*_`\"'.]*$"
)
_ANYWHERE = re.compile(r"(?<![\w<>=])[AB] ?(?:>{1,2}|<{1,2}|={1,2}) ?[AB](?![\w<>=])")
_LONGEST = 64
"""A longer text is not the verdict itself (characters)."""


def read_verdict(text: str | None) -> int:
    """The verdict that a judge's text gives: A, B, TIE, UNKNOWN or NOTHING."""
    if text is None:
        return NOTHING
    short = text.strip()
    if short.casefold() in _FAILURES:
        return NOTHING
    for words in _candidates(short):
        found = _of_words(words)
        if found != UNKNOWN:
            return found
    return UNKNOWN


def read_verdicts(texts: Iterable[str | None]) -> list[int]:
    """`read_verdict` of each; the same text is read once."""
    known: dict[str | None, int] = {}
    found = []
    for text in texts:
        if text not in known:
            known[text] = read_verdict(text)
        found.append(known[text])
    return found


def _candidates(text: str) -> Iterable[str]:
    """Parts of the text that may be its verdict, the surest first."""
    if len(text) <= _LONGEST:
        yield text
    bracketed = [m[1] for m in _BRACKETED.finditer(text)]
    if bracketed:
        yield bracketed[-1]
    labelled = [m["words"] for m in _LABELLED.finditer(text)]
    if labelled:
        yield labelled[-1]
    named = {"".join(m[0].split()) for m in _ANYWHERE.finditer(text)}
    if len({_of_words(words) for words in named}) == 1:
        yield named.pop()
    yield text.rstrip().rpartition("\n")[2]


def _of_words(words: str) -> int:
    plain = unicodedata.normalize("NFKC", words).casefold().replace("≫", ">>").replace("≪", "<<")
    plain = " ".join(plain.strip(" \t\r\n\"'`*_.,;:!()[]{}").split())
    if plain in _TIES:
        return TIE
    if match := _NAMES.fullmatch(plain):
        return _SIDES[match["side"]]
    if match := _COMPARED.fullmatch(plain):
        return _of_comparison(match["left"], match["sign"], match["right"])
    return UNKNOWN


def _of_comparison(left: str, sign: str, right: str) -> int:
    if left == right:
        return UNKNOWN
    kinds = set(sign)
    if kinds <= set("=~≈"):
        return TIE
    if kinds == {">"}:
        return _SIDES[left]
    if kinds == {"<"}:
        return _SIDES[right]
    return UNKNOWN  # >=, <>
