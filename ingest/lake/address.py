"""Where a lake is, by its address, and which layout it has, by its marker."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingest.aws.addresses import s3_address
from ingest.errors import LakeError
from ingest.lake.layout import MARKER
from ingest.lake.local import LocalStore
from ingest.lake.s3 import S3Store
from ingest.lake.store import Store


def store_at(root: str) -> Store:
    """The store of a folder's path, a ``file://`` or an ``s3://bucket/prefix`` address.

    Raises LakeError for an address of another kind.
    """
    scheme = re.match(r"([a-z][a-z0-9+.-]+)://", root)
    if scheme is None:
        return LocalStore(Path(root).expanduser())
    if scheme[1] == "file":
        return LocalStore(Path(unquote(urlsplit(root).path)))
    if scheme[1] == "s3":
        return S3Store(s3_address(root), kms_key_id=os.environ.get("EVALLAKE_S3_KMS_KEY_ID"))
    raise LakeError(
        f"a lake is kept on a disk or on S3, not at {scheme[1]}://",
        where=root,
        do="set EVALLAKE_ROOT to a folder or to s3://bucket/prefix",
    )


def layout_of(marker: bytes) -> object:
    """The layout that a lake's marker names; LakeError for one that names none."""
    try:
        document: Mapping[str, object] = json.loads(marker)
        return document["layout"]
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(
            "this file does not describe a lake",
            where=MARKER,
            do='restore it from a backup; of a lake of layout 1 it is {"layout": 1}',
        ) from error
