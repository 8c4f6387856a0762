"""What the doctor sees of an account: well, without rights, without tables, and no secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from evallake.cli import cli
from ingest.aws.clients import client
from ingest.lake import Lake
from ingest.lake.glue import GlueCatalogue
from tests.unit.lake.make import facts

Doctor = Callable[..., tuple[Result, dict[str, dict[str, Any]]]]


@pytest.fixture
def database(bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Glue database of this test alone."""
    name = f"doctor_{bucket.replace('-', '_')}"
    monkeypatch.setenv("EVALLAKE_GLUE_DATABASE", name)
    return name


@pytest.fixture
def lake(bucket: str, database: str) -> Lake:
    """A lake on S3 with one job, registered."""
    made = Lake.open(f"s3://{bucket}/evallake", create=True)
    catalogue = GlueCatalogue(database, made.root)
    catalogue.check()
    load_id = made.new_load_id()
    catalogue.register_load("job", load_id, tables=["examples"])
    made.commit("job", load_id, facts())
    made.refresh_snapshots()
    return made


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.chdir(tmp_path)

    def run(root: str, *words: str) -> tuple[Result, dict[str, dict[str, Any]]]:
        done = CliRunner().invoke(
            cli, ["--root", root, "doctor", "--format", "json", *words], catch_exceptions=False
        )
        return done, {one["check"]: one for one in json.loads(done.stdout)["findings"]}

    return run


def failed(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in found.values() if one["verdict"] == "FAIL"]


def test_a_sound_account(doctor: Doctor, lake: Lake, bucket: str, s3: Any) -> None:
    rules = json.loads((Path(__file__).parents[2] / "docs/aws/lifecycle.json").read_text())
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    blocked = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    done, found = doctor(lake.root, "--target", "athena")
    assert failed(found) == []
    assert done.exit_code == 0
    assert found["credentials"]["told"].startswith("arn:aws:sts::")
    for name in ("region", "bucket", "clock", "lifecycle", "public access", "writing"):
        assert found[name]["verdict"] == "OK", found[name]
    assert found["glue partitions"]["told"] == "all of 1 visible jobs"
    assert found["published tables"]["verdict"] == "WARN"
    assert not s3.list_objects_v2(Bucket=bucket, Prefix="evallake/_staging").get("Contents")


def test_a_load_and_a_table_that_glue_does_not_know(
    doctor: Doctor, lake: Lake, database: str
) -> None:
    [load] = lake.loads()
    GlueCatalogue(database, lake.root).forget_load("job", load.load_id, tables=["examples"])
    done, found = doctor(lake.root)
    assert [one["check"] for one in failed(found)] == ["glue partitions"]
    assert found["glue partitions"]["do"] == "evallake register"
    assert done.exit_code == 4
    client("glue").delete_table(DatabaseName=database, Name="examples")
    done, found = doctor(lake.root)
    assert done.exit_code == 4
    assert "examples" in found["glue tables"]["told"]
    assert "glue partitions" not in found


def test_a_bucket_that_is_not_there(doctor: Doctor, aws: str) -> None:
    done, found = doctor("s3://evallake-nobody-made-this/lake")
    assert done.exit_code == 4
    assert found["bucket"]["verdict"] == "FAIL"


def test_no_credentials_are_told_once(
    doctor: Doctor, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    done, found = doctor(lake.root)
    assert done.exit_code == 4
    assert "there are no AWS credentials" in found["credentials"]["told"]
    assert "bucket" not in found
    assert "lake" not in found


def test_settings_that_this_role_may_not_see_are_not_judged(
    doctor: Doctor, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.client import BaseClient

    plain = BaseClient._make_api_call

    def call(self: Any, name: str, parameters: dict[str, Any]) -> Any:
        if name in ("GetBucketEncryption", "GetBucketLifecycleConfiguration"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)
        return plain(self, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    done, found = doctor(lake.root, "--read-only")
    assert failed(found) == []
    assert done.exit_code == 0
    for name in ("encryption", "lifecycle"):
        assert found[name]["verdict"] == "OK"
        assert found[name]["told"].startswith("not looked at")
    assert "writing" not in found


def test_a_workgroup_that_is_not_there(
    doctor: Doctor, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALLAKE_ATHENA_WORKGROUP", "nowhere")
    done, found = doctor(lake.root, "--target", "athena")
    assert done.exit_code == 4
    assert "EVALLAKE_ATHENA_WORKGROUP" in found["athena workgroup"]["do"]


def test_no_secret_is_told(doctor: Doctor, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "AWS_ACCESS_KEY_ID": "AKIA" + "IOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLETOKEN",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EVALLAKE_VERBOSE", "2")
    monkeypatch.setenv("EVALLAKE_LOG_FORMAT", "json")
    done, _ = doctor(lake.root)
    calls = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"GetCallerIdentity", "ListObjectsV2"} <= {line.get("call") for line in calls}
    for value in secrets.values():
        assert value not in done.output
        assert value not in done.stderr
