"""A bucket is read as a folder or an archive is: the same files, hashes, limits and refusals."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ResponseStreamingError

from ingest.aws.addresses import S3Address
from ingest.aws.objects import ObjectStream
from ingest.errors import InputError, SourceError, StoreError
from ingest.sources import SourceLimits, open_source
from tests.unit.aws.test_refusals import answered
from tests.unit.sources.test_archive import member, pack

RESULTS = "run/eval_results/results_x.json"
DETAILS = "run/eval_results/details/model/x/details_custom|gen_qa_gen_qa|0_x.parquet"


@pytest.fixture
def job(s3: Any, bucket: str) -> str:
    """The address of a job's output in a bucket, with things beside it that are not of it."""
    for key, content in {
        f"out/my-job/output/output/{RESULTS}": b'{"results": {}}',
        f"out/my-job/output/output/{DETAILS}": b"PAR1",
        "out/my-job/output/output/run/tensorboard/events.out": b"x" * 100,
        "out/my-job/output/output/": b"",
        "out/my-job/output/outputs-of-others/results_y.json": b"{}",
    }.items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return f"s3://{bucket}/out/my-job/output/output"


@pytest.mark.parametrize("slash", ["", "/"])
def test_objects_below_a_prefix_that_matter_are_readable(job: str, slash: str) -> None:
    told: list[tuple[int, int]] = []
    with open_source(job + slash, fetched=lambda *now: told.append(now)) as source:
        assert source.uri == job
        assert [file.path for file in source.files] == [DETAILS, RESULTS]
        assert source.local_path(RESULTS).read_bytes() == b'{"results": {}}'
        assert source.sha256(RESULTS) == hashlib.sha256(b'{"results": {}}').hexdigest()
        assert source.training_job_name == "my-job"
        assert source.context == "/out/my-job/output/output"
        spill = source.local_path(RESULTS).parent
        assert stat.S_IMODE(spill.stat().st_mode) == 0o700
    assert not spill.exists()
    assert told[-1] == (19, 19)


def test_one_object_is_a_source_too(job: str) -> None:
    with open_source(f"{job}/{RESULTS}") as source:
        assert [file.path for file in source.files] == ["results_x.json"]
        assert source.context == "/out/my-job/output/output/run/eval_results"


def test_a_whole_bucket_is_a_prefix_too(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="results_x.json", Body=b"{}")
    with open_source(f"s3://{bucket}") as source:
        assert [file.path for file in source.files] == ["results_x.json"]
        assert (source.context, source.training_job_name) == ("", None)


def test_an_archive_is_unpacked_while_it_arrives(s3: Any, bucket: str, tmp_path: Path) -> None:
    path = pack(
        tmp_path / "output.tar.gz", member(RESULTS, b'{"a": 1}'), member("run/weights", b"x" * 999)
    )
    key = "out/my-job/output/output.tar.gz"
    s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    told: list[tuple[int, int]] = []
    with (
        open_source(f"s3://{bucket}/{key}", fetched=lambda *now: told.append(now)) as source,
        open_source(str(path)) as local,
    ):
        assert source.files == local.files
        assert source.sha256(RESULTS) == local.sha256(RESULTS)
        assert source.training_job_name == "my-job"
        spilled = list(source.local_path(RESULTS).parent.iterdir())
        assert len(spilled) == 1  # the archive itself is nowhere on this disk
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_what_is_wrong_is_said_with_what_to_do(s3: Any, bucket: str, tmp_path: Path) -> None:
    s3.put_object(Bucket=bucket, Key="job/output/output.tar.gz", Body=b"no archive")
    s3.put_object(Bucket=bucket, Key="other/notes.txt", Body=b"")
    for uri, says in {
        f"s3://{bucket}/nowhere": r"nothing below this address; give the prefix or output\.tar\.gz",
        f"s3://{bucket}/nowhere/output.tar.gz": r"no such object .*; check the address",
        "s3://no-such-bucket/job": r"no such bucket .*; check the address",
        "s3://no-such-bucket/output.tar.gz": r"no such bucket .*; check the address",
        f"s3://{bucket}/job": r"there is an archive in it: give its path, s3://.*/output\.tar\.gz",
        f"s3://{bucket}/other": r"no results_\*\.json.* in it; give the folder",
        f"s3://{bucket}/job/output/output.tar.gz": "truncated or damaged",
        "s3:/bucket": "no such file or folder",
        "s3://UPPER/x": "no S3 address",
    }.items():
        with pytest.raises(InputError, match=says):
            open_source(uri)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (SourceLimits(max_members=1), "max_members"),
        (SourceLimits(max_member_bytes=10), "max_member_bytes"),
        (SourceLimits(max_total_bytes=18), "max_total_bytes"),
    ],
)
def test_limits_are_named(job: str, limits: SourceLimits, name: str) -> None:
    with pytest.raises(SourceError, match=name):
        open_source(job, limits=limits)


