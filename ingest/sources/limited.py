"""Byte streams that count what they give, and refuse to unpack a bomb."""

from __future__ import annotations

import gzip
from types import TracebackType
from typing import IO, Self

from ingest.errors import SourceError
from ingest.sources.source import SourceLimits

_GRACE_BYTES = 64 << 20
"""Unpacked bytes before the ratio is judged: a small file of zeros is no bomb."""


class LimitedReader:
    """A readable stream that counts the bytes it has given."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.total = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes; empty at the end."""
        block = self._raw.read(size)
        self.total += len(block)
        return block

    def close(self) -> None:
        """Nothing: whoever opened the underlying file closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class RatioReader(LimitedReader):
    """The content of a gzip stream, refused where it grows beyond reason."""

    def __init__(self, packed: IO[bytes], *, limits: SourceLimits, where: str) -> None:
        super().__init__(gzip.GzipFile(fileobj=packed, mode="rb"))  # type: ignore[arg-type]
        self._packed = packed
        self._limits = limits
        self._where = where

    def read(self, size: int) -> bytes:
        """At most `size` bytes; SourceError once the limit is passed."""
        block = super().read(size)
        most = self._limits.max_compression_ratio
        if self.total > _GRACE_BYTES and self.total > most * self._packed.tell():
            said = f"it unpacks to more than {most:g} times its size"
            raise self._limits.refusal(
                said, "max_compression_ratio", where=self._where, of=SourceError
            )
        return block
