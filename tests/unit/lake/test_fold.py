"""The fold of the log against a slow, obvious reading of the same rules."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lake.events import Event, Kind
from ingest.lake.fold import Load, State, current, fold
from tests.unit.lake.make import event

EVENTS = st.lists(
    st.builds(
        lambda kind, job, load: event(kind, job, f"{job}-{load}"),
        st.sampled_from(get_args(Kind)),
        st.sampled_from(["a", "b"]),
        st.integers(1, 4),
    ),
    max_size=30,
)


def numbered(events: list[Event]) -> list[tuple[int, Event]]:
    return list(enumerate(events, start=1))


def states(events: list[Event]) -> dict[str, State]:
    return {load.load_id: load.state for load in fold(numbered(events))}


def oracle(events: list[Event], load_id: str) -> State | None:
    """State of one load by looking at the whole history again for every question."""
    births = [i for i, e in enumerate(events) if e.load_id == load_id and e.load is not None]
    if not births:
        return None
    job = events[births[0]].job_id

    def next_birth(after: int) -> int:
        """When the job's next load came, one that had not come before."""
        known = {e.load_id for e in events[: after + 1] if e.load is not None}
        return next(
            (
                i
                for i, e in enumerate(events)
                if i > after and e.job_id == job and e.load is not None and e.load_id not in known
            ),
            len(events),
        )

    def showings(of: str) -> list[int]:
        """Moments at which the load `of` was put at the head of its job."""
        born = next((i for i, e in enumerate(events) if e.load_id == of and e.load), None)
        if born is None:
            return []
        if events[born].kind == "commit":
            return [born]
        until = next_birth(born)
        return [
            i
            for i, e in enumerate(events)
            if born < i < until and e.kind == "release" and e.load_id == of
        ][:1]

    shown = {e.load_id: showings(e.load_id) for e in events if e.job_id == job}
    mine = shown[load_id]
    if not mine:
        return "held" if next_birth(births[0]) == len(events) else "superseded"
    if any(i > mine[-1] for moments in shown.values() for i in moments):
        return "superseded"
    verdicts = [
        e.kind
        for i, e in enumerate(events)
        if i > mine[-1] and e.job_id == job and e.kind in ("drop", "restore")
    ]
    return "dropped" if verdicts and verdicts[-1] == "drop" else "current"


@settings(max_examples=400)
@given(EVENTS)
def test_every_load_has_the_state_that_the_history_gives_it(events: list[Event]) -> None:
    found = states(events)
    expected = {e.load_id: oracle(events, e.load_id) for e in events}
    assert found == {load_id: state for load_id, state in expected.items() if state is not None}


@given(EVENTS)
def test_a_job_has_at_most_one_visible_load(events: list[Event]) -> None:
    visible = [load.job_id for load in fold(numbered(events)) if load.state == "current"]
    assert len(visible) == len(set(visible))
    assert set(current(fold(numbered(events)))) == set(visible)


def test_a_second_commit_supersedes_the_first() -> None:
    assert states([event("commit", load_id="L1"), event("commit", load_id="L2")]) == {
        "L1": "superseded",
        "L2": "current",
    }


def test_a_held_load_leaves_the_visible_one_alone_until_released() -> None:
    events = [event("commit", load_id="L1"), event("hold", load_id="L2")]
    assert states(events) == {"L1": "current", "L2": "held"}
    events.append(event("release", load_id="L2"))
    assert states(events) == {"L1": "superseded", "L2": "current"}


def test_a_held_load_is_superseded_by_what_is_landed_after_it() -> None:
    held = [event("commit", load_id="L1"), event("hold", load_id="L2")]
    committed = [*held, event("commit", load_id="L3")]
    assert states(committed) == {"L1": "superseded", "L2": "superseded", "L3": "current"}
    again = [*held, event("hold", load_id="L3"), event("release", load_id="L2")]
    assert states(again) == {"L1": "current", "L2": "superseded", "L3": "held"}


def test_drop_hides_the_job_restore_shows_it_and_a_commit_does_too() -> None:
    events = [event("commit", load_id="L1"), event("drop")]
    assert states(events) == {"L1": "dropped"}
    assert states([*events, event("restore")]) == {"L1": "current"}
    assert states([*events, event("commit", load_id="L2")]) == {"L1": "superseded", "L2": "current"}


def test_events_that_change_nothing_are_allowed() -> None:
    events = [
        event("drop"),
        event("restore"),
        event("release", load_id="never"),
        event("commit", load_id="L1"),
        event("commit", load_id="L1"),
        event("release", load_id="L1"),
    ]
    assert states(events) == {"L1": "current"}


def test_a_release_says_when_and_why() -> None:
    released = replace(event("release", load_id="L1", reason="checked by hand"))
    loads: tuple[Load, ...] = fold(numbered([event("hold", load_id="L1"), released]))
    assert loads[0].committed_at_utc == released.at_utc
    assert loads[0].reason == "checked by hand"
    assert loads[0].sequence == 1
