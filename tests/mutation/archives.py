"""Archives of a tree: in any order and dialect, with members that are an attack, damaged or not."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.mutation import raw_bytes, words

_SPECIAL = (
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
    tarfile.CONTTYPE,
    tarfile.GNUTYPE_SPARSE,
    b"\xff",
)


def pack(folder: Path, chance: random.Random) -> bytes:
    """The tree below `folder` as an archive."""
    members: list[tuple[tarfile.TarInfo, bytes]] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            info = tarfile.TarInfo(path.relative_to(folder).as_posix())
            members.append((info, path.read_bytes()))
    if chance.random() < 0.5:
        chance.shuffle(members)
    for _ in range(chance.choice([0, 0, 1, 4])):
        members.insert(chance.randrange(len(members) + 1), _member(members, chance))
    plain = _tar(members, chance)
    if chance.random() < 0.3:
        plain = _damaged_header(plain, chance)
    packed = chance.choice(_ENVELOPES)(plain, chance)
    if chance.random() < 0.3:
        packed = chance.choice(raw_bytes.ANY)(packed, chance)
    return packed


def _member(
    members: list[tuple[tarfile.TarInfo, bytes]], chance: random.Random
) -> tuple[tarfile.TarInfo, bytes]:
    """A member that should not be there."""
    there, content = chance.choice(members) if members else (tarfile.TarInfo("a"), b"{}")
    name = chance.choice(
        [
            there.name,
            f"../{there.name}",
            f"/{there.name}",
            f"./{there.name}",
            f"a/../../{there.name}",
            there.name.replace("/", "//"),
            there.name.replace("/", "\\"),
            f"{chance.choice(words.NAMES)}/{there.name}",
            f"run/eval_results/results_{chance.choice(words.NAMES)}.json",
            f"run/eval_results/details_{chance.choice(words.NAMES)}.parquet",
            "x/" * 200 + "results_x.json",
        ]
    )
    info = tarfile.TarInfo(name)
    kind = chance.random()
    if kind < 0.4:
        info.type = chance.choice(_SPECIAL)
        info.linkname = chance.choice(["/etc/passwd", there.name, "../../x", ""])
        return info, b""
    if kind < 0.6:
        info.pax_headers = {
            chance.choice(
                ["path", "size", "comment", "GNU.sparse.map", "GNU.sparse.size", "hdrcharset"]
            ): chance.choice(["0", "-1", "9" * 30, "a" * 5000, "\u202e", "BINARY", "1,2,3"])
        }
    return info, chance.choice([content, b"", b"{}", chance.randbytes(2000)])


def _tar(members: list[tuple[tarfile.TarInfo, bytes]], chance: random.Random) -> bytes:
    out = io.BytesIO()
    dialect = chance.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
    with tarfile.open(fileobj=out, mode="w", format=dialect, errors="surrogateescape") as archive:
        for info, content in members:
            info.size = len(content)
            try:
                archive.addfile(info, io.BytesIO(content))
            except (ValueError, UnicodeError):  # a name that this dialect cannot hold
                continue
    return out.getvalue()


def _damaged_header(plain: bytes, chance: random.Random) -> bytes:
    """One header changed, with a checksum that says it is right."""
    at = 512 * chance.randrange(max(len(plain) // 512, 1))
    header = bytearray(plain[at : at + 512])
    if len(header) < 512 or bytes(header[257:262]) != b"ustar":
        return plain
    first, size = chance.choice([(0, 100), (124, 12), (156, 1), (157, 100), (257, 8), (345, 155)])
    value = chance.choice(
        [b"\0", b"\xff", b"7", b"9", b"\x80", b"-1", b"77777777777", b"\x80" + b"\xff" * 11, b"/"]
    )
    header[first : first + size] = (value * size)[:size]
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return plain[:at] + bytes(header) + plain[at + 512 :]


def _gzipped(plain: bytes, chance: random.Random) -> bytes:
    return gzip.compress(plain, compresslevel=1, mtime=0)


def _in_parts(plain: bytes, chance: random.Random) -> bytes:
    """Several gzip streams, one behind the other."""
    at = chance.randrange(len(plain) + 1)
    return gzip.compress(plain[:at], 1) + gzip.compress(plain[at:], 1)


def _with_junk(plain: bytes, chance: random.Random) -> bytes:
    junk = chance.choice([b"\0" * 600, b"junk", b"\x1f\x8b", chance.randbytes(50)])
    return gzip.compress(plain, 1) + junk


def _packed_twice(plain: bytes, chance: random.Random) -> bytes:
    return gzip.compress(gzip.compress(plain, 1), 1)


_ENVELOPES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _gzipped,
    _gzipped,
    _gzipped,
    lambda plain, chance: plain,
    lambda plain, chance: plain,
    _in_parts,
    _with_junk,
    _packed_twice,
)
