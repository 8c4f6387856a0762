"""A rig ends with whoever needs it, and says clearly what is missing when it cannot start."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.athena.rig import MissingToolError, RigError
from tests.athena.rig.environment_file import read_environment, write_environment
from tests.athena.rig.errors import TrinoDiedError
from tests.athena.rig.install import Installation, find_java, install
from tests.athena.rig.leash import Leash, hold
from tests.athena.rig.trino_server import TrinoServer


def stub(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing in its path and nothing in its cache."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("EVALLAKE_RIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tests.athena.rig.install.USUAL_FOLDERS", ())
    return tmp_path


def java_17(folder: Path) -> Path:
    return stub(
        folder / "bin/java",
        'case "$1" in -version) echo \'openjdk version "17.0.9"\' >&2;;'
        " --list-modules) echo jdk.compiler@17.0.9;; *) echo no such class; exit 3;; esac",
    )


def test_without_java_it_says_what_is_missing_and_what_was_not_proven(bare_machine: Path) -> None:
    with pytest.raises(MissingToolError, match=r"Development Kit.*no java was found.*Not proven"):
        install()


def test_another_java_is_named_and_refused(bare_machine: Path) -> None:
    stub(bare_machine / "bin/java", "echo 'openjdk version \"21.0.1\"' >&2")
    with pytest.raises(MissingToolError, match=r"bin/java is version 21"):
        find_java()


def test_without_maven_it_says_so(bare_machine: Path) -> None:
    java_17(bare_machine)
    with pytest.raises(MissingToolError, match=r"fetching it needs Maven.*Not proven"):
        install()


def test_a_fetch_that_fails_leaves_nothing_behind(bare_machine: Path) -> None:
    java_17(bare_machine)
    stub(bare_machine / "bin/mvn", "echo '[ERROR] no route'; exit 1")
    with pytest.raises(RigError, match=r"(?s)Maven could not fetch Trino.*\[ERROR\] no route"):
        install()
    assert list((bare_machine / "cache").iterdir()) == []


def test_a_trino_that_dies_while_starting_shows_its_log(bare_machine: Path) -> None:
    java = java_17(bare_machine)
    folder = bare_machine / "run"
    folder.mkdir()
    server = TrinoServer(
        Installation(bare_machine, java, "435"), folder, aws_url="http://127.0.0.1:1", heap="1g"
    )
    server.start()
    with pytest.raises(TrinoDiedError, match=r"(?s)ended with code 3.*no such class"):
        server.wait_until_ready()
    server.stop()


def test_trino_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """The launcher halts when its standard input closes, which the kernel sees to."""
    launch = Path(__file__).with_name("rig") / "Launch.java"
    fake = tmp_path / "io/trino/server/Server.java"
    fake.parent.mkdir(parents=True)
    fake.write_text(
        "package io.trino.server; public class Server { public void start(String v) {"
        ' System.out.println("up " + v);'
        " try { Thread.sleep(60000); } catch (InterruptedException e) { } } }",
        encoding="utf-8",
    )
    try:
        java = find_java()
    except MissingToolError as missing:
        pytest.skip(str(missing))
    subprocess.run([java.resolve().with_name("javac"), fake], check=True)
    child = subprocess.Popen(
        [java, "-cp", tmp_path, launch, "435"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout and child.stdin
    assert child.stdout.readline() == b"up 435\n"
    child.stdin.close()
    assert child.wait(20) == 0
    child.stdout.close()


def test_a_leash_is_released_with_its_last_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.athena.rig.leash.NEXT_HOLDER_SECONDS", 0.2)
    leash = Leash()
    first = hold(leash.port)
    holder = f"from tests.athena.rig.leash import hold; import time; h = hold({leash.port}); time.sleep(60)"
    second = subprocess.Popen([sys.executable, "-c", holder])
    released = threading.Event()
    waiting = threading.Thread(
        target=lambda: (leash.wait_until_released(), released.set()), daemon=True
    )
    while leash.holders < 2:
        assert second.poll() is None
        released.wait(0.05)
    waiting.start()
    first.close()
    assert not released.wait(0.6)
    second.kill()  # a holder that dies without a word lets go as well
    second.wait()
    assert released.wait(10)


def test_a_leash_nobody_takes_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.athena.rig.leash.FIRST_HOLDER_SECONDS", 0.1)
    Leash().wait_until_released()


def test_the_environment_file_survives_a_shell(tmp_path: Path) -> None:
    variables = {"A": "plain", "B": "two words", "C": "it's", "D": ""}
    write_environment(tmp_path / "env", variables)
    assert read_environment(tmp_path / "env") == variables
    shell = subprocess.run(
        ["/bin/sh", "-c", '. "$0"; printf %s "$B$C"', tmp_path / "env"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout == "two wordsit's"
