"""The members of a tar stream, one after the other, in bounded memory.

Decides what a header may say. Python's own `tarfile` takes a damaged header in the midst of an
archive for its end, so that what follows is lost without a word, and reads extended headers of any
size into memory; here all that does not add up is damage, and damage is an error. Nothing is
written, and names are not judged: that is for whoever keeps a member.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.errors import SourceError
from ingest.sources.spill import Readable

_BLOCK = 512
_COPY_BYTES = 1 << 20
_MOST_HEADER_BYTES = 1 << 20
"""Longest extended header that is read: names have a few thousand bytes at most."""
_MOST_IN_A_ROW = 8
"""Extended headers before one member: a path, a link and a comment make three."""

_OCTAL = re.compile(rb"[0-7]*")
_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]+)=")

_FILES = frozenset((b"0", b"\0", b"7"))
_WITHOUT_DATA = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))
_DIRECTORY = b"5"
_OLD_SPARSE = b"S"
_LONG_NAME, _LONG_LINK = b"L", b"K"
_PAX, _PAX_SOLARIS, _PAX_GLOBAL = b"x", b"X", b"g"
_EXTENDED = frozenset((_LONG_NAME, _LONG_LINK, _PAX, _PAX_SOLARIS, _PAX_GLOBAL))


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive."""

    name: str
    """As written; bytes that are no UTF-8 as lone surrogates."""
    size: int
    """Of its data in the archive (bytes)."""
    is_file: bool
    """A regular file, whole: no link, device, pipe, directory, nor one with holes."""
    is_directory: bool


class TarStream:
    """Iterate over the members; `read` gives the data of the one that was given last."""

    def __init__(self, stream: Readable, *, where: str) -> None:
        """
        Args:
            stream: the archive, unpacked; read once, to its end.
            where: how errors call it.
        """
        self._stream = stream
        self._where = where
        self._left = 0
        self._padding = 0
        self._global: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[Member]:
        """The members, in their order.

        Raises:
            SourceError: the archive is truncated or damaged, or something follows its end.
        """
        while (header := self._next_header()) is not None:
            yield self._member(header)
            while self.read(_COPY_BYTES):  # what nobody wanted
                pass
            self._exactly(self._padding)
        while rest := self._stream.read(_COPY_BYTES):
            if rest.strip(b"\0"):
                raise self._damage("something follows its end")

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of the current member's data; empty at its end."""
        wanted = min(size, self._left)
        if wanted == 0:
            return b""
        block = self._stream.read(wanted)
        if not block:
            raise self._damage("it ends in the midst of a member")
        self._left -= len(block)
        return block

    def _next_header(self) -> bytes | None:
        """The next block, whose checksum is right; None at the end mark."""
        header = self._exactly(_BLOCK)
        if not header.strip(b"\0"):
            return None
        told = self._number(header[148:156])
        others = header[:148] + header[156:]
        total = sum(others) + 8 * ord(" ")
        # some old programs added the bytes as signed ones
        if told not in (total, total - 256 * sum(byte > 127 for byte in others)):
            raise self._damage("the checksum of a header is wrong")
        return header

    def _member(self, header: bytes) -> Member:
        own: dict[str, bytes] = {}
        long_name: bytes | None = None
        for _ in range(_MOST_IN_A_ROW):
            kind = header[156:157]
            if kind not in _EXTENDED:
                return self._described(header, self._global | own, long_name)
            content = self._extension(self._number(header[124:136]))
            if kind == _LONG_NAME:
                name = content.partition(b"\0")[0]
                self._refuse_another(long_name is not None and long_name != name)
                long_name = name
            elif kind == _PAX_GLOBAL:
                self._global |= self._records(content)
            elif kind != _LONG_LINK:
                records = self._records(content)
                self._refuse_another(any(own.get(k, v) != v for k, v in records.items()))
                own |= records
            following = self._next_header()
            if following is None:
                raise self._damage("it ends after an extended header")
            header = following
        raise self._damage(f"more than {_MOST_IN_A_ROW} extended headers in a row")

    def _refuse_another(self, disagrees: bool) -> None:
        """No program writes two extended headers for one member, and readers differ in which counts."""
        if disagrees:
            raise self._damage("two extended headers of one member disagree")

    def _described(
        self, header: bytes, records: dict[str, bytes], long_name: bytes | None
    ) -> Member:
        kind = header[156:157]
        size = self._number(header[124:136])
        if "size" in records:
            size = self._decimal(records["size"])
        name = header[:100].partition(b"\0")[0]
        prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
        if prefix:
            name = prefix + b"/" + name
        name = records.get("path", name if long_name is None else long_name)
        is_sparse = kind == _OLD_SPARSE or any(key.startswith("GNU.sparse.") for key in records)
        if kind == _OLD_SPARSE and header[482]:
            while self._exactly(_BLOCK)[504]:  # more of the list of its pieces
                pass
        self._left = 0 if kind in _WITHOUT_DATA else size
        self._padding = -self._left % _BLOCK
        is_directory = kind == _DIRECTORY or (kind == b"\0" and name.endswith(b"/"))
        return Member(
            name=name.decode("utf-8", "surrogateescape"),
            size=self._left,
            is_file=kind in _FILES and not is_sparse and not is_directory,
            is_directory=is_directory,
        )

    def _extension(self, size: int) -> bytes:
        """The content of an extended header."""
        if size > _MOST_HEADER_BYTES:
            raise self._damage(f"an extended header has more than {_MOST_HEADER_BYTES} bytes")
        content = self._exactly(size)
        self._exactly(-size % _BLOCK)
        return content

    def _records(self, content: bytes) -> dict[str, bytes]:
        """Records `<length> <key>=<value>` and a line break; the last of equal keys counts."""
        found: dict[str, bytes] = {}
        at = 0
        while at < len(content):
            match = _RECORD.match(content, at)
            end = at + int(match[1]) if match else 0
            if match is None or not match.end() < end <= len(content) or content[end - 1] != 0x0A:
                raise self._damage("an extended header is no list of records")
            found[match[2].decode("utf-8", "surrogateescape")] = content[match.end() : end - 1]
            at = end
        return found

    def _number(self, field: bytes) -> int:
        """A number of a header: octal digits, or bytes behind one whose highest bit is set."""
        if field[0] & 0x80:
            if field[0] != 0x80:
                raise self._damage("a number in a header is negative")
            return int.from_bytes(field[1:])
        digits = field.partition(b"\0")[0].strip(b" ")
        if _OCTAL.fullmatch(digits) is None:
            raise self._damage("a header has no number where one belongs")
        return int(digits, 8) if digits else 0

    def _decimal(self, text: bytes) -> int:
        if len(text) > 20 or not text.isdigit():
            raise self._damage("an extended header has no size where one belongs")
        return int(text)

    def _exactly(self, size: int) -> bytes:
        """As many bytes of the stream as that."""
        data = b""
        while len(data) < size:
            block = self._stream.read(size - len(data))
            if not block:
                raise self._damage("it is cut off" if data or size != _BLOCK else "it has no end")
            data += block
        return data

    def _damage(self, why: str) -> SourceError:
        return SourceError(
            f"the archive is truncated or damaged ({why})", where=self._where, do="fetch it again"
        )
