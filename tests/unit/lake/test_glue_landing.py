"""Whichever call of Glue is refused, no load is visible afterwards, and a second try completes."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

import ingest.landing as landing
from ingest.errors import StoreError
from ingest.lake import Lake, LocalStore
from ingest.lake.glue import GlueCatalogue
from ingest.landing import IngestOptions, ingest_source
from ingest.tables import TABLES
from tests.fixtures.glue import GlueCalls
from tests.fixtures.runs import SMALL, MadeRun, no_source
from tests.unit.lake.make import ticking

_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def made_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "open_source", no_source)
    monkeypatch.setattr(landing, "find_runs", lambda *_, **__: [MadeRun(SMALL)])


def land(lake: Lake, catalogue: GlueCatalogue) -> str:
    (result,) = ingest_source(
        "job/output.tar.gz",
        lake,
        options=IngestOptions(workers=1),
        now=ticking(),
        catalogue=catalogue,
    )
    return result.outcome


def data_files(lake: Lake) -> list[str]:
    keys = [key for name in TABLES for key in lake.store.keys(f"{name}/")]
    return [key for key in keys if "schema" not in key and "loads/" not in key]


def test_a_load_is_registered_before_it_counts(aws: str, tmp_path: Path) -> None:
    calls = GlueCalls()
    lake = Lake(LocalStore(tmp_path), now=ticking())
    catalogue = GlueCatalogue(f"landing_{next(_NUMBERS)}", "s3://bucket/lake", glue=calls.client)
    seen: list[int] = []
    register = catalogue.register_load

    def watched(*names: Any, **options: Any) -> None:
        register(*names, **options)
        seen.append(len(lake.loads()))

    catalogue.register_load = watched  # type: ignore[method-assign]
    assert land(lake, catalogue) == "landed"
    assert seen == [0]
    assert len(lake.loads()) == 1
    calls.forget()
    assert land(lake, catalogue) == "unchanged"
    assert calls.names == []


@pytest.mark.parametrize("k", range(1, 9))
def test_a_refused_call_leaves_nothing_to_see(aws: str, tmp_path: Path, k: int) -> None:
    database = f"landing_{next(_NUMBERS)}"
    calls = GlueCalls()
    GlueCatalogue(database, "s3://bucket/lake", glue=calls.client).check()
    lake = Lake(LocalStore(tmp_path), now=ticking())
    calls.forget()
    calls.fail_at = k
    try:
        outcome = land(lake, GlueCatalogue(database, "s3://bucket/lake", glue=calls.client))
    except StoreError as refused:
        assert "\n" not in str(refused)
        assert lake.current() == {}
        assert lake.loads() == ()
        assert data_files(lake) == []
    else:
        assert outcome == "landed"
        assert k > len(calls.names)  # so many calls an ingest does not make
    calls.fail_at = None
    again = land(lake, GlueCatalogue(database, "s3://bucket/lake", glue=calls.client))
    assert again in ("landed", "unchanged")
    assert len(lake.current()) == 1
    answer = calls.client.get_partitions(DatabaseName=database, TableName="examples")
    (load,) = lake.current().values()
    assert [load.job_id, load.load_id] in [one["Values"] for one in answer["Partitions"]]
