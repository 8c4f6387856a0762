"""Judges and the audit made ready to be drawn: sentences and charts. Counts nothing."""

from __future__ import annotations

from dataclasses import dataclass

from evallake.report.charts.votes import VotesChart, votes_chart
from evallake.report.judge_facts import AuditFacts, JudgeFacts
from evallake.report.values import Estimate
from evallake.report.wording import chance, count, interval, number, percent, points

FAULTS = {
    "n_differs": "rows are not as many as the report says",
    "shards_missing": "rows of at least one instance are missing",
    "bleu_of_one_row": "BLEU of the first row alone",
    "stderr_too_small": "standard error divided by √1000 once too often",
    "stderr_not_pooled": "standard error of a mean over tasks is not pooled",
    "margin_reversed": "margin has the other sign than its rows",
    "value_differs": "value is not what the rows give",
    "stderr_differs": "standard error is not what the rows give",
}
"""The audit's findings in words; an unknown one is shown by its name."""


@dataclass(frozen=True, slots=True)
class JudgePage:
    """One judge; the chart is None where no votes are known."""

    facts: JudgeFacts
    says: tuple[str, ...]
    chart: VotesChart | None


def judge_page(judge: JudgeFacts) -> JudgePage:
    """What is shown of one judge."""
    has_votes = any(votes.wins or votes.ties or votes.losses for votes in judge.votes)
    return JudgePage(judge, judge_sentences(judge), votes_chart(judge.votes) if has_votes else None)


def judge_sentences(judge: JudgeFacts) -> tuple[str, ...]:
    """Whom it prefers, how sure that is, and what its verdicts may hang on besides."""
    if not judge.is_available:
        return (_reported(judge),)
    sentences = (
        _preference(judge),
        _bradley_terry(judge),
        _margin(judge),
        _position(judge),
        _length(judge),
        _errors(judge),
    )
    return tuple(sentence for sentence in sentences if sentence)


def _reported(judge: JudgeFacts) -> str:
    said = "Votes by prompt are not available: the job wrote no rows per prompt."
    rate = judge.reported_rate
    if rate.value is None:
        return said
    b, ties, a = (number(value) for value in judge.reported_votes)
    between = f" ({interval(rate)})" if interval(rate) else ""
    return (
        f"{said} It reports {b} for B, {ties} ties, {a} for A: a win rate of B of "
        f"{percent(rate.value)}{between}, which cannot be checked."
    )


def _preference(judge: JudgeFacts) -> str | None:
    rate = judge.votes[0].win_rate
    if rate.value is None:
        return None
    said = "The judge shows no preference"
    if rate.lower is not None and rate.upper is not None:
        if rate.lower > 0.5:
            said = "The judge prefers response B, the candidate"
        elif rate.upper < 0.5:
            said = "The judge prefers response A, the baseline"
    return f"{said}: B wins {percent(rate.value)} of {count(rate.n)} decided votes{_ends(rate)}."


def _bradley_terry(judge: JudgeFacts) -> str | None:
    if judge.bradley_terry.value is None:
        return None
    return (
        f"Ties as half a win each, B beats A with probability {percent(judge.bradley_terry.value)}"
        f"{_ends(judge.bradley_terry)} by the model of Bradley and Terry."
    )


def _margin(judge: JudgeFacts) -> str | None:
    margin = judge.margin
    if margin.value is None:
        return None
    ends = (
        f" ({number(margin.lower)} to {number(margin.upper)})"
        if margin.lower is not None and margin.upper is not None
        else ""
    )
    side = "A" if margin.value > 0 else "B"
    return (
        f"By its rubric {side} scores {abs(margin.value):.3f} higher over {count(margin.n)} "
        f"judgments; A minus B is {number(margin.value)}{ends}."
    )


def _position(judge: JudgeFacts) -> str | None:
    first = judge.first_place
    if first.value is None:
        return None
    said = "No preference for a position shows"
    if first.lower is not None and first.upper is not None and first.lower * first.upper > 0:
        place = "first" if first.value > 0 else "second"
        said = f"It favours the response shown {place}"
    ends = (
        f" ({points(first.lower)} to {points(first.upper)})"
        if first.lower is not None and first.upper is not None
        else ""
    )
    sentence = f"{said}: the first place is worth {points(first.value)} points{ends}"
    if judge.consistency.value is not None:
        sentence += (
            f"; asked in both orders, it agrees with itself in {percent(judge.consistency.value)} "
            f"of {count(judge.consistency.n)} cases"
        )
    if judge.position_p is not None:
        sentence += f", sign test p {chance(judge.position_p)}"
    return sentence + "."


def _length(judge: JudgeFacts) -> str | None:
    longer = judge.longer
    if longer.value is None or longer.lower is None or longer.upper is None:
        return None
    if longer.lower <= 0.5 <= longer.upper:
        return None
    way = "longer" if longer.value > 0.5 else "shorter"
    share = longer.value if longer.value > 0.5 else 1 - longer.value
    return f"The {way} response gets {percent(share)} of the decided votes; it may also be the better one."


def _errors(judge: JudgeFacts) -> str | None:
    errors = judge.votes[0].errors
    if not errors:
        return None
    return f"{count(errors)} {'pass' if errors == 1 else 'passes'} gave no verdict and count for neither."


def _ends(estimate: Estimate) -> str:
    return f" ({interval(estimate)})" if interval(estimate) else ""


def audit_sentence(audit: AuditFacts) -> str:
    """What the audit found, in one sentence."""
    checked = (
        f"{audit.recomputed:,} of {audit.reported:,} aggregates that the containers reported "
        "could be recomputed from what they wrote"
    )
    if not audit.faulty:
        return f"{checked}; nothing was found wrong with them."
    faulty = "one has a finding" if audit.faulty == 1 else f"{audit.faulty:,} have findings"
    return f"{checked}; {faulty}."
