"""A judge's verdicts on the two sample models, as the container writes an `llm_judge` job.

Response A is the calibrated model's, response B the other's. The judge is shown every pair twice,
first A then B and the other way round; it likes what is shown first a little better, gives a tie
where it sees no difference, and now and then says nothing. The backward pass's words stand as the
judge said them: `A>B` there prefers the response shown first, which is B. What the judge meant is
kept as truth.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from evallake.demo.examples import Example
from evallake.demo.tickets import Ticket

TASK_KEY = "custom|llm_judge_judge|0"
Verdict = Literal["A", "B", "tie"]

RIGHT_IS_BETTER = 1.7
"""By how much a right class outweighs a wrong one, in the judge's eyes."""
FIRST_IS_BETTER = 0.25
"""By how much the response shown first is favoured."""
NO_DIFFERENCE = 0.3
"""Closer than this, the judge gives a tie."""
TASTE = 0.8
"""Standard deviation of what else the judge sees in a pair, the same in both passes."""
WAVERING = 0.35
"""Standard deviation of what it sees in one pass only."""
SILENCE = 0.015
"""Share of passes in which the judge gives nothing."""
REPLICATES = 1000
"""Of the container's bootstrap."""

_WORDS = {"A": "A>B", "B": "B>A", "tie": "A=B"}
_SWAPPED: dict[Verdict, Verdict] = {"A": "B", "B": "A", "tie": "tie"}


@dataclass(frozen=True, slots=True)
class Judgment:
    """What the judge made of one ticket's two answers."""

    ticket: Ticket
    response_a: str
    response_b: str
    forward: Verdict | None
    """None where the judge said nothing."""
    backward: Verdict | None
    """In terms of the responses, not of the places they were shown in."""

    @property
    def metrics(self) -> dict[str, Any]:
        """The row's metrics as the container writes them."""
        said = (self.forward, self.backward)
        shown = None if self.backward is None else _SWAPPED[self.backward]
        return {
            "forward_output": "" if self.forward is None else _WORDS[self.forward],
            "backward_output": "" if shown is None else f"[[{_WORDS[shown]}]]",
            "a_scores": said.count("A"),
            "b_scores": said.count("B"),
            "ties": said.count("tie"),
            "inference_error": said.count(None),
            "score": said.count("B"),
        }


def judge(first: Sequence[Example], second: Sequence[Example], *, seed: int) -> list[Judgment]:
    """Verdicts on two models' answers to the same tickets; `first` are responses A."""
    rng = random.Random(f"judge-{seed}")
    return [_judged(one, other, rng) for one, other in zip(first, second, strict=True)]


def _judged(one: Example, other: Example, rng: random.Random) -> Judgment:
    gain = RIGHT_IS_BETTER * (_is_right(other) - _is_right(one)) + rng.gauss(0.0, TASTE)
    return Judgment(
        ticket=one.ticket,
        response_a=one.text,
        response_b=other.text,
        forward=_verdict(gain - FIRST_IS_BETTER, rng),
        backward=_verdict(gain + FIRST_IS_BETTER, rng),
    )


def _is_right(example: Example) -> bool:
    return example.answer.label == example.ticket.label


def _verdict(gain: float, rng: random.Random) -> Verdict | None:
    if rng.random() < SILENCE:
        return None
    gain += rng.gauss(0.0, WAVERING)
    if abs(gain) < NO_DIFFERENCE:
        return "tie"
    return "B" if gain > 0 else "A"


def details_batch(judgments: Sequence[Judgment]) -> pa.RecordBatch:
    """The rows as a details file of the container has them."""
    n = len(judgments)
    nothing = pa.array([[]] * n, pa.list_(pa.null()))
    nested_nothing = pa.array([[[]]] * n, pa.list_(pa.list_(pa.null())))
    zeros = pa.array([[0]] * n, pa.list_(pa.int64()))
    specifics = [
        {
            "prompt": j.ticket.query,
            "response_A": j.response_a,
            "response_B": j.response_b,
            "metadata": j.ticket.metadata_json,
        }
        for j in judgments
    ]
    return pa.RecordBatch.from_pydict(
        {
            "choices": nothing,
            "cont_tokens": nested_nothing,
            "example": pa.array([j.ticket.query for j in judgments]),
            "full_prompt": pa.array([j.ticket.query for j in judgments]),
            "gold": pa.array([[""]] * n, pa.list_(pa.string())),
            "gold_index": nothing,
            "input_tokens": nested_nothing,
            "instruction": pa.array([""] * n),
            "metrics": pa.array([repr(j.metrics) for j in judgments]),
            "num_asked_few_shots": pa.array([0] * n, pa.int64()),
            "num_effective_few_shots": pa.array([0] * n, pa.int64()),
            "padded": zeros,
            "pred_logprobs": pa.array(["[]"] * n),
            "prediction_logits": nothing,
            "predictions": pa.array(["[]"] * n),
            "specifics": pa.array([repr(s) for s in specifics]),
            "truncated": zeros,
        }
    )


def aggregate(judgments: Sequence[Judgment], *, seed: int) -> dict[str, float]:
    """The container's aggregates: sums with the errors of its bootstrap, and the win rate."""
    rng = np.random.default_rng(seed)
    names = ("a_scores", "b_scores", "ties", "inference_error", "score")
    votes = np.array([[j.metrics[name] for name in names] for j in judgments], float)
    weights = rng.multinomial(len(judgments), [1 / len(judgments)] * len(judgments), REPLICATES)
    drawn = weights @ votes
    totals: dict[str, float] = {}
    for at, name in enumerate(names):
        totals[name] = float(votes[:, at].sum())
        # the container divides a bootstrap's deviation once more by the root of its replicates
        totals[f"{name}_stderr"] = float(drawn[:, at].std(ddof=1) / np.sqrt(REPLICATES))
    rates = drawn[:, 1] / np.maximum(drawn[:, 0] + drawn[:, 1], 1)
    decided = max(totals["a_scores"] + totals["b_scores"], 1.0)
    return totals | {
        "winrate": totals["b_scores"] / decided,
        "lower_rate": float(np.percentile(rates, 2.5)),
        "upper_rate": float(np.percentile(rates, 97.5)),
    }


TRUTH = pa.schema(
    [
        pa.field("source_row", pa.int64(), nullable=False),  # 0-based row in the details file
        pa.field("query", pa.string(), nullable=False),
        pa.field("response_a", pa.string(), nullable=False),
        pa.field("response_b", pa.string(), nullable=False),
        pa.field("forward_verdict", pa.string()),  # null where the judge said nothing
        pa.field("backward_verdict", pa.string()),  # in terms of the responses
        pa.field("difficulty", pa.string(), nullable=False),
    ]
)


def truth_table(judgments: Sequence[Judgment]) -> pa.Table:
    """What is true of every row."""
    return pa.Table.from_pylist(
        [
            {
                "source_row": row,
                "query": j.ticket.query,
                "response_a": j.response_a,
                "response_b": j.response_b,
                "forward_verdict": j.forward,
                "backward_verdict": j.backward,
                "difficulty": j.ticket.metadata["difficulty"],
            }
            for row, j in enumerate(judgments)
        ],
        schema=TRUTH,
    )
