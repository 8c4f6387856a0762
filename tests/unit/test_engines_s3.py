"""What DuckDB is told so that it reads S3: where the bucket is, who asks, and what with."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import evallake.engines.s3 as s3_module
from evallake.engines.s3 import (
    THREADS,
    Place,
    S3Access,
    load_httpfs,
    packaged_httpfs,
    place_of,
    secret_sql,
)
from ingest.errors import InputError, StoreError

VIRGINIA = "https://s3.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("bucket", "region", "url", "asked_in", "expected"),
    [
        ("b", "us-east-1", VIRGINIA, "us-east-1", ("s3.us-east-1.amazonaws.com", True, "vhost")),
        ("b", "eu-west-1", VIRGINIA, "us-east-1", ("s3.eu-west-1.amazonaws.com", True, "vhost")),
        ("a.b", "us-east-1", VIRGINIA, "us-east-1", ("s3.us-east-1.amazonaws.com", True, "path")),
        (
            "b",
            "cn-north-1",
            "https://s3.cn-north-1.amazonaws.com.cn",
            "cn-north-1",
            ("s3.cn-north-1.amazonaws.com.cn", True, "vhost"),
        ),
        ("b", "us-east-1", "http://127.0.0.1:5000", "x", ("127.0.0.1:5000", False, "path")),
        ("b", "eu", "https://minio.example", "x", ("minio.example", True, "path")),
    ],
)
def test_places(
    bucket: str, region: str, url: str, asked_in: str, expected: tuple[str, bool, str]
) -> None:
    assert place_of(bucket, region, url, asked_in=asked_in) == Place(bucket, region, *expected)


def test_secrets_are_text_whatever_is_in_them() -> None:
    place = Place("bucket", "eu-west-1", "s3.eu-west-1.amazonaws.com", True, "vhost")
    with duckdb.connect() as connection:
        load_httpfs(connection)
        connection.execute(secret_sql(place, "key", "se'cr''et; drop", "tok'en"))
        ((kept, persistent, scope, text),) = connection.execute(
            "select name, persistent, scope, secret_string from duckdb_secrets()"
        ).fetchall()
    assert (kept, persistent, scope) == ("evallake_lake", False, ["s3://bucket"])
    assert "key_id=key" in text
    assert "region=eu-west-1" in text
    assert "cr" not in text.partition("secret=")[2].partition(";")[0]  # DuckDB shows no secret
    assert "session_token" not in secret_sql(place, "key", "secret", None)


class Renewed:
    """Credentials of a role: other ones after some time."""

    def __init__(self) -> None:
        self.token = "first"

    def get_frozen_credentials(self) -> Any:
        return SimpleNamespace(access_key="testing", secret_key="testing", token=self.token)


def test_credentials_that_were_renewed_reach_the_connection(bucket: str) -> None:
    credentials = Renewed()
    access = S3Access(f"s3://{bucket}/lake", credentials=credentials)
    with duckdb.connect() as connection:
        access.open(connection)

        def told() -> str:
            row = connection.execute("select secret_string from duckdb_secrets()").fetchone()
            assert row is not None
            return str(row[0])

        def entry() -> object:
            return connection.execute("select * from duckdb_secrets()").fetchall()

        before = entry()
        access.renew(connection)
        assert entry() == before
        statements: list[str] = []
        watched = SimpleNamespace(execute=statements.append)
        access.renew(watched)  # type: ignore[arg-type]
        assert statements == []
        credentials.token = "second"
        access.renew(watched)  # type: ignore[arg-type]
        assert len(statements) == 1
        assert "session_token 'second'" in statements[0]
        threads = connection.execute("select current_setting('threads')").fetchone()
        assert threads is not None
        assert threads[0] >= THREADS


def test_without_credentials_one_line_says_what_to_do(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(StoreError, match=r"no AWS credentials.*sign in") as refused:
        S3Access(f"s3://{bucket}/lake")
    assert "\n" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_named(aws: str) -> None:
    with pytest.raises(StoreError, match="s3://nobody-has-this"):
        S3Access("s3://nobody-has-this/lake")


def test_the_packaged_extension_is_that_of_this_duckdb() -> None:
    file = packaged_httpfs(duckdb.__version__)
    assert file is not None
    assert file.is_file()
    assert packaged_httpfs("0.0.1") is None


def test_without_package_and_network_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(s3_module, "packaged_httpfs", lambda version: None)
    config: dict[str, Any] = {
        "extension_directory": str(tmp_path),
        "custom_extension_repository": "http://127.0.0.1:9",  # nobody listens there
    }
    with (
        duckdb.connect(config=config) as connection,
        pytest.raises(InputError, match=r"cannot load what reads S3.*pip install") as refused,
    ):
        load_httpfs(connection)
    assert "\n" not in str(refused.value)


def test_an_extension_fetched_before_is_used_without_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = packaged_httpfs(duckdb.__version__)
    config: dict[str, Any] = {"extension_directory": str(tmp_path)}
    with duckdb.connect(config=config) as connection:
        connection.execute(f"install '{file}'")
    monkeypatch.setattr(s3_module, "packaged_httpfs", lambda version: None)
    with duckdb.connect(config=config) as connection:
        load_httpfs(connection)
        loaded = connection.execute(
            "select loaded from duckdb_extensions() where extension_name = 'httpfs'"
        ).fetchall()
    assert loaded == [(True,)]
