"""What writers to a lake on S3 leave when they are killed: unfinished uploads, staging folders.

Decides what is this lake's and when somebody last touched it; whether it may go is decided in
`ingest.lake.vacuum`.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.aws.addresses import S3Address
from ingest.lake.refusals import refusals
from ingest.lake.store import Leftover

_UPLOAD = "?uploadId="


class Leftovers:
    """Of the writers to one prefix of a bucket."""

    def __init__(self, address: S3Address) -> None:
        self._address = address
        self._prefix = f"{address.key}/" if address.key else ""
        mark = hashlib.sha256(address.uri.encode()).hexdigest()[:12]
        self.staging_prefix = f"evallake-{mark}-"
        """How the names of this lake's staging folders begin, so that it takes no other lake's."""

    def uploads(self, client: Any) -> list[Leftover]:
        """Multipart uploads that were neither completed nor aborted."""
        pages = client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._address.bucket, Prefix=self._prefix
        )
        return [
            Leftover(
                f"{upload['Key'].removeprefix(self._prefix)}{_UPLOAD}{upload['UploadId']}",
                None,
                upload["Initiated"],
            )
            for page in pages
            for upload in page.get("Uploads") or ()
        ]

    def folders(self) -> list[Leftover]:
        """Staging folders in this machine's TMPDIR; other machines' are theirs to remove."""
        found = []
        for folder in sorted(Path(tempfile.gettempdir()).glob(f"{self.staging_prefix}*")):
            with refusals("look at", folder), suppress(FileNotFoundError):
                statuses = [path.stat() for path in (folder, *folder.rglob("*"))]
                touched = max(status.st_mtime for status in statuses)
                size = sum(status.st_size for status in statuses[1:])
                found.append(Leftover(str(folder), size, datetime.fromtimestamp(touched, UTC)))
        return found

    def remove(self, client: Any, leftover: Leftover) -> None:
        """Abort the upload, or remove the folder."""
        key, mark, upload = leftover.name.rpartition(_UPLOAD)
        if mark:
            client.abort_multipart_upload(
                Bucket=self._address.bucket, Key=self._prefix + key, UploadId=upload
            )
            return
        with refusals("remove", Path(leftover.name)), suppress(FileNotFoundError):
            shutil.rmtree(leftover.name)