def test_no_spill_is_left_after_a_refusal(
    job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ingest.sources.spill.Spill.copy", no_room)
    with pytest.raises(StoreError, match=r"No space left.*TMPDIR"):
        open_source(job)
    assert list(tmp_path.iterdir()) == []


class Brittle:
    """A client whose answers break off after some bytes, as often as told."""

    def __init__(self, real: Any, errors: list[Exception], *, after: int) -> None:
        self._real = real
        self._errors = errors
        self._after = after
        self.asked: list[dict[str, Any]] = []

    def get_object(self, **options: Any) -> dict[str, Any]:
        self.asked.append(options)
        answer = self._real.get_object(**options)
        body, errors, after = answer["Body"], self._errors, self._after

        class Body:
            given = 0

            def read(self, size: int) -> bytes:
                if errors and self.given >= after:
                    raise errors.pop(0)
                self.given += size
                return body.read(size)

            def close(self) -> None:
                body.close()

        answer["Body"] = Body()
        return answer


def test_a_broken_connection_is_taken_up_where_it_broke(s3: Any, bucket: str) -> None:
    content = bytes(range(256)) * 40
    s3.put_object(Bucket=bucket, Key="a", Body=content)
    errors: list[Exception] = [
        ConnectionClosedError(endpoint_url="s3"),
        ResponseStreamingError(error="cut"),
        ConnectionClosedError(endpoint_url="s3"),
    ]
    waits: list[float] = []
    client = Brittle(s3, errors, after=3000)
    with ObjectStream(client, S3Address(bucket, "a"), wait=waits.append) as stream:
        assert b"".join(iter(lambda: stream.read(1000), b"")) == content
    assert [asked.get("Range") for asked in client.asked] == [
        None,
        "bytes=3000-",
        "bytes=6000-",
        "bytes=9000-",
    ]
    assert len(waits) == 3


def test_a_connection_that_stays_broken_is_given_up(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    errors: list[Exception] = [ConnectionClosedError(endpoint_url="s3") for _ in range(9)]
    client = Brittle(s3, errors, after=0)
    with (
        ObjectStream(client, S3Address(bucket, "a"), wait=lambda _: None) as stream,
        pytest.raises(StoreError, match="broke off"),
    ):
        stream.read(1)


def test_an_object_that_is_replaced_while_it_is_read_is_refused(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"old" * 1000)
    client = Brittle(s3, [ConnectionClosedError(endpoint_url="s3")], after=1000)
    with ObjectStream(client, S3Address(bucket, "a"), wait=lambda _: None) as stream:
        stream.read(1000)
        s3.put_object(Bucket=bucket, Key="a", Body=b"new" * 1000)
        with pytest.raises(SourceError, match=r"replaced while it was being read.*; run the"):
            stream.read(1000)


def test_an_empty_object_is_read(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    with ObjectStream(s3, S3Address(bucket, "a")) as stream:
        assert stream.read() == b""


def test_a_denied_object_is_the_stores_refusal(s3: Any, bucket: str) -> None:
    class Denied:
        def get_object(self, **_: Any) -> None:
            raise answered("AccessDenied")

    with pytest.raises(StoreError, match=r"access is denied .*; give this role"):
        ObjectStream(Denied(), S3Address(bucket, "a"))


def test_keys_of_any_shape_make_no_paths_here(s3: Any, bucket: str) -> None:
    """A key may hold dots, tabs and escape sequences; copies have names of our own."""
    keys = [
        "job/..a/results_1.json",
        "job/a\tb/results_3.json",
        "job/\x1b[31m/results_4.json",
        "job/" + "x" * 200 + "/results_6.json",
    ]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    with open_source(f"s3://{bucket}/job") as source:
        assert sorted(f"job/{file.path}" for file in source.files) == sorted(keys)
        places = {source.local_path(file.path).parent for file in source.files}
        assert len(places) == 1
        for file in source.files:
            local = source.local_path(file.path)
            assert local.read_bytes() == b"{}"
            assert local.name.removesuffix(".json").isdigit()
    with pytest.raises(SourceError, match=r"limit max_members.*--limit max_members=N"):
        open_source(f"s3://{bucket}/job", limits=SourceLimits(max_members=3))
