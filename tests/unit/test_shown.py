"""What may be shown: secrets never, in no error, log line or table; names only as text."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from evallake.cli import cli
from evallake.engines.s3 import Place, secret_sql
from ingest.errors import IngestError, SourceError
from ingest.shown import masked, shown

KEY_ID = "AKIAABCDEFGHIJKLMNOP"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzFAKEKEY"
TOKEN = "FwoGZXIvYXdzEFAKE/TOKEN+abcdefghijklmnop=="
PASSWORD = "hunter2-and-more"
SIGNED = (
    "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F20260101"
    "&X-Amz-Security-Token=FwoGZXIvYXdz&X-Amz-Signature=0123456789abcdef"
)
PARTS = (KEY_ID, SECRET, TOKEN, PASSWORD, "0123456789abcdef", "FwoGZXIvYXdz")
TEXTS = (
    f"refused for {KEY_ID}",
    f"with {SECRET} and {TOKEN}",
    f"s3://user:{PASSWORD}@bucket/key",
    f"https://{PASSWORD}@host/x",
    f"https://user:p@{PASSWORD}@host/x",
    f"Authorization: Bearer {TOKEN}",
    SIGNED,
    f"https://b/k?AWSAccessKeyId={KEY_ID}&Signature={PASSWORD}&Expires=1",
)


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


def leaks(text: str) -> list[str]:
    return [part for part in PARTS if part in text]


@pytest.mark.parametrize("text", TEXTS)
def test_no_secret_is_in_an_error(text: str) -> None:
    assert leaks(text)
    assert not leaks(masked(text))
    assert not leaks(str(SourceError(text, where=text, do=text)))


def test_what_is_no_secret_stays() -> None:
    for text in ("s3://bucket/prefix/job@2", "a@b", "key = value", "https://host/a?b=c&d=e"):
        assert masked(text) == text


def test_foreign_text_is_one_line_of_bounded_length() -> None:
    error = SourceError("a\r\nb\x1b[31m\u202ec\udcff\x00", where="x\ty\u2028z")
    assert str(error) == r"x y z: a b\x1b[31m\u202ec\udcff\x00"
    assert len(str(IngestError("x" * 10**6, where="y" * 10**6, do="z" * 10**6))) < 3_100
    assert shown("abcdef", most=4) == "abc…"


@pytest.mark.parametrize(
    "command",
    [
        ("ingest", SIGNED, f"ftp://user:{PASSWORD}@host/x", f"/no/such/{KEY_ID}/{SECRET}"),
        ("ingest", "--format", "json", SIGNED),
        ("ingest", f"--limit=max_members={SECRET}", "x"),
        ("drop", SECRET),
    ],
)
def test_no_secret_leaves_the_program(command: tuple[str, ...], tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    done = CliRunner().invoke(cli, ["--root", str(lake), "-vv", *command], prog_name="evallake")
    assert done.exit_code in (2, 3, 4), done.output
    assert not leaks(done.output), leaks(done.output)


def test_no_secret_is_kept_by_a_refusal_of_duckdb(caplog: pytest.LogCaptureFixture) -> None:
    """The statement that gives DuckDB credentials is repeated nowhere, should it be refused."""
    import duckdb

    from evallake.engines import s3
    from ingest.errors import StoreError

    place = Place("bucket", "eu-west-1", "host", use_ssl=True, url_style="vhost")
    sql = secret_sql(place, KEY_ID, SECRET, TOKEN)
    with (
        duckdb.connect() as connection,
        caplog.at_level(logging.DEBUG),
        pytest.raises(StoreError, match="does not take the credentials") as refused,
    ):
        s3._give(connection, sql.replace("temporary secret", "temporary nonsense"), where="x")
    chain = [refused.value, refused.value.__cause__]
    assert not leaks(" ".join(map(str, chain)) + caplog.text)
    assert refused.value.__suppress_context__


def test_json_for_machines_holds_foreign_names_and_no_secret(tmp_path: Path) -> None:
    bad = tmp_path / f"{KEY_ID}\x1b[31m"
    bad.mkdir()
    arguments = ["--root", str(tmp_path / "lake"), "ingest", "--format", "json", str(bad)]
    done = CliRunner().invoke(cli, arguments, prog_name="evallake")
    [line] = json.loads(done.stdout)
    assert line["outcome"] == "failed"
    assert not leaks(line["error"])
    assert "\x1b" not in done.output
