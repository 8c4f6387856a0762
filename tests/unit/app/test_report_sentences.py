"""What the numbers say: only what the data supports."""

from __future__ import annotations

from evallake.report.facts import Segment
from evallake.report.sentences import job_sentences, promises
from evallake.report.values import Estimate, Threshold
from tests.unit.app.reports import NONE, job, summary


def said(**changed: object) -> str:
    return " ".join(job_sentences(job(**changed)))


def test_accuracy_comes_with_its_interval() -> None:
    assert "80.0 % of 100 answers are right (95 % interval 71.0 to 87.0 %)" in said()


def test_a_clear_gap_has_a_direction() -> None:
    assert "overstates its accuracy by 10.0 points" in said()
    under = summary(gap=Estimate(-0.04, -0.06, -0.02))
    assert "understates its accuracy by 4.0 points" in said(summary=under)


def test_a_gap_within_its_noise_is_not_called_one() -> None:
    noisy = summary(gap=Estimate(0.1, -0.05, 0.25), ece=Estimate(0.1, 0.0, 0.2))
    assert "taken at its word" in said(summary=noisy)


def test_faults_that_cancel_out_are_seen() -> None:
    crossing = summary(gap=Estimate(0.001, -0.01, 0.01), ece=Estimate(0.1, 0.08, 0.12))
    assert "not at every level" in said(summary=crossing)


def test_nothing_is_said_about_confidence_that_is_not_there() -> None:
    text = said(summary=summary(gap=NONE, ece=NONE), thresholds=())
    assert "onfidence" not in text


def steps(*lowers: float | None, n: int = 1000) -> tuple[Threshold, ...]:
    size = len(lowers)
    return tuple(
        Threshold(1 - i / size, (i + 1) / size, Estimate(0.99, lower, None, n * (i + 1) // size))
        for i, lower in enumerate(lowers)
    )


def test_the_strictest_target_that_holds_is_promised() -> None:
    target, best = promises(job(thresholds=steps(0.97, 0.96, 0.955, 0.7)))[0]
    assert (target, best.coverage) == (0.95, 0.75)


def test_thresholds_are_tried_in_a_fixed_order_and_the_first_miss_ends_it() -> None:
    # a later, larger share that happens to pass again is not taken: that would be picking
    target, best = promises(job(thresholds=steps(0.96, 0.94, 0.96, 0.7)))[0]
    assert (target, best.coverage) == (0.95, 0.25)


def test_shares_too_small_to_pass_without_any_error_do_not_end_it() -> None:
    # of 20 right answers the bound is 0.861: 95 % cannot be shown with them, whatever they say
    small = Threshold(0.999, 0.02, Estimate(1.0, 0.861, None, 20))
    target, best = promises(job(thresholds=(small, *steps(0.97, 0.96))))[0]
    assert (target, best.coverage) == (0.95, 1.0)


def test_no_promise_is_an_answer() -> None:
    assert promises(job(thresholds=steps(0.6, 0.5))) == ()
    assert "No confidence makes" in said(thresholds=steps(0.6, 0.5))


def test_without_a_weak_segment_none_is_named() -> None:
    assert "weakest" in said()
    assert "weakest" not in said(segments=())
    few = Segment("difficulty = hard", "critical", Estimate(0.0, 0.0, 0.66, 2), 0.4, False)
    assert "weakest" not in said(segments=(few,))  # two examples show nothing


def test_a_promise_that_answers_next_to_nothing_is_not_the_headline() -> None:
    few = steps(*[0.97] * 2, *[0.92] * 10, *[0.85] * 8, n=10_000)
    assert [(target, best.coverage) for target, best in promises(job(thresholds=few))] == [
        (0.95, 0.1),
        (0.90, 0.6),
        (0.80, 1.0),
    ]
    assert "covers 60.0 % of the examples, and at least 90 %" in said(thresholds=few)
