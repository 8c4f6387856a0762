"""Compact, vacuum, drop and restore where a call of the store, or a request to S3, goes wrong.

Whatever goes wrong, no reader sees another row than before, unless the verb says that it is done;
the same verb again completes, and a vacuum leaves nothing that no load refers to.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.aws.addresses import S3Address
from ingest.errors import IngestError, StoreError, UnknownJobError
from ingest.lake import Lake, LocalStore, Store
from ingest.lake.compaction import compact
from ingest.lake.layout import part_key
from ingest.lake.vacuum import vacuum
from ingest.tables import EXAMPLES
from tests.fixtures.contents import Reading
from tests.fixtures.disk import hasty_disk  # noqa: F401  # used by being there
from tests.fixtures.faulty import MANNERS, Faulty, faulty_requests, sampled
from tests.fixtures.invariants import Known, violations
from tests.fixtures.places import OnDisk, OnS3, Place
from tests.fixtures.runs import MadeRun, row
from tests.kills.verbs import now
from tests.unit.lake.test_invariants import land

SHOWN, GONE = "shown-20251106T175852Z", "gone-20251106T175852Z"
STRIDE = 16
"""Of how many calls one goes wrong; all of them where EVALLAKE_FAULTS says `all`."""

Verb = Callable[[Lake], object]


def _vacuum(lake: Lake) -> None:
    vacuum(lake, now=now(), grace=timedelta(0))


VERBS: dict[str, Verb] = {
    "compact": lambda lake: compact(lake, now=now(), fewest=2),
    "vacuum": _vacuum,
    "drop": lambda lake: lake.drop(SHOWN),
    "restore": lambda lake: lake.restore(GONE),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A lake with a visible job that was ingested twice, a dropped one, and waste."""

    place: Place
    known: Known


def lake_of(store: Any) -> Lake:
    return Lake(store, now=now)


def states(store: Store) -> dict[str, str]:
    return {load.load_id: load.state for load in lake_of(store).loads()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """That lake on a disk."""
    root = tmp_path_factory.mktemp("made") / "template"
    land(
        str(root),
        MadeRun([row(n) for n in range(3)], run_name="shown", content="old"),
        MadeRun([row(n) for n in range(4)], run_name="shown", content="new"),
        MadeRun([row(n) for n in range(2)], run_name="gone", content="2"),
    )
    store = LocalStore(root)
    lake = Lake(store)
    load = lake.drop(GONE)
    killed = part_key(EXAMPLES, job_id=GONE, load_id=lake.new_load_id(), part=0)
    store.replace(killed, store.read(load.keys[0]))
    loads = lake.loads()
    known = Known(
        committed={load.load_id: load.job_id for load in loads},
        contents={load.facts.input_digest: Reading().contents(root, load) for load in loads},
    )
    return Template(OnDisk(root), known)


@pytest.fixture(params=["disk", "s3"])
def template(made: Template, request: pytest.FixtureRequest, tmp_path: Path) -> Template:
    """A copy of it on a disk or in a bucket."""
    if request.param == "disk":
        root = shutil.copytree(made.place.folder(), tmp_path / "template")
        return Template(OnDisk(root), made.known)
    bucket, s3 = request.getfixturevalue("bucket"), request.getfixturevalue("s3")
    place = OnS3(s3, S3Address(bucket, "template"), tmp_path / "folders")
    store = made.place.store()
    for key in store.keys(""):
        place.store().replace(key, store.read(key))
    return Template(place, made.known)


def copy_of(template: Template, name: str) -> tuple[Place, Callable[..., list[Any]]]:
    """The lake again, and what looks at it as a folder."""
    place = template.place.copy(name)

    def look(**options: Any) -> list[Any]:
        return violations(str(place.folder()), known=template.known, **options)

    return place, look


def complete(verb: str, store: Store, look: Callable[..., list[Any]]) -> None:
    """The verb again, on a store that works, and a vacuum: everything is as it should be."""
    with suppress(UnknownJobError):  # the first try had gone through
        VERBS[verb](lake_of(store))
    after = {load.job_id: load.state for load in lake_of(store).loads()}
    wanted = {"drop": (SHOWN, "dropped"), "restore": (GONE, "current")}
    if verb in wanted:
        job_id, state = wanted[verb]
        assert after[job_id] == state
    _vacuum(lake_of(store))
    assert look(is_up_to_date=True, is_vacuumed=True) == []


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("template", ["disk"], indirect=True)
def test_a_store_that_goes_wrong_at_any_call(template: Template, verb: str, manner: str) -> None:
    counting = Faulty(template.place.copy("counted").store(), fail_at=0, manner=manner)
    VERBS[verb](lake_of(counting))
    assert counting.calls > 5
    offset = MANNERS.index(manner) + len(verb)
    for call in sampled(range(1, counting.calls + 1), offset=offset, stride=STRIDE):
        place, look = copy_of(template, f"{manner}-{call}")
        before = states(place.store())
        try:
            VERBS[verb](lake_of(Faulty(place.store(), fail_at=call, manner=manner)))
        except IngestError:
            if verb in ("compact", "vacuum"):
                seen = {load: s for load, s in states(place.store()).items() if s != "vacuumed"}
                assert seen.items() <= before.items()
        assert look() == []
        complete(verb, place.store(), look)


@pytest.mark.parametrize("template", ["disk"], indirect=True)
def test_a_vacuum_takes_nothing_that_a_snapshot_left_by_a_killed_writer_shows(
    template: Template,
) -> None:
    place, look = copy_of(template, "stale")
    snapshot = place.folder() / "current_loads" / "current_loads.parquet"
    before = snapshot.read_bytes()
    lake_of(place.store()).drop(SHOWN)
    snapshot.write_bytes(before)
    with pytest.raises(StoreError):
        _vacuum(lake_of(Faulty(place.store(), fail_at=1, manner="after", counted=("delete_all",))))
    assert look() == []


@pytest.mark.parametrize("template", ["disk"], indirect=True)
def test_a_compaction_goes_on_where_a_vacuum_was_quicker(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, look = copy_of(template, "outrun")
    read, began = LocalStore.read, now()

    def outrun(store: LocalStore, key: str) -> bytes:
        if key.startswith("job_metrics/"):
            monkeypatch.setattr(LocalStore, "read", read)
            vacuum(lake_of(place.store()), now=began, grace=timedelta(0))
        return read(store, key)

    monkeypatch.setattr(LocalStore, "read", outrun)
    VERBS["compact"](lake_of(place.store()))
    assert look(is_up_to_date=True) == []


@pytest.mark.parametrize("fault", ["refused", "busy", "lost answer", "twice"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("template", ["s3"], indirect=True)
def test_a_request_that_goes_wrong_is_made_good(
    template: Template, verb: str, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad answer of S3 is asked for again: the verb is done as if nothing had been."""
    with faulty_requests(monkeypatch, fail_at=0, fault=fault) as counting:
        VERBS[verb](Lake.open(template.place.copy("counted").store().root, now=now))
    assert counting.requests > 5
    offset = len(fault) + len(verb)
    for request in sampled(range(1, counting.requests + 1), offset=offset, stride=STRIDE):
        place, look = copy_of(template, f"{fault}-{request}".replace(" ", "-"))
        with faulty_requests(monkeypatch, fail_at=request, fault=fault):
            VERBS[verb](Lake.open(place.store().root, now=now))  # with clients of its own
        complete(verb, place.store(), look)
