"""What the doctor sees of a machine and of a lake on a disk, well and ill."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from evallake.cli import cli
from evallake.config import configure
from evallake.doctor import FAIL, OK, WARN, Finding, examine
from evallake.doctor import machine as machine_room
from evallake.doctor.aws import clock, encryption, lifecycle, public_access, versions
from evallake.doctor.machine import disks, packages, python
from ingest.lake import Lake
from ingest.lake.layout import event_key, schema_key, snapshot_key
from ingest.tables import EXAMPLES, LOADS
from tests.fixtures.disk import hasty_disk
from tests.unit.lake.make import facts

__all__ = ["hasty_disk"]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with one job."""
    made = Lake.open(str(tmp_path / "lake"), create=True)
    made.commit("job", made.new_load_id(), facts())
    made.refresh_snapshots()
    return made


def look(root: str, *, may_write: bool = True) -> dict[str, Finding]:
    config = configure(root)
    found = examine(config, now=lambda: datetime.now(UTC), may_write=may_write)
    return {finding.check: finding for finding in found}


def test_a_sound_lake_that_was_not_built_yet(lake: Lake) -> None:
    found = look(lake.root)
    assert {check for check, finding in found.items() if finding.verdict != OK} == {
        "published tables"
    }
    assert found["published tables"].verdict == WARN
    assert found["log"].told == "1 events, 1 visible jobs, 1 loads in all"


def test_looking_leaves_nothing_behind(lake: Lake) -> None:
    def listed() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in Path(lake.root).rglob("*.*")}

    before = listed()
    look(lake.root)
    assert listed() == before


def test_no_lake_is_no_failure_but_worth_a_word(tmp_path: Path) -> None:
    found = look(str(tmp_path / "nowhere"))
    assert found["lake"].verdict == WARN
    assert "evallake ingest" in str(found["lake"].do)
    assert "log" not in found
    assert not (tmp_path / "nowhere").exists()


def test_a_lake_of_another_layout_fails(lake: Lake) -> None:
    (Path(lake.root) / "_lake.json").write_text('{"layout": 7}')
    assert look(lake.root)["lake"].verdict == FAIL


def test_a_damaged_log_fails(lake: Lake) -> None:
    (Path(lake.root) / event_key(1)).write_text("no event")
    found = look(lake.root)
    assert found["log"].verdict == FAIL
    assert "backup" in str(found["log"].do)


def test_a_lake_that_cannot_be_written_fails_unless_nobody_wants_to(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.link", refuse)
    found = look(lake.root)
    assert found["writing"].verdict == FAIL
    assert "--read-only" in str(found["writing"].do)
    assert "writing" not in look(lake.root, may_write=False)


def test_snapshots_behind_the_log_are_told(lake: Lake) -> None:
    lake.commit("other", lake.new_load_id(), facts(input_digest="i2"))
    told = look(lake.root)["snapshots"]
    assert (told.verdict, told.told) == (
        WARN,
        "loads and current_loads are of event 1, the log is at 2",
    )


def test_a_damaged_snapshot_is_told(lake: Lake) -> None:
    (Path(lake.root) / snapshot_key(LOADS)).write_bytes(b"PAR1 is all there is")
    told = look(lake.root)["snapshots"]
    assert told.verdict == WARN
    assert "build writes them" in told.do


def test_schema_files_of_an_earlier_version_are_told(lake: Lake) -> None:
    file = Path(lake.root) / schema_key(EXAMPLES)
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.drop_columns(["query"]), file)
    told = look(lake.root)["schema files"]
    assert told.verdict == WARN
    assert "those of examples" in told.told


def test_held_loads_are_told(lake: Lake) -> None:
    lake.hold("bad", lake.new_load_id(), facts(input_digest="i3"), reason="few")
    told = look(lake.root)["held loads"]
    assert told.verdict == WARN
    assert "bad" in told.told


