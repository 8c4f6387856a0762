"""The check at the door in words. Counts nothing."""

from __future__ import annotations

from evallake.report.door_facts import DoorFacts


def door_sentences(door: DoorFacts) -> tuple[str, ...]:
    """What was checked and what came of it, a sentence each; one where all is well."""
    sentences = []
    if door.checked_jobs:
        sentences.append(_checked(door))
    if door.unchecked_jobs:
        jobs = "One job was" if door.unchecked_jobs == 1 else f"{door.unchecked_jobs:,} jobs were"
        sentences.append(f"{jobs} landed without validation: nothing is known of them here.")
    sentences.append(_held(door))
    return tuple(sentences)


def _checked(door: DoorFacts) -> str:
    jobs = "one job" if door.checked_jobs == 1 else f"{door.checked_jobs:,} jobs"
    held_against = f"{door.expectations:,} expectations, over {jobs}, were checked at the door"
    if not door.failed:
        return f"{held_against}, and all are met."
    failed = "one is" if door.failed == 1 else f"{door.failed:,} are"
    return f"{held_against}; {failed} not met."


def _held(door: DoorFacts) -> str:
    if not door.held_in_all:
        return "No load is held."
    if door.held_in_all == 1:
        return "One load is held, and no number in this report is made of what it holds."
    return (
        f"{door.held_in_all:,} loads are held, and no number in this report is made of what "
        "they hold."
    )
