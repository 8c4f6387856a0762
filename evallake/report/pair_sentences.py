"""What a comparison of two jobs says, in sentences.

A difference is called one only by its verdict, which is by q value; what could have been found at
all is said beside it.
"""

from __future__ import annotations

from evallake.report.pair_facts import Delta, PairFacts
from evallake.report.wording import chance, number, percent, points

VERDICTS = {
    "better": "The candidate is better",
    "worse": "The candidate is worse",
    "higher": "The candidate's value is higher",
    "lower": "The candidate's value is lower",
    "no difference shown": "No difference is shown",
    "not tested": "Not tested",
    "not comparable": "Not comparable",
}


def pair_sentences(pair: PairFacts) -> tuple[str, ...]:
    """Two to four sentences: the verdict, how examples moved, what could have been found."""
    if not pair.overlap:
        why = "; the data sets differ" if pair.same_dataset is False else ""
        return (f"The two jobs have no example in common{why}: there is nothing to compare.",)
    first = _headline(pair)
    if first is None:
        return ("Both jobs have the same examples, but no metric in common.",)
    sentences = (_verdict(first), _moved(first), _detectable(first, pair.power))
    return tuple(sentence for sentence in sentences if sentence)


def _headline(pair: PairFacts) -> Delta | None:
    return next((delta for delta in pair.deltas if delta.delta.value is not None), None)


def _verdict(delta: Delta) -> str:
    d = delta.delta
    said = VERDICTS.get(delta.verdict, delta.verdict)
    tests = f"p {chance(delta.p_value)}, q {chance(delta.q_value)}"
    if delta.kind == "correctness":
        between = (
            f" (95 % interval {points(d.lower)} to {points(d.upper)})"
            if d.lower is not None and d.upper is not None
            else ""
        )
        return (
            f"{said}: {percent(delta.candidate)} right after {percent(delta.baseline)} on the same "
            f"{d.n or 0:,} examples, {points(d.value)} points{between}; {tests}."
        )
    between = f" [{number(d.lower)}, {number(d.upper)}]" if d.lower is not None else ""
    return (
        f"{said} in {delta.metric}: {number(delta.candidate)} after {number(delta.baseline)} on "
        f"the same {d.n or 0:,} examples, {number(d.value)}{between}; {tests}."
    )


def _moved(delta: Delta) -> str | None:
    if delta.wins is None or delta.losses is None or delta.ties is None:
        return None
    clusters = (
        f" They come in {delta.clusters:,} clusters."
        if delta.clusters is not None and delta.clusters != delta.delta.n
        else ""
    )
    return (
        f"{delta.wins:,} examples got better, {delta.losses:,} got worse, "
        f"{delta.ties:,} stayed as they were.{clusters}"
    )


def _detectable(delta: Delta, power: float) -> str | None:
    if delta.detectable is None:
        return None
    size = (
        f"{points(delta.detectable).lstrip('+')} points"
        if delta.kind == "correctness"
        else number(delta.detectable)
    )
    sentence = f"A true difference of {size} would be found {power * 100:.0f} times in 100"
    if delta.verdict == "no difference shown" and delta.needed_pairs and delta.tolerance:
        wanted = (
            f"{delta.tolerance * 100:.3g} points"
            if delta.kind == "correctness"
            else number(delta.tolerance)
        )
        sentence += f"; for one of {wanted} it takes {delta.needed_pairs:,} pairs"
    return sentence + "."


def pair_flags(pair: PairFacts) -> tuple[tuple[str, bool], ...]:
    """(words, is a warning) for what is alike in both jobs and what is not."""
    if not pair.overlap:
        return ()
    told = (
        (pair.same_dataset, "same data set", "different data sets", "data set not told"),
        (pair.same_scorer, "same rule for correct", "different rules for correct", None),
        (pair.same_prompt, "same system prompt", "different system prompts", None),
        (pair.same_inference, "same inference settings", "different inference settings", None),
    )
    flags = [
        (yes, False) if flag else (no, True) if flag is False else (unknown, True)
        for flag, yes, no, unknown in told
        if flag is not None or unknown
    ]
    shared = "1 example" if pair.overlap == 1 else f"{pair.overlap:,} examples"
    flags.insert(0, (f"{shared} in common", False))
    flags += [
        (f"{count:,} only in the {side}", True)
        for count, side in ((pair.baseline_only, "baseline"), (pair.candidate_only, "candidate"))
        if count
    ]
    return tuple((words or "", is_warning) for words, is_warning in flags)