def test_waste_is_told(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    load_id = "01HQWASTE0000000000000000A"  # of 2024
    file = Path(lake.root) / f"examples/job_id=x/load_id={load_id}/part-00000.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"1234")
    old = (NOW - timedelta(days=900)).timestamp()
    import os

    os.utime(file, (old, old))
    assert look(lake.root)["waste"].told.startswith("1 files that no load needs")
    monkeypatch.setattr("evallake.doctor.lake._MUCH_WASTE", 4)
    assert look(lake.root)["waste"].verdict == WARN


def test_a_file_that_is_no_database_fails(lake: Lake) -> None:
    (Path(lake.root) / "evallake.duckdb").write_text("not a database, and long enough" * 200)
    assert look(lake.root)["published tables"].verdict == FAIL


def test_this_python_and_another() -> None:
    assert python((3, 11, 7), "<3.14,>=3.11").verdict == OK
    assert python((3, 10, 0), "<3.14,>=3.11").verdict == FAIL


def test_packages_that_are_missing_or_do_not_fit() -> None:
    needed = ["click>=8", "nowhere-to-be-found>=1", "pyarrow>999", "moto>999; extra == 'aws'"]
    assert packages(["click>=8"], ("",)).verdict == OK
    told = packages(needed, ("",))
    assert told.verdict == FAIL
    assert "nowhere-to-be-found is missing" in told.told
    assert "pyarrow" in told.told
    assert "moto" not in told.told
    with_aws = packages(needed, ("", "aws"))
    assert "moto" in with_aws.told
    assert "evallake[aws]" in str(with_aws.do)


@pytest.mark.parametrize(("free", "verdict"), [(1 << 20, FAIL), (1 << 30, WARN), (1 << 40, OK)])
def test_room_on_the_disks(
    free: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr(machine_room.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    found = list(disks(configure(str(tmp_path / "not" / "yet" / "there"))))
    assert {finding.verdict for finding in found} == {verdict}
    assert all(str(tmp_path) in finding.told for finding in found)


@pytest.mark.parametrize(("minutes", "verdict"), [(0, OK), (2, WARN), (-2, WARN), (20, FAIL)])
def test_the_clock_against_that_of_s3(minutes: int, verdict: str) -> None:
    told = clock("Sun, 01 Mar 2026 12:00:00 GMT", now=NOW + timedelta(minutes=minutes))
    assert told.verdict == verdict


def rule(prefix: str, **words: object) -> dict[str, object]:
    return {"Status": "Enabled", "Filter": {"Prefix": prefix}, **words}


WEEK = {"Expiration": {"Days": 7}}


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ([rule("evallake/_athena/results/", **WEEK)], OK),
        ([], WARN),
        ([rule("other/", **WEEK)], WARN),
        ([rule("evallake/", Expiration={"ExpiredObjectDeleteMarker": True})], WARN),
        ([rule("", **WEEK)], FAIL),
        ([rule("evallake/", **WEEK)], FAIL),
        ([rule("evallake/examples/", **WEEK)], FAIL),
        ([{"Status": "Enabled", "Prefix": "eval", **WEEK}], FAIL),
        ([{"Status": "Enabled", "Filter": {"And": {"Prefix": ""}}, **WEEK}], FAIL),
        ([{**rule("", **WEEK), "Status": "Disabled"}], WARN),
    ],
)
def test_results_expire_and_the_lake_does_not(rules: list[object], verdict: str) -> None:
    assert lifecycle({"Rules": rules}, root="evallake").verdict == verdict


def test_the_lifecycle_that_is_documented_is_sound() -> None:
    rules = json.loads(Path("docs/aws/lifecycle.json").read_text())
    assert lifecycle(rules, root="evallake").verdict == OK


def test_other_settings_of_a_bucket() -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    told = encryption({"ServerSideEncryptionConfiguration": {"Rules": [rule]}})
    assert (told.verdict, told.told) == (OK, "aws:kms")
    assert encryption(None).verdict == WARN
    assert public_access(None).verdict == WARN
    assert versions({"Status": "Enabled"}).verdict == versions({}).verdict == OK


def test_the_command_tells_people_and_machines_and_fails_for_what_fails(lake: Lake) -> None:
    people = CliRunner().invoke(cli, ["--root", lake.root, "doctor"])
    assert people.exit_code == 0
    assert all(line[:4].strip() in (OK, WARN) for line in people.stdout.splitlines())
    (Path(lake.root) / event_key(1)).write_text("no event")
    machines = CliRunner().invoke(cli, ["--root", lake.root, "doctor", "--format", "json"])
    assert machines.exit_code == 4
    told = json.loads(machines.stdout)
    assert told["verdict"] == FAIL
    assert {"check", "verdict", "told", "do"} == set(told["findings"][0])
