"""How tables come to be in Athena: facts by whole loads, everything swapped without a gap."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from evallake.config import AthenaPlace
from evallake.engines.athena import Athena
from ingest.aws.clients import client
from ingest.errors import IngestError
from ingest.lake.glue import GlueCatalogue
from tests.athena.parity.lake import upload
from tests.athena.rig import SharedRig
from tests.fixtures.dbt import PROJECT, Dbt
from tests.fixtures.lakes import LakeWriter

FACT = "fct_field_confidence"
MODELS = ("stg_lake__current_loads", "stg_lake__loads", "stg_lake__example_fields", FACT)
_LOG_ENTRY = re.compile(r"^\d\d:\d\d:\d\d\.\d+ \[", re.MULTILINE)
LEAF = {"side": "gold", "field_path": "class", "field_value": "A", "normalized_value": "a"}


@dataclass
class Cloud:
    """A small lake on the rig, and the few models that these tests build from it."""

    dbt: Dbt
    name: str = field(default_factory=lambda: f"build_{uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.bucket = self.name.replace("_", "-")
        client("s3").create_bucket(Bucket=self.bucket)
        self.lake = LakeWriter(self.dbt.lake)
        self.glue = client("glue")
        self.catalogue = GlueCatalogue(f"{self.name}_raw", f"s3://{self.bucket}/lake")
        self.catalogue.check()
        self.place = AthenaPlace(self.name, "primary", f"s3://{self.bucket}/results/")
        self.athena = Athena(self.place)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "EVALLAKE_ROOT": f"s3://{self.bucket}/lake",
            "EVALLAKE_GLUE_DATABASE": f"{self.name}_raw",
            "EVALLAKE_ATHENA_SCHEMA": self.name,
            "EVALLAKE_ATHENA_STAGING": self.place.staging,
            "EVALLAKE_ATHENA_POLL_SECONDS": "0.05",
        }

    def add(self, job_id: str, load_id: str, *, rows: int) -> None:
        leaves = [{"example_id": f"e{number}", **LEAF} for number in range(rows)]
        self.lake.add_load(job_id, load_id, {"example_fields": leaves} if leaves else {})
        if leaves:
            self.catalogue.register_load(job_id, load_id, tables=["example_fields"])

    def build(self, *arguments: str) -> None:
        self.publish()
        self.dbt(*self._command(*arguments), **self.environment)

    def build_until(self, happens: Any) -> None:
        """Build, and kill dbt without warning as soon as `happens()`."""
        self.publish()
        begun = subprocess.Popen(
            [Path(sys.executable).with_name("dbt"), *self._command()],
            cwd=PROJECT,
            env={**self._inherited(), **self.environment},
            stdout=subprocess.DEVNULL,
        )
        while not happens():
            assert begun.poll() is None, "it ended before that happened"
            time.sleep(0.02)
        begun.send_signal(signal.SIGKILL)
        begun.wait()

    def publish(self) -> None:
        upload(self.dbt.lake, client("s3"), bucket=self.bucket, prefix="lake")

    def loads(self, table: str = FACT) -> dict[str, int]:
        """Rows of each load that readers see."""
        asked = f"select load_id, count(*) as found from {table} group by load_id"
        return {row["load_id"]: row["found"] for row in self.athena.ask(asked).table.to_pylist()}

    def rows_table(self) -> dict[str, Any]:
        """The Glue entry of the table that the fact shows."""
        view = self.glue.get_table(DatabaseName=self.name, Name=FACT)["Table"]
        found = self.glue.get_table(DatabaseName=self.name, Name=view["Parameters"]["rows_table"])
        entry: dict[str, Any] = found["Table"]
        return entry

    def files(self) -> dict[str, tuple[str, ...]]:
        """Files of each load that the fact holds, shown or not, by load."""
        pages = self.glue.get_paginator("get_partitions").paginate(
            DatabaseName=self.name, TableName=self.rows_table()["Name"]
        )
        found = {}
        for page in pages:
            for partition in page["Partitions"]:
                folder = partition["StorageDescriptor"]["Location"].split("/", 3)[3]
                listed = client("s3").list_objects_v2(Bucket=self.bucket, Prefix=folder)
                keys = (f"{f['Key']} {f['ETag']}" for f in listed.get("Contents", []))
                found[partition["Values"][1]] = tuple(keys)
        return found

    def tables(self) -> set[str]:
        pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=self.name)
        return {table["Name"] for page in pages for table in page["TableList"]}

    def writes(self) -> list[str]:
        """The statements that wrote new loads beside the fact, as dbt's log has them."""
        log = self.dbt.folder / "logs" / "dbt.log"
        entries = _LOG_ENTRY.split(log.read_text(encoding="utf-8")) if log.is_file() else []
        sent = (entry.partition(" Execute: ")[2] for entry in entries)
        return [text for text in sent if "create table" in text and f"{FACT}__next" in text]

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return ("run", "--target", "athena", "--select", *MODELS, *arguments)

    def _inherited(self) -> dict[str, str]:
        return os.environ | {
            "DBT_TARGET_PATH": str(self.dbt.folder / "target"),
            "DBT_LOG_PATH": str(self.dbt.folder / "logs"),
        }


