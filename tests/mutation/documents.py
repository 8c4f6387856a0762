"""Damage to JSON and to lines of JSON that are still well enough formed to be believed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.mutation import words

_MARK = "@@PUT@@"


def document(data: bytes, chance: random.Random) -> bytes:
    """A JSON document with a few of its values, keys or members changed."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):  # an earlier change may have nested it without end
        return words.edited(data.decode("utf-8", "replace"), chance).encode("utf-8", "replace")
    for _ in range(chance.choice([1, 1, 2, 5])):
        content = _changed(content, chance)
    text = json.dumps(content, ensure_ascii=chance.random() < 0.5)
    while f'"{_MARK}"' in text:
        text = text.replace(f'"{_MARK}"', words.value(chance), 1)
    return text.encode("utf-8", "surrogatepass")


def _changed(content: Any, chance: random.Random) -> Any:
    """The value with one thing in it changed, at a depth that chance decides."""
    if isinstance(content, dict) and content and chance.random() < 0.85:
        key = chance.choice(list(content))
        kind = chance.random()
        if kind < 0.08:
            return {k: v for k, v in content.items() if k != key}
        if kind < 0.16:
            return {chance.choice(words.NAMES) if k == key else k: v for k, v in content.items()}
        if kind < 0.2:
            return content | {chance.choice(words.NAMES): _MARK}
        return content | {key: _changed(content[key], chance)}
    if isinstance(content, list) and content and chance.random() < 0.85:
        at = chance.randrange(len(content))
        put = chance.choice([[], [content[at]] * 2, [_changed(content[at], chance)]])
        return [*content[:at], *put, *content[at + 1 :]]
    return _MARK


def lines(data: bytes, chance: random.Random) -> bytes:
    """Lines of JSON, some of them changed, repeated, in another order, or run together."""
    there = data.split(b"\n")
    return chance.choice(_OF_LINES)(there, chance)


def _shuffled(there: list[bytes], chance: random.Random) -> bytes:
    return b"\n".join(chance.sample(there, len(there)))


def _repeated(there: list[bytes], chance: random.Random) -> bytes:
    return b"\n".join(line for line in there for _ in range(chance.choice([0, 1, 1, 2, 3])))


def _replaced(there: list[bytes], chance: random.Random) -> bytes:
    put = [words.value(chance).encode("utf-8", "replace"), b"", b" \t", b"\0", b"{", b'{"a": 1}']
    return b"\n".join(chance.choice(put) if chance.random() < 0.4 else line for line in there)


def _documents(there: list[bytes], chance: random.Random) -> bytes:
    return b"\n".join(
        document(line, chance) if line and chance.random() < 0.5 else line for line in there
    )


def _edited(there: list[bytes], chance: random.Random) -> bytes:
    return b"\n".join(
        words.edited(line.decode("utf-8", "replace"), chance).encode("utf-8", "replace")
        if chance.random() < 0.5
        else line
        for line in there
    )


def _joined(there: list[bytes], chance: random.Random) -> bytes:
    return chance.choice([b"", b" ", b",", b"\n\n\n", b"\r\n"]).join(there)


_OF_LINES: tuple[Callable[[list[bytes], random.Random], bytes], ...] = (
    _shuffled,
    _repeated,
    _replaced,
    _documents,
    _documents,
    _edited,
    _joined,
)
