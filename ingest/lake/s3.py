"""The lake's files in an S3 bucket.

Decides how the promises of `ingest.lake.store` are kept with S3's calls. An object appears whole
or not at all by S3's own nature, a large one when its multipart upload is completed; ``create``
is a conditional PUT, of which S3 lets one through. Requests that may be repeated are repeated by
the client; ``create`` repeats by itself, since it has to know whether an earlier try may have
gone through. See docs/decisions/0081.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.aws.addresses import S3Address
from ingest.aws.clients import ATTEMPTS, client
from ingest.aws.refusals import (
    botocore_errors,
    error_code,
    http_status,
    is_silence,
    refusal,
    was_refused,
)
from ingest.errors import IngestError, OutcomeUnknownError, StoreError
from ingest.lake.refusals import refusals
from ingest.lake.s3_leftovers import Leftovers
from ingest.lake.store import Leftover, Moved, StoredObject, check_key
from ingest.parallel import each

PART_BYTES = 8 << 20
"""Files larger than this are sent in parts of this size (bytes)."""
_PARTS_AT_ONCE = 4
"""Of one file; several files are put at once besides."""
_READ_TRIES = 3
_LONGEST_WAIT = 8.0

_REMOVED_AT_ONCE = 1000  # S3's own limit
_REFUSALS_SHOWN = 3

_EXISTS = ("PreconditionFailed", "412")


class S3Store:
    """A prefix of a bucket; the bucket has to exist. May be used by several threads."""

    def __init__(
        self,
        address: S3Address,
        *,
        kms_key_id: str | None = None,
        make_client: Callable[..., Any] = client,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Args:
            address: the bucket and the prefix that is the lake's root.
            kms_key_id: id, ARN or alias of the key that everything written is encrypted with;
                None leaves it to the bucket's own setting.
            make_client: `ingest.aws.clients.client`, or what a test puts in its place.
            wait: sleeps for some seconds.
        """
        self._address = S3Address(address.bucket, address.key.rstrip("/"))
        self._prefix = f"{self._address.key}/" if self._address.key else ""
        self._client = make_client("s3")
        self._make_client = make_client
        self._wait = wait
        self._leftovers = Leftovers(self._address)
        self._extra: dict[str, Any] = {}
        if kms_key_id:
            self._extra = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": kms_key_id,
                "BucketKeyEnabled": True,
            }

    @property
    def root(self) -> str:
        """`s3://bucket/prefix`, without a slash at its end."""
        return self._address.uri

    @property
    def at_once(self) -> int:
        """Requests to this store at a time (count): each is mostly waiting."""
        return 8

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A private folder on this machine's disk, where TMPDIR says, removed on leaving."""
        with refusals("make", Path(tempfile.gettempdir())):
            folder = tempfile.TemporaryDirectory(prefix=self._leftovers.staging_prefix + name)
        with folder as path:
            yield Path(path)

    def put_file(self, path: Path, key: str, *, moved: Moved | None = None) -> None:
        """Send `path`, a large one in parallel parts; parts of a failed upload are removed."""
        target = self._key(key)
        with refusals("read", path):
            size = path.stat().st_size
            content = path.read_bytes() if size <= PART_BYTES else None
        with self._writing(key):
            if content is None:
                self._put_parts(path, size, target, moved or _unwatched)
                return
            self._client.put_object(**self._object(target), Body=content, **self._extra)
        if moved is not None:
            moved(size)

    def create(self, key: str, content: bytes) -> bool:
        """Put with `If-None-Match: *`, of which S3 lets one through.

        412 says that the object is there: another's, or this call's own from a try whose answer
        was lost. 409 says that somebody else is at it right now, and is asked again, as are
        throttling and silence. Where the tries run out after one that may have gone through,
        OutcomeUnknownError is raised.
        """
        target = self._key(key)
        may_have_written = False
        for tried in range(1, ATTEMPTS + 1):
            try:
                self._once.put_object(
                    **self._object(target), Body=content, IfNoneMatch="*", **self._extra
                )
            except self._errors as error:
                if error_code(error) in _EXISTS:
                    return False
                may_have_written |= not was_refused(error)
                if tried == ATTEMPTS or not _may_pass(error):
                    raise self._refusal(
                        error, "create", key, is_certain=not may_have_written
                    ) from error
                self._wait(_backoff(tried))
            else:
                return True
        raise AssertionError("the last try returns or raises")

    def replace(self, key: str, content: bytes) -> None:
        """Put it over what is there; S3 shows the old object or the new one."""
        with self._writing(key):
            self._client.put_object(**self._object(self._key(key)), Body=content, **self._extra)

    def read(self, key: str) -> bytes:
        """The object's bytes; an answer that breaks off is asked for again."""
        target = self._key(key)
        for tried in range(1, _READ_TRIES + 1):
            try:
                with closing(self._client.get_object(**self._object(target))["Body"]) as body:
                    return bytes(body.read())
            except self._errors as error:
                if tried == _READ_TRIES or http_status(error) is not None:
                    raise self._refusal(error, "read", key) from error
            self._wait(_backoff(tried))
        raise AssertionError("the last try returns or raises")

    def exists(self, key: str) -> bool:
        """Whether it is listed: unlike a HEAD, that tells a missing bucket or right by name."""
        target = self._key(key)
        try:
            listed = self._client.list_objects_v2(
                Bucket=self._address.bucket, Prefix=target, MaxKeys=1
            )
        except self._errors as error:
            raise self._refusal(error, "look at", key) from error
        return any(found["Key"] == target for found in listed.get("Contents", ()))

    def keys(self, prefix: str, *, after: str | None = None) -> list[str]:
        """Objects below the folder `prefix`, at any depth; folder markers are none of the lake's."""
        return sorted(listed.key for listed in self._listed(prefix, after=after))

    def listed(self, prefix: str) -> list[StoredObject]:
        """The same objects with size and age."""
        return sorted(self._listed(prefix), key=lambda listed: listed.key)

    def delete(self, key: str) -> None:
        """Remove the object; S3 does not mind one that is absent."""
        with self._writing(key, verb="remove"):
            self._client.delete_object(**self._object(self._key(key)))

    def delete_all(self, keys: Iterable[str]) -> None:
        """A thousand in one request; some requests at a time."""
        targets = [self._key(key) for key in keys]
        starts = range(0, len(targets), _REMOVED_AT_ONCE)
        batches = [targets[start : start + _REMOVED_AT_ONCE] for start in starts]
        each(self._delete_batch, batches, at_once=_PARTS_AT_ONCE)

    def leftovers(self) -> list[Leftover]:
        """Unfinished uploads below the prefix, and this lake's staging folders on this machine."""
        try:
            uploads = self._leftovers.uploads(self._client)
        except self._errors as error:
            raise self._refusal(error, "list unfinished uploads", "") from error
        return [*uploads, *self._leftovers.folders()]

    def remove_leftover(self, leftover: Leftover) -> None:
        """Abort the upload, or remove the folder."""
        try:
            self._leftovers.remove(self._client, leftover)
        except self._errors as error:
            if error_code(error) != "NoSuchUpload":  # completed or aborted meanwhile
                raise self._refusal(error, "abort the upload", leftover.name) from error

    def _listed(self, prefix: str, *, after: str | None = None) -> list[StoredObject]:
        asked: dict[str, Any] = {
            "Bucket": self._address.bucket,
            "Prefix": self._prefix + prefix,
        }
        if after is not None:
            asked["StartAfter"] = self._prefix + after
        found: list[dict[str, Any]] = []
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(**asked):
                found += page.get("Contents", ())
        except self._errors as error:
            raise self._refusal(error, "list", prefix) from error
        return [
            StoredObject(one["Key"].removeprefix(self._prefix), one["Size"], one["LastModified"])
            for one in found
            if not one["Key"].endswith("/")
        ]

    def _delete_batch(self, targets: list[str]) -> None:
        """Remove up to a thousand objects; S3 refuses each of them by itself."""
        where = f"{self.root} ({len(targets)} objects)"
        with self._writing(where, verb="remove"):
            answer = self._client.delete_objects(
                Bucket=self._address.bucket,
                Delete={"Objects": [{"Key": target} for target in targets], "Quiet": True},
            )
        errors = answer.get("Errors") or []
        if errors:
            shown = "; ".join(
                f"{error.get('Key')}: {error.get('Code')}" for error in errors[:_REFUSALS_SHOWN]
            )
            raise StoreError(
                f"S3 does not remove {len(errors)} objects ({shown})",
                where=self.root,
                do="see whether s3:DeleteObject is allowed, and run the command again",
            )

    def _put_parts(self, path: Path, size: int, target: str, moved: Moved) -> None:
        where = self._object(target)
        upload = self._client.create_multipart_upload(**where, **self._extra)["UploadId"]

        def send(number: int) -> dict[str, Any]:
            with refusals("read", path), path.open("rb") as file:
                file.seek((number - 1) * PART_BYTES)
                body = file.read(PART_BYTES)
            sent = self._client.upload_part(**where, UploadId=upload, PartNumber=number, Body=body)
            moved(len(body))
            checksums = {name: sent[name] for name in sent if name.startswith("ChecksumCRC")}
            return {"PartNumber": number, "ETag": sent["ETag"], **checksums}

        try:
            parts = each(send, range(1, -(-size // PART_BYTES) + 1), at_once=_PARTS_AT_ONCE)
            self._client.complete_multipart_upload(
                **where, UploadId=upload, MultipartUpload={"Parts": parts}
            )
        except BaseException as failure:
            self._abort(upload, where, failure)
            raise

    def _abort(self, upload: str, where: dict[str, Any], because: BaseException) -> None:
        """Remove the parts of a failed upload, which would be paid for unseen."""
        try:
            self._client.abort_multipart_upload(**where, UploadId=upload)
        except self._errors as error:
            if error_code(error) != "NoSuchUpload":  # completed or removed already
                because.add_note(f"parts left behind, no reader sees them: {error}")

    @contextmanager
    def _writing(self, key: str, *, verb: str = "write") -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise self._refusal(error, verb, key, is_certain=was_refused(error)) from error

    def _refusal(
        self, error: Exception, verb: str, key: str, *, is_certain: bool = True
    ) -> IngestError:
        where = f"{self.root}/{key}"
        refused = refusal(error, doing=f"{verb} this", where=where)
        if is_certain:
            return refused
        return OutcomeUnknownError(refused.what, where=where, do=refused.do)

    @cached_property
    def _once(self) -> Any:
        """A client that asks once: for requests whose repetition is ours to count."""
        return self._make_client("s3", attempts=1)

    @property
    def _errors(self) -> tuple[type[Exception], ...]:
        return botocore_errors()

    def _object(self, target: str) -> dict[str, Any]:
        return {"Bucket": self._address.bucket, "Key": target}

    def _key(self, key: str) -> str:
        check_key(key, where=self.root)
        return self._prefix + key


def _may_pass(error: Exception) -> bool:
    """Whether the same request may go through a little later."""
    status = http_status(error)
    if status is None:
        return is_silence(error)
    return status >= 500 or status in (408, 409, 429)


def _backoff(tried: int) -> float:
    """Seconds to wait after so many tries: up to twice as long each time, never all at once."""
    return random.uniform(0, min(_LONGEST_WAIT, 0.1 * 2**tried))  # noqa: S311  # no secret


def _unwatched(_: int) -> None:
    """Nobody watches this transfer."""
