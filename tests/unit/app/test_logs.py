"""The log: off by default, lines that machines can read, no secrets, and nothing left behind."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
from click.testing import CliRunner

from evallake.cli import cli
from evallake.cli.talk import on_terminal, say
from evallake.logs import ROOMS, log_format, logs, masked

log = logging.getLogger("ingest.somewhere")
KEY = "AKIA" + "IOSFODNN7EXAMPLE"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_nothing_is_written_unless_asked_for(capsys) -> None:
    with logs(None, 0):
        log.error("lost")
        assert log_format() is None
    assert capsys.readouterr() == ("", "")


def test_an_event_is_one_line_with_its_facts(capsys) -> None:
    with logs("json", 0):
        log.info("load committed", extra={"job_id": "a\nb", "seconds": 0.25})
        log.debug("a call")
    [line] = lines(capsys)
    assert line["at_utc"].endswith("Z")  # type: ignore[union-attr]
    assert {k: line[k] for k in ("level", "room", "event", "job_id", "seconds")} == {
        "level": "info",
        "room": "ingest.somewhere",
        "event": "load committed",
        "job_id": "a\nb",
        "seconds": 0.25,
    }


def test_text_is_one_line_too_and_colours_nothing(capsys) -> None:
    with logs(None, 1):
        log.info("held", extra={"reason": "two\nlines \x1b[31m", "stages": {"reading": 1.5}})
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(r'held reason="two\nlines \u001b[31m" stages=reading:1.500')


def test_twice_verbose_tells_calls_too(capsys) -> None:
    with logs("json", 2):
        log.debug("a call")
    assert [line["event"] for line in lines(capsys)] == ["a call"]


def test_an_error_keeps_its_traceback_in_its_line(capsys) -> None:
    with logs("json", 0):
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError:
            log.exception("failed")
    [line] = lines(capsys)
    assert "ZeroDivisionError" in str(line["traceback"])


def test_only_our_own_rooms_are_listened_to(capsys) -> None:
    with logs("json", 2):
        logging.getLogger("botocore.endpoint").warning("Authorization: AWS4-HMAC-SHA256 ...")
    assert "Authorization" not in capsys.readouterr().err


def test_everything_is_as_before_afterwards(capsys) -> None:
    def state() -> list[object]:
        rooms = [logging.getLogger(room) for room in ROOMS]
        return [(list(room.handlers), room.level, room.propagate) for room in rooms]

    before = state()
    with pytest.raises(KeyError), logs("json", 2):
        assert state() != before
        raise KeyError
    assert state() == before


@pytest.mark.parametrize(
    "text",
    [
        f"key {KEY} is refused",
        "GET /x?X-Amz-Signature=abcdef012345&y=1",
        "GET /x?X-Amz-Credential=abcdef012345/20260101&y=1",
        "https://x?x-amz-security-token=abcdef012345",
        "Authorization: Bearer abcdef012345",
        "https://user:abcdef012345@host/path",
        "token of this process: abcdef012345abcdef012345",
    ],
)
def test_secrets_are_masked(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "abcdef012345abcdef012345")
    told = masked(text)
    assert "abcdef" not in told
    assert KEY not in told
    assert "***" in told


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_in_events_and_facts(form: str, capsys) -> None:
    with logs(form, 0):
        log.info("refused %s", KEY, extra={"where": f"s3://b/{KEY}"})
    told = capsys.readouterr().err
    assert told.count("***") == 2
    assert KEY not in told


def test_what_people_are_told_is_in_the_log_of_machines(capsys) -> None:
    say("for people")
    with logs("text", 0):
        say("for people")
        assert not on_terminal()
    with logs("json", 0):
        say("for machines")
    *people, machines = capsys.readouterr().err.splitlines()
    assert people == ["for people", "for people"]
    assert json.loads(machines)["event"] == "for machines"


def test_an_expected_error_is_a_line_of_the_log(tmp_path) -> None:
    words = ["--root", str(tmp_path / "nowhere"), "jobs"]
    plain = CliRunner().invoke(cli, words)
    logged = CliRunner().invoke(cli, words, env={"EVALLAKE_LOG_FORMAT": "json"})
    assert plain.stderr.startswith("evallake: ")
    [line] = [json.loads(line) for line in logged.stderr.splitlines()]
    assert (line["level"], line["kind"], line["exit_code"]) == ("error", "LakeError", 4)
    assert plain.exit_code == logged.exit_code == 4


def test_a_library_that_nobody_listens_to_is_silent() -> None:
    script = "import logging, ingest, evallake; logging.getLogger('ingest.x').error('loud')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stderr == b""