@pytest.fixture(scope="module")
def cloud(rig: SharedRig, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return Cloud(Dbt(tmp_path_factory.mktemp("build")))


@contextmanager
def watching(cloud: Cloud, *tables: str) -> Iterator[list[Any]]:
    """What a reader sees who asks again and again meanwhile; a refusal is raised at the end."""
    seen: list[Any] = []
    refused: list[IngestError] = []
    enough = threading.Event()

    def read() -> None:
        try:
            while not enough.is_set():
                for table in tables:
                    answer = (table, cloud.loads(table))
                    if answer not in seen:
                        seen.append(answer)
        except IngestError as error:
            refused.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        enough.set()
        reader.join()
    assert refused == []


def test_1_a_first_build_holds_every_pinned_load(cloud: Cloud) -> None:
    cloud.add("one", "L1", rows=2)
    cloud.add("two", "L2", rows=1)
    cloud.build()
    assert cloud.loads() == {"L1": 2, "L2": 1}
    assert cloud.loads("stg_lake__loads") == {"L1": 1, "L2": 1}
    rows = cloud.rows_table()
    assert [key["Name"] for key in rows["PartitionKeys"]] == ["job_id", "load_id"]
    assert rows["Description"].startswith("Grain: one row per")
    assert all(column["Comment"] for column in rows["StorageDescriptor"]["Columns"])
    pin = cloud.glue.get_table(DatabaseName=cloud.name, Name="stg_lake__current_loads")["Table"]
    assert pin["Description"].startswith("Grain: one row per")
    assert pin["Parameters"]["classification"] == "parquet"
    assert pin["PartitionKeys"] == []


def test_2_a_new_job_is_added_and_no_other_partition_is_touched(cloud: Cloud) -> None:
    before = cloud.files()
    cloud.add("three", "L3", rows=3)
    cloud.build()
    assert cloud.loads() == {"L1": 2, "L2": 1, "L3": 3}
    after = cloud.files()
    assert {load: after[load] for load in before} == before
    # literally the new load: pruning is left to nothing that an engine may do or not
    [write] = cloud.writes()
    assert "where load_id in ('L3')" in write
    assert cloud.tables() == {*MODELS, cloud.rows_table()["Name"]}


def test_3_a_load_without_rows_is_looked_at_once(cloud: Cloud) -> None:
    cloud.add("four", "L4", rows=0)
    cloud.build()
    assert cloud.loads() == {"L1": 2, "L2": 1, "L3": 3}
    assert cloud.files()["L4"] == ()
    writes = len(cloud.writes())
    cloud.build()
    assert len(cloud.writes()) == writes


def test_4_what_is_superseded_or_dropped_goes_in_the_step_that_shows_the_new(
    cloud: Cloud,
) -> None:
    old, new = cloud.loads(), {"L3": 3, "L5": 4}
    cloud.add("one", "L5", rows=4)
    cloud.lake.drop("two")
    with watching(cloud, FACT) as seen:
        cloud.build()
    assert [state for _, state in seen if state not in (old, new)] == []
    assert cloud.loads() == new
    assert {"L1", "L2"} <= set(cloud.files())  # for whoever is still reading them


def test_5_a_build_later_their_files_are_gone_too(cloud: Cloud) -> None:
    [folder] = {key.rpartition("/")[0] for key in cloud.files()["L1"]}
    cloud.build()
    assert cloud.loads() == {"L3": 3, "L5": 4}
    assert set(cloud.files()) == {"L3", "L4", "L5"}
    assert "Contents" not in client("s3").list_objects_v2(Bucket=cloud.bucket, Prefix=folder)


def test_6_a_write_that_broke_off_is_neither_lost_nor_doubled(cloud: Cloud) -> None:
    cloud.add("six", "L6", rows=6)
    begun = len(cloud.writes())
    cloud.build_until(lambda: len(cloud.writes()) > begun)
    assert set(cloud.loads()) <= {"L3", "L5", "L6"}
    cloud.build()
    assert cloud.loads() == {"L3": 3, "L5": 4, "L6": 6}
    cloud.build()  # Athena may have finished the write of the killed one meanwhile
    assert cloud.loads() == {"L3": 3, "L5": 4, "L6": 6}
    assert cloud.tables() == {*MODELS, cloud.rows_table()["Name"]}


def test_7_a_full_refresh_leaves_no_gap(cloud: Cloud) -> None:
    before = cloud.rows_table()["Name"]
    tables = {FACT: cloud.loads(), "stg_lake__loads": cloud.loads("stg_lake__loads")}
    with watching(cloud, *tables) as seen:
        cloud.build("--full-refresh")
    assert dict(seen) == tables
    assert len(seen) == len(tables)
    assert cloud.rows_table()["Name"] != before
    assert before in cloud.tables()  # for whoever is still reading it
    cloud.build()
    assert before not in cloud.tables()


def test_8_more_loads_than_one_statement_may_write(cloud: Cloud) -> None:
    for number in range(103):
        cloud.add(f"many-{number:03d}", f"M{number:03d}", rows=1)
    with watching(cloud, FACT) as seen:
        cloud.build()
    assert len(cloud.loads()) == 3 + 103
    assert {len(loads) for _, loads in seen} <= {3, 106}  # all of them at once, or none
