"""Damage to a file whatever is in it: bits, blocks, ends."""

from __future__ import annotations

import random
from collections.abc import Callable


def flipped(data: bytes, chance: random.Random) -> bytes:
    """A few bits turned, or many."""
    if not data:
        return data
    made = bytearray(data)
    for _ in range(chance.choice([1, 1, 4, 30])):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def flipped_at_end(data: bytes, chance: random.Random) -> bytes:
    """Bits turned near the end, where Parquet keeps what describes the rest."""
    tail = min(len(data), chance.choice([8, 200, 2000]))
    cut = len(data) - tail
    return data[:cut] + flipped(data[cut:], chance)


def truncated(data: bytes, chance: random.Random) -> bytes:
    """The beginning alone."""
    return data[: chance.randrange(len(data) + 1)]


def beheaded(data: bytes, chance: random.Random) -> bytes:
    """The end alone."""
    return data[chance.randrange(len(data) + 1) :]


def zeroed(data: bytes, chance: random.Random) -> bytes:
    """A block of zeros, as a crashed disk leaves one."""
    first = chance.randrange(len(data) + 1)
    size = chance.choice([1, 16, 512, 4096])
    return data[:first] + bytes(len(data[first : first + size])) + data[first + size :]


def spliced(data: bytes, chance: random.Random) -> bytes:
    """A block left out, repeated, or replaced by noise."""
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    block = data[first:last]
    put = chance.choice([b"", block * 2, chance.randbytes(len(block)), block[::-1]])
    return data[:first] + put + data[last:]


def extended(data: bytes, chance: random.Random) -> bytes:
    """Something after the end."""
    return data + chance.choice(
        [data, b"\0" * 700, b"\n\n", chance.randbytes(64), b"{}\n", b"PAR1"]
    )


def noise(data: bytes, chance: random.Random) -> bytes:
    """Nothing of what was there."""
    return chance.choice(
        [b"", b"\0" * 100, chance.randbytes(300), b"PAR1PAR1", b"{}", b"[]", b"\n"]
    )


def recoded(data: bytes, chance: random.Random) -> bytes:
    """Text in another encoding, or with a mark of one."""
    text = data.decode("utf-8", "surrogateescape")
    return chance.choice(
        [
            lambda: b"\xef\xbb\xbf" + data,
            lambda: text.encode("utf-16", "replace"),
            lambda: text.encode("utf-32-le", "replace"),
            lambda: text.encode("latin-1", "replace").replace(b"e", b"\xe9"),
            lambda: data.replace(b"\n", b"\r\n"),
            lambda: data.replace(b"\n", b"\r"),
            lambda: data.replace(b'"', b"\xe2\x80\x9c", 3),
            lambda: data.replace(b"a", b"\xff", 2),
            lambda: data.replace(b"a", b"\xed\xa0\x80", 2),
        ]
    )()


ANY: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flipped,
    flipped_at_end,
    truncated,
    beheaded,
    zeroed,
    spliced,
    extended,
    noise,
    recoded,
)
