"""Objects of a bucket as files to read: a listing, and a stream that outlives a broken connection.

Decides how S3 is asked. Which objects matter, and where their bytes go, is for `ingest.sources`.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from ingest.aws.addresses import S3Address
from ingest.aws.refusals import botocore_errors, error_code, is_silence, refusal
from ingest.errors import IngestError, SourceError

_ABSENT = ("NoSuchKey", "NoSuchBucket", "404")
_TRIES_WITHOUT_PROGRESS = 4


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as it is listed."""

    address: S3Address
    bytes: int


def list_objects(client: Any, address: S3Address) -> Iterator[StoredObject]:
    """Objects whose keys begin with `address.key`, in the order of their keys; no folder markers.

    Raises SourceError for a bucket that does not exist, StoreError for other refusals.
    """
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=address.bucket, Prefix=address.key
    )
    try:
        for page in pages:
            for found in page.get("Contents", ()):
                if not found["Key"].endswith("/"):
                    yield StoredObject(S3Address(address.bucket, found["Key"]), found["Size"])
    except botocore_errors() as error:
        raise _refused(error, doing="list this", where=address.uri) from error


class ObjectStream(io.RawIOBase):
    """One object from front to back; a connection that breaks is taken up where it broke.

    An object that is replaced meanwhile is refused: its halves would not belong together.
    """

    def __init__(
        self,
        client: Any,
        address: S3Address,
        *,
        moved: Callable[[int], None] | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Args:
            client: of S3.
            address: the object.
            moved: told of every so many bytes read.
            wait: sleeps for some seconds.

        Raises:
            SourceError: there is no such object.
            StoreError: S3 refused.
        """
        self._client = client
        self._address = address
        self._moved = moved
        self._wait = wait
        self._position = 0
        self._answer = self._ask()
        self.size = int(self._answer["ContentLength"])
        """Of the whole object (bytes)."""

    def readable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Bytes read so far."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as one read goes; 0 at the end."""
        if self._position == self.size:  # nothing is left that could break
            return 0
        view = memoryview(buffer).cast("B")
        for tried in range(1, _TRIES_WITHOUT_PROGRESS + 1):
            try:
                block = self._answer["Body"].read(len(view))
            except botocore_errors() as error:
                if tried == _TRIES_WITHOUT_PROGRESS or not is_silence(error):
                    raise self._refused(error) from error
                self._wait(0.2 * 2**tried)
                self._answer["Body"].close()
                self._answer = self._ask()
            else:
                view[: len(block)] = block
                self._position += len(block)
                if self._moved is not None:
                    self._moved(len(block))
                return len(block)
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Let the connection go."""
        if not self.closed:
            with closing(self._answer["Body"]):
                super().close()

    def _ask(self) -> dict[str, Any]:
        asked: dict[str, Any] = {"Bucket": self._address.bucket, "Key": self._address.key}
        if self._position:
            asked |= {"Range": f"bytes={self._position}-", "IfMatch": self._answer["ETag"]}
        try:
            answer: dict[str, Any] = self._client.get_object(**asked)
        except botocore_errors() as error:
            raise self._refused(error) from error
        return answer

    def _refused(self, error: BaseException) -> IngestError:
        if error_code(error) in ("PreconditionFailed", "412"):
            return SourceError(
                "the object was replaced while it was being read",
                where=self._address.uri,
                do="run the command again",
            )
        return _refused(error, doing="read this", where=self._address.uri)


def _refused(error: BaseException, *, doing: str, where: str) -> IngestError:
    refused = refusal(error, doing=doing, where=where)
    if error_code(error) in _ABSENT:  # the caller's address is wrong, S3 is not
        return SourceError(refused.what, where=where, do="check the address")
    return refused
