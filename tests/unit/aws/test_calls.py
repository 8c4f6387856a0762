"""Calls of AWS as events: named, timed, tried again where they fail, and without what is secret."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from ingest.aws.clients import client
from ingest.errors import StoreError
from ingest.lake import Lake

ROOM = "ingest.aws.calls"


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.getMessage() == event]


def test_a_call_is_told_by_name_path_and_status(
    bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=ROOM)
    client("s3").put_object(Bucket=bucket, Key="a/b", Body=b"content that nobody logs")
    [call] = told(caplog, "called AWS")
    assert (call["service"], call["call"], call["status"]) == ("s3", "PutObject", 200)
    assert call["path"].endswith("/a/b")
    assert call["seconds"] >= 0
    assert "nobody logs" not in caplog.text


def test_a_try_that_failed_is_a_warning(
    bucket: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    s3 = client("s3")
    tries = iter([503, 503])

    def refuse(request: Any, **_: Any) -> AWSResponse | None:
        status = next(tries, None)
        return None if status is None else AWSResponse(request.url, status, {}, _Nothing())

    s3.meta.events.register("before-send.s3.ListObjectsV2", refuse)
    caplog.set_level(logging.INFO, logger=ROOM)
    s3.list_objects_v2(Bucket=bucket)
    failed = told(caplog, "a try of a call of AWS failed")
    assert [(one["call"], one["attempt"], one["why"]) for one in failed] == [
        ("ListObjectsV2", 1, 503),
        ("ListObjectsV2", 2, 503),
    ]


class _Nothing:
    def stream(self) -> list[bytes]:
        return [b""]


def test_a_refusal_is_a_warning(aws: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StoreError):
        Lake.open("s3://evallake-nobody-made-this/lake")
    [refused] = told(caplog, "AWS refused")
    assert refused["levelno"] == logging.WARNING
    assert refused["code"] == "NoSuchBucket"
