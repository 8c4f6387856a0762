"""One engine of each kind, one lake, one build on each engine: all of it once per session."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest

from evallake.engines.duckdb import prepare
from ingest.aws.clients import client
from ingest.lake import Lake
from ingest.lake.glue import GlueCatalogue
from tests.athena.parity.building import AthenaReader, Built, build
from tests.athena.parity.engines import DuckDb, Trino, open_duckdb, open_trino
from tests.athena.parity.lake import upload, write_parity_lake
from tests.athena.rig import SharedRig
from tests.fixtures.dbt import Dbt

RUN = uuid4().hex[:8]  # a rig may serve several sessions
BUCKET = f"parity-{RUN}"
RAW = f"parity_raw_{RUN}"
MARTS = f"parity_marts_{RUN}"

ON_ATHENA = {
    "EVALLAKE_ROOT": f"s3://{BUCKET}/lake",
    "EVALLAKE_GLUE_DATABASE": RAW,
    "EVALLAKE_ATHENA_SCHEMA": MARTS,
    "EVALLAKE_ATHENA_STAGING": f"s3://{BUCKET}/staging/",
    "EVALLAKE_ATHENA_POLL_SECONDS": "0.3",
}


@dataclass(frozen=True, slots=True)
class Builds:
    """The project as both engines built it."""

    duckdb: Built
    athena: Built
    connection: duckdb.DuckDBPyConnection
    """DuckDB's own build, read-only."""
    reader: AthenaReader


@pytest.fixture(scope="session")
def duckdb_engine() -> Iterator[DuckDb]:
    with open_duckdb() as engine:
        yield engine


@pytest.fixture(scope="session")
def trino_engine(rig: SharedRig) -> Iterator[Trino]:
    with open_trino(rig.variables["TRINO_URL"]) as engine:
        yield engine


@pytest.fixture(scope="session")
def cloud_lake(rig: SharedRig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake on disk; a copy of it is on S3, registered in Glue."""
    folder = write_parity_lake(tmp_path_factory.mktemp("parity"))
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    upload(folder, s3, bucket=BUCKET, prefix="lake")
    root = f"s3://{BUCKET}/lake"
    loads = Lake.open(root).loads
    GlueCatalogue(RAW, root).rebuild(loads, now=datetime.now(UTC), grace=timedelta(days=1))
    return folder


@pytest.fixture(scope="session")
def builds(
    cloud_lake: Path, rig: SharedRig, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Builds]:
    """Both builds, side by side: one waits for Trino while the other computes."""
    folder = tmp_path_factory.mktemp("builds")
    here, there = Dbt(folder / "duckdb"), Dbt(folder / "athena")
    for dbt in (here, there):
        dbt.folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        on_duckdb = pool.submit(build, here, "duckdb", EVALLAKE_ROOT=str(cloud_lake))
        on_athena = pool.submit(build, there, "athena", **ON_ATHENA)
    reader = AthenaReader(client("athena"), client("s3"), MARTS, BUCKET, folder / "unloaded")
    with duckdb.connect(str(here.database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        prepare(connection)
        yield Builds(on_duckdb.result(), on_athena.result(), connection, reader)
