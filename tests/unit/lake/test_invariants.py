"""The checker of invariants bites: each kind of damage to a lake is told, and nothing of a whole one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ingest.landing as landing
from ingest.aws.addresses import S3Address
from ingest.lake import Lake, LocalStore
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.contents import Reading
from tests.fixtures.invariants import Known, violations
from tests.fixtures.places import OnDisk, OnS3
from tests.fixtures.runs import SMALL, MadeRun, no_source, row
from tests.unit.lake.make import ticking

Damage = Callable[[Path], object]


def land(root: str, *runs: MadeRun) -> list[str]:
    """The lake at `root` with these runs in it; their loads."""
    lake = Lake.open(root, create=True, now=ticking())
    landed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landing, "open_source", no_source)
        for run in runs:
            patch.setattr(landing, "find_runs", lambda *_, run=run, **__: [run])
            (result,) = ingest_source("job", lake, options=IngestOptions(workers=1), now=ticking())
            landed.append(result.load_id)
    return landed


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job with two loads, and another job."""
    folder = tmp_path_factory.mktemp("template") / "lake"
    land(
        str(folder),
        MadeRun([row(n) for n in range(4)], content="old"),
        MadeRun(SMALL),
        MadeRun([row(n) for n in range(3)], run_name="other", content="2"),
    )
    return folder


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    """A lake of its own for each test."""
    return Path(shutil.copytree(template, tmp_path / "lake"))


def known(root: Path) -> Known:
    """All there is to know, taken while the lake was whole."""
    loads = Lake(LocalStore(root)).loads()
    return Known(
        committed={load.load_id: load.job_id for load in loads},
        contents={load.facts.input_digest: Reading().contents(root, load) for load in loads},
    )


def part_of(root: Path, table: str) -> Path:
    """The visible file of a table of the job `tickets`."""
    load = Lake(LocalStore(root)).current()["tickets-20251106T175852Z"]
    (files,) = [files for files in load.facts.tables if files.table == table]
    return root / files.keys[0]


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.ParquetFile(path).read()), path)


def shout(rows: pa.Table) -> pa.Table:
    """The same rows, one answer changed."""
    texts = rows["prediction_text"].to_pylist()
    position = rows.schema.get_field_index("prediction_text")
    changed = pa.array([texts[0].upper(), *texts[1:]], pa.string())
    return rows.set_column(position, rows.schema.field(position), changed)


def stay_behind(root: Path) -> None:
    """The snapshot as it was one event ago."""
    snapshot = root / "current_loads" / "current_loads.parquet"
    before = snapshot.read_bytes()
    Lake(LocalStore(root)).drop("other-20251106T175852Z")
    snapshot.write_bytes(before)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a file is gone": (
        lambda root: part_of(root, "example_tokens").unlink(),
        "part-00000.parquet: missing",
    ),
    "a file is cut short": (
        lambda root: part_of(root, "examples").write_bytes(b"PAR1"),
        "not a whole Parquet file",
    ),
    "a row is lost": (
        lambda root: rewrite(part_of(root, "examples"), lambda rows: rows.slice(1)),
        "examples: 5 rows, the log says 6",
    ),
    "a row is another": (
        lambda root: rewrite(part_of(root, "examples"), shout),
        "examples: 6 rows as known, but other ones",
    ),
    "a small table's file is gone": (
        lambda root: part_of(root, "rejects").unlink(),
        "SQL sees 0 rows of rejects, 1 were committed",
    ),
    "a file twice": (
        lambda root: (
            part_of(root, "examples")
            .with_name("part-00009.parquet")
            .write_bytes(part_of(root, "examples").read_bytes())
        ),
        "SQL sees 12 rows of examples, 6 were committed",
    ),
    "an event is gone": (
        lambda root: (root / "_log" / f"{2:020d}.json").unlink(),
        "event 2 is missing",
    ),
    "the last event is gone": (
        lambda root: (root / "_log" / f"{3:020d}.json").unlink(),
        "was committed, and is gone",
    ),
    "a snapshot is half": (
        lambda root: (root / "loads" / "loads.parquet").write_bytes(b"PAR1PAR1"),
        "loads: not a whole snapshot",
    ),
    "a snapshot is not the log's": (
        lambda root: rewrite(
            root / "current_loads" / "current_loads.parquet", lambda rows: rows.slice(0, 1)
        ),
        "current_loads: not what the log says at event 3",
    ),
    "a snapshot stays behind": (stay_behind, "current_loads: folded up to event 3 of 4"),
    "a schema file is gone": (
        lambda root: (root / "judgments/job_id=_schema/load_id=_schema/schema.parquet").unlink(),
        "schema.parquet: missing",
    ),
    "the marker is gone": (lambda root: (root / "_lake.json").unlink(), "cannot be opened"),
}


def test_a_whole_lake_has_nothing_to_say(root: Path) -> None:
    assert violations(str(root), known=known(root), is_up_to_date=True) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told(root: Path, damage: str) -> None:
    before = known(root)
    act, told = DAMAGES[damage]
    act(root)
    found = violations(str(root), known=before, is_up_to_date=True)
    assert any(told in line for line in found), found


def test_a_snapshot_may_stay_behind_where_a_command_was_cut_off(root: Path) -> None:
    stay_behind(root)
    assert violations(str(root)) == []


def test_waste_is_told(root: Path) -> None:
    found = violations(str(root), is_vacuumed=True)
    assert len(found) == len([line for line in found if "refers to it" in line]) > 0
    (root / "_staging" / "left").mkdir(parents=True, exist_ok=True)
    assert "_staging/left: left behind" in violations(str(root), is_vacuumed=True)


def test_a_bucket_is_looked_at_too(s3: object, bucket: str, tmp_path: Path) -> None:
    land(f"s3://{bucket}/lake", MadeRun(SMALL))
    place = OnS3(s3, S3Address(bucket, "lake"), tmp_path)
    assert violations(f"s3://{bucket}/lake") == []
    copy = OnDisk(place.folder())
    before = known(copy.root)
    key = part_of(copy.root, "examples").relative_to(copy.root).as_posix()
    place.store().delete(key)
    found = violations(f"s3://{bucket}/lake", known=before)
    assert any(f"{key}: missing" in line for line in found)
