"""The S3 store keeps the promises of the protocol, whatever S3 answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)

from ingest.aws.addresses import S3Address
from ingest.errors import LakeError, OutcomeUnknownError, StoreError
from ingest.lake import Lake
from ingest.lake.log import Log
from ingest.lake.s3 import PART_BYTES, S3Store
from tests.unit.aws.test_refusals import answered
from tests.unit.lake.make import event

SILENCE = ReadTimeoutError(endpoint_url="s3")
UNREACHED = ConnectTimeoutError(endpoint_url="s3")
CONFLICT = answered("ConditionalRequestConflict", status=409)
SLOW = answered("SlowDown", status=503)
AILING = answered("InternalError", status=500)
DENIED = answered("AccessDenied", status=403)


class Wire:
    """A client whose calls of one operation answer as told: an error, before or after the work."""

    def __init__(self, real: Any, operation: str, answers: list[tuple[str, Exception]]) -> None:
        self._real = real
        self._operation = operation
        self._answers = answers
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: self._call(name, *args, **options)

    def _call(self, name: str, *args: Any, **options: Any) -> Any:
        self.calls.append(name)
        when, error = "", None
        if name == self._operation and self._answers:
            when, error = self._answers.pop(0)
        if when == "before":
            raise error
        result = getattr(self._real, name)(*args, **options)
        if when == "after":
            if "Body" in result:
                result["Body"].close()
            raise error
        return result


@pytest.fixture
def store(bucket: str) -> S3Store:
    return S3Store(S3Address(bucket, "some/lake/"))


@pytest.fixture
def wired(bucket: str, s3: Any) -> Callable[..., tuple[S3Store, Wire, list[float]]]:
    """A store on a client that fails as told, that client, and the waits in between."""

    def make(operation: str, *answers: tuple[str, Exception]) -> Any:
        wire = Wire(s3, operation, list(answers))
        waits: list[float] = []
        address = S3Address(bucket, "lake")
        store = S3Store(address, make_client=lambda *_, **__: wire, wait=waits.append)
        return store, wire, waits

    return make


def put(store: S3Store, folder: Path, key: str, content: bytes) -> None:
    (folder / "new").write_bytes(content)
    store.put_file(folder / "new", key)


def test_what_was_put_is_there_and_what_was_deleted_is_not(store: S3Store, tmp_path: Path) -> None:
    put(store, tmp_path, "examples/job_id=a/part.parquet", b"rows")
    assert store.read("examples/job_id=a/part.parquet") == b"rows"
    assert store.exists("examples/job_id=a/part.parquet")
    assert not store.exists("examples/job_id=a/part")  # a prefix of a key is no object
    assert not store.exists("examples/job_id=a/other.parquet")
    store.delete("examples/job_id=a/part.parquet")
    store.delete("examples/job_id=a/part.parquet")
    assert not store.exists("examples/job_id=a/part.parquet")
    with pytest.raises(StoreError, match=r"examples/job_id=a/part\.parquet: cannot read this"):
        store.read("examples/job_id=a/part.parquet")


def test_keys_are_those_below_a_folder_and_after_a_key(
    store: S3Store,
    tmp_path: Path,
    s3: Any,
    bucket: str,
) -> None:
    for key in ("t/b", "t/a/x=1/p|ü", "t/c", "t2/d"):
        put(store, tmp_path, key, b"")
    s3.put_object(Bucket=bucket, Key="some/lake/t/", Body=b"")  # as the console makes a folder
    s3.put_object(Bucket=bucket, Key="t/elsewhere", Body=b"")
    assert store.keys("t/") == ["t/a/x=1/p|ü", "t/b", "t/c"]
    assert store.keys("t/", after="t/b") == ["t/c"]
    assert store.keys("none/") == []


def test_more_keys_than_one_page(store: S3Store, s3: Any, bucket: str) -> None:
    for n in range(8):
        s3.put_object(Bucket=bucket, Key=f"some/lake/t/{n}", Body=b"")
    pages = []

    def small_pages(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 3
        pages.append(params)

    store._client.meta.events.register("before-parameter-build.s3.ListObjectsV2", small_pages)
    assert store.keys("t/", after="t/0") == [f"t/{n}" for n in range(1, 8)]
    assert len(pages) == 3


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/../b", "./a", "a\0b"])
def test_what_cannot_be_a_key_is_refused(store: S3Store, key: str) -> None:
    with pytest.raises(StoreError, match="is not a key of the lake"):
        store.create(key, b"")


def test_the_root_of_a_bucket_can_be_a_lake(bucket: str) -> None:
    lake = Lake.open(f"s3://{bucket}", create=True)
    assert lake.root == f"s3://{bucket}"
    assert Lake.open(f"s3://{bucket}/").loads() == ()
    with pytest.raises(LakeError, match=r"there is no lake here; make one"):
        Lake.open(f"s3://{bucket}/elsewhere")


def test_large_files_go_in_parts_and_arrive_whole(
    store: S3Store,
    tmp_path: Path,
    s3: Any,
    bucket: str,
) -> None:
    content = bytes(range(256)) * ((2 * PART_BYTES + 1024) // 256)
    (tmp_path / "big").write_bytes(content)
    told: list[int] = []
    store.put_file(tmp_path / "big", "t/big", moved=told.append)
    assert store.read("t/big") == content
    assert sorted(told) == [1024, PART_BYTES, PART_BYTES]
    assert s3.head_object(Bucket=bucket, Key="some/lake/t/big")["ETag"].endswith('-3"')
    assert (tmp_path / "big").exists()


@pytest.mark.parametrize("operation", ["upload_part", "complete_multipart_upload"])
def test_an_upload_that_fails_in_the_middle_leaves_no_parts(
    wired: Any,
    tmp_path: Path,
    s3: Any,
    bucket: str,
    operation: str,
) -> None:
    store, _, _ = wired(operation, ("before", DENIED))
    (tmp_path / "big").write_bytes(b"x" * (3 * PART_BYTES))
    with pytest.raises(StoreError, match="lake/t/big: cannot write this, access is denied"):
        store.put_file(tmp_path / "big", "t/big")
    assert not store.exists("t/big")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_an_upload_that_cannot_be_taken_back_says_so(wired: Any, tmp_path: Path) -> None:
    store, wire, _ = wired("upload_part", ("before", SILENCE))
    real = wire._call

    def call(name: str, *args: Any, **options: Any) -> Any:
        if name == "abort_multipart_upload":
            raise SILENCE
        return real(name, *args, **options)

    wire._call = call
    (tmp_path / "big").write_bytes(b"x" * (2 * PART_BYTES))
    with pytest.raises(OutcomeUnknownError) as failure:
        store.put_file(tmp_path / "big", "t/big")
    assert failure.value.__cause__ is not None
    assert "parts left behind" in failure.value.__cause__.__notes__[0]


def test_everything_written_is_encrypted_with_the_given_key(
    bucket: str,
    s3: Any,
    tmp_path: Path,
) -> None:
    store = S3Store(S3Address(bucket, "lake"), kms_key_id="alias/evallake")
    put(store, tmp_path, "small", b"")
    put(store, tmp_path, "big", b"x" * (PART_BYTES + 1))
    store.create("created", b"")
    store.replace("replaced", b"")
    for key in ("small", "big", "created", "replaced"):
        found = s3.head_object(Bucket=bucket, Key=f"lake/{key}")
        assert found["ServerSideEncryption"] == "aws:kms", key
        assert found["SSEKMSKeyId"] == "alias/evallake", key


def test_create_has_one_winner_among_many(store: S3Store) -> None:
    for number in range(5):
        with ThreadPoolExecutor(8) as pool:
            made = list(
                pool.map(lambda who, n=number: store.create(f"_log/{n}", b"%d" % who), range(8))
            )
        assert made.count(True) == 1
        assert store.read(f"_log/{number}") == b"%d" % made.index(True)


def test_412_means_that_it_is_there(store: S3Store, wired: Any) -> None:
    assert store.create("_log/1", b"first") is True
    assert store.create("_log/1", b"second") is False
    assert store.read("_log/1") == b"first"


@pytest.mark.parametrize("answer", [CONFLICT, SLOW, AILING, UNREACHED])
def test_a_conflict_or_a_busy_store_is_asked_again(wired: Any, answer: Exception) -> None:
    store, wire, waits = wired("put_object", ("before", answer), ("before", answer))
    assert store.create("_log/1", b"mine") is True
    assert wire.calls == ["put_object"] * 3
    assert len(waits) == 2
    assert 0 <= waits[0] <= 0.2
    assert 0 <= waits[1] <= 0.4


def test_after_a_conflict_that_another_won_nothing_is_overwritten(wired: Any) -> None:
    store, _, _ = wired("put_object", ("before", CONFLICT))
    S3Store(store._address).create("_log/1", b"theirs")
    assert store.create("_log/1", b"mine") is False
    assert store.read("_log/1") == b"theirs"


def test_a_conflict_that_does_not_end_was_not_written(wired: Any) -> None:
    store, _, waits = wired("put_object", *[("before", CONFLICT)] * 9)
    with pytest.raises(StoreError, match="somebody else writes it right now") as failure:
        store.create("_log/1", b"mine")
    assert not isinstance(failure.value, OutcomeUnknownError)
    assert len(waits) == 5


@pytest.mark.parametrize("answer", [SILENCE, AILING])
def test_a_timeout_after_success_is_found_to_be_ones_own(wired: Any, answer: Exception) -> None:
    """The second try meets 412, which says that somebody did it; the log reads who."""
    store, wire, _ = wired("put_object", ("after", answer))
    mine = event("commit", event_id="mine")
    assert Log(store).append(mine) == 1
    assert wire.calls.count("put_object") == 2
    assert [found.event_id for _, found in Log(store).events()] == ["mine"]


def test_a_timeout_after_success_of_another_takes_the_next_number(wired: Any) -> None:
    store, _, _ = wired("put_object", ("before", SILENCE))
    log = Log(store)
    log.events()
    other = S3Store(store._address)

    class Late(Wire):
        def _call(self, name: str, *args: Any, **options: Any) -> Any:
            if name == "put_object" and not other.exists("_log/00000000000000000001.json"):
                Log(other).append(event("commit", event_id="theirs"))
                raise SILENCE
            return super()._call(name, *args, **options)

    store._once = Late(store._once, "none", [])
    assert log.append(event("commit", event_id="mine")) == 2
    assert [found.event_id for _, found in Log(other).events()] == ["theirs", "mine"]


def test_a_silence_that_lasts_is_an_unknown_outcome(wired: Any) -> None:
    store, _, _ = wired("put_object", *[("before", SILENCE)] * 9)
    with pytest.raises(OutcomeUnknownError, match=r"_log/1: cannot create this, the connection"):
        store.create("_log/1", b"mine")
    store, _, _ = wired("put_object", ("before", SILENCE), ("before", DENIED))
    with pytest.raises(OutcomeUnknownError):  # the first try may still have gone through
        store.create("_log/1", b"mine")


def test_a_refusal_is_not_asked_again_and_surely_wrote_nothing(wired: Any) -> None:
    for refused in (DENIED, NoCredentialsError()):
        store, wire, _ = wired("put_object", ("before", refused))
        with pytest.raises(StoreError) as failure:
            store.create("_log/1", b"mine")
        assert not isinstance(failure.value, OutcomeUnknownError)
        assert wire.calls == ["put_object"]
    store, _, _ = wired("put_object", *[("before", UNREACHED)] * 9)
    with pytest.raises(StoreError) as failure:
        store.create("_log/1", b"mine")
    assert not isinstance(failure.value, OutcomeUnknownError)


def test_a_write_without_an_answer_is_an_unknown_outcome(wired: Any, tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"rows")
    for answer, kind in ((SILENCE, OutcomeUnknownError), (DENIED, StoreError)):
        store, _, _ = wired("put_object", ("before", answer))
        with pytest.raises(StoreError) as failure:
            store.put_file(tmp_path / "new", "t/f")
        assert type(failure.value) is kind
        store, _, _ = wired("put_object", ("before", answer))
        with pytest.raises(StoreError) as failure:
            store.replace("t/f", b"")
        assert type(failure.value) is kind


def test_an_answer_that_breaks_off_is_asked_for_again(wired: Any) -> None:
    broken = IncompleteReadError(actual_bytes=1, expected_bytes=2)
    store, wire, _ = wired("get_object", ("after", broken), ("after", broken))
    store.replace("t/f", b"rows")
    assert store.read("t/f") == b"rows"
    assert wire.calls.count("get_object") == 3
    store, _, _ = wired("get_object", *[("after", broken)] * 9)
    with pytest.raises(StoreError, match="broke off"):
        store.read("t/f")


def test_throttling_is_waited_out_by_the_client(
    store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by us: botocore's standard retries, told to grow and to be jittered, do it."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    asked = []

    def busy(request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        asked.append(request.method)
        if len(asked) > 3:
            return None
        body = b"<Error><Code>SlowDown</Code><Message>Please reduce your rate</Message></Error>"

        class Raw:
            def stream(self, *_: Any, **__: Any) -> Any:
                yield body

        return AWSResponse(request.url, 503, {}, Raw())

    store._client.meta.events.register("before-send.s3.PutObject", busy)
    put(store, tmp_path, "t/f", b"rows")
    assert len(asked) == 4
    assert store.read("t/f") == b"rows"


def test_a_missing_bucket_is_named_by_every_verb(aws: str, tmp_path: Path) -> None:
    store = S3Store(S3Address("not-there", "lake"))
    (tmp_path / "new").write_bytes(b"")
    for call in (
        lambda: store.exists("a"),
        lambda: store.keys("a/"),
        lambda: store.read("a"),
        lambda: store.create("a", b""),
        lambda: store.replace("a", b""),
        lambda: store.put_file(tmp_path / "new", "a"),
        lambda: Lake.open("s3://not-there/lake", create=True),
    ):
        with pytest.raises(StoreError, match=r"no such bucket .*; check its name, or make it"):
            call()


def test_staging_is_private_and_goes(store: S3Store) -> None:
    with store.staging("load") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "part").write_bytes(b"rows")
    assert not folder.exists()
