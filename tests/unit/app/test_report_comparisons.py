"""The report on pairs, judges and the audit: what it says, and that foreign text stays text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evallake.report.judge_page import audit_sentence, judge_sentences
from evallake.report.page import render_page
from evallake.report.pair_page import pair_page
from evallake.report.pair_sentences import pair_flags, pair_sentences
from evallake.report.sentences import promises, routing_sentence
from evallake.report.values import Estimate, Threshold
from evallake.report.wording import chance, number, points
from tests.unit.app.comparisons import (
    NONE,
    audit,
    changed_example,
    criterion,
    delta,
    finding,
    judge,
    pair,
    recalibration,
    routing,
    slice_delta,
)
from tests.unit.app.reports import job, report
from tests.unit.app.test_report_page import EVIL, Page


def whole(**changed):
    first = job(recalibration=(recalibration(),), routing=routing())
    values = {
        "pairs": (pair(),),
        "judges": (judge(criteria=(criterion(),)),),
        "audit": audit(finding()),
    }
    return replace(report(first, job("job-2")), **{**values, **changed})


def text_of(facts) -> str:
    page = Page(render_page(facts))
    assert page.open == []
    return " ".join(" ".join(page.text).split())


def test_everything_there_is_is_shown_and_every_chart_is_named() -> None:
    page = Page(render_page(whole()))
    assert page.open == []
    assert not page.all("script")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"].removeprefix("#") for a in page.all("a")} <= set(ids)
    charts = page.all("svg")
    assert len(charts) == 5 * 2 + 4  # of both jobs; metrics, slices, votes, mended confidence
    assert all(chart["aria-labelledby"] in ids for chart in charts)


def test_what_has_no_rows_is_left_out() -> None:
    said = text_of(whole(pairs=(), judges=(), audit=None))
    for heading in ("Model against model", "What the judges say", "reported numbers", "q value"):
        assert heading not in said
    assert "What recalibration would mend" not in text_of(report(job()))
    assert "asked for" not in text_of(report(job()))


def test_foreign_text_stays_text() -> None:
    evil = pair(
        baseline_job_id=EVIL,
        candidate_job_id=EVIL,
        baseline_model=EVIL,
        candidate_model=EVIL,
        reason=EVIL,
        finding=EVIL,
        deltas=(delta(metric=EVIL, verdict=EVIL), delta(kind="metric", metric=EVIL)),
        slices=(slice_delta(key=EVIL, value=EVIL, metric=EVIL, verdict=EVIL),),
        regressed=(changed_example(EVIL),),
    )
    votes = judge().votes
    evil_judge = judge(
        job_id=EVIL,
        model_name=EVIL,
        criteria=(replace(criterion(EVIL), kind=EVIL),),
        votes=(votes[0], replace(votes[1], key=EVIL, value=EVIL)),
    )
    evil_job = job(
        EVIL,
        recalibration=(replace(recalibration(EVIL), parameters=EVIL),),
        routing=replace(routing(is_found=False), finding=EVIL),
    )
    faulty = audit(finding(job_id=EVIL, task=EVIL, metric=EVIL, names=(EVIL,)))
    page = Page(
        render_page(replace(report(evil_job), pairs=(evil,), judges=(evil_judge,), audit=faulty))
    )
    assert page.open == []
    assert not page.all("script")
    assert not page.all("img")
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "".join(page.text).count("<script>alert(1)</script>") > 30


def test_a_pair_says_its_verdict_how_examples_moved_and_what_could_be_found() -> None:
    assert pair_sentences(pair()) == (
        "The candidate is worse: 75.0 % right after 80.0 % on the same 400 examples, −5.0 points "
        "(95 % interval −8.0 to −2.0); p 0.001, q 0.003.",
        "10 examples got better, 30 got worse, 360 stayed as they were.",
        "A true difference of 4.3 points would be found 80 times in 100.",
    )
    undecided = pair(deltas=(delta(verdict="no difference shown", clusters=40),))
    said = " ".join(pair_sentences(undecided))
    assert said.startswith("No difference is shown:")
    assert "They come in 40 clusters." in said
    assert "for one of 2 points it takes 900 pairs" in said


def test_a_pair_without_a_common_example_says_so_and_draws_nothing() -> None:
    nothing = delta(
        baseline=None,
        candidate=None,
        delta=Estimate(None, n=0),
        p_value=None,
        q_value=None,
        verdict="not comparable",
        detectable=None,
    )
    apart = pair(
        overlap=0, same_dataset=False, deltas=(nothing,), slices=(), regressed=(), finding="x"
    )
    assert pair_sentences(apart) == (
        "The two jobs have no example in common; the data sets differ: there is nothing to compare.",
    )
    page = pair_page(apart)
    assert page.metrics is None
    assert page.flags == ()
    assert "no example in common" in text_of(whole(pairs=(apart,)))


def test_two_jobs_of_one_model_are_told_apart_by_their_names() -> None:
    page = pair_page(pair())
    assert (page.baseline, page.candidate) == ("nova-lite", "nova-micro")
    for model in ("nova-lite", None):
        page = pair_page(pair(candidate_model=model))
        assert (page.baseline, page.candidate) == ("job-1", "job-2")


def test_what_differs_between_the_jobs_is_a_warning() -> None:
    flags = dict(
        pair_flags(pair(same_prompt=False, same_dataset=None, same_scorer=False, baseline_only=3))
    )
    assert flags == {
        "400 examples in common": False,
        "data set not told": True,
        "different rules for correct": True,
        "different system prompts": True,
        "3 only in the baseline": True,
    }


def test_a_metric_of_unknown_scale_is_in_the_table_alone() -> None:
    page = pair_page(
        pair(
            deltas=(
                delta(),
                delta(metric="bleu", baseline=41.0, candidate=40.0, scale_max=None),
                delta(metric="f1", scale_max=None),
                delta(metric="rating", delta=Estimate(-1.0, -2.0, 0.0, 5), scale_max=5.0),
            )
        )
    )
    assert page.metrics is not None
    assert [row.label for row in page.metrics.rows] == ["correctness", "f1", "rating"]
    assert page.metrics.rows[-1].points == "−20.0"
    assert page.not_drawn == 1


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (Estimate(0.68, 0.55, 0.79, 88), "prefers response B, the candidate"),
        (Estimate(0.32, 0.21, 0.45, 88), "prefers response A, the baseline"),
        (Estimate(0.52, 0.41, 0.63, 88), "shows no preference"),
    ],
)
def test_a_judge_prefers_only_beyond_its_interval(rate: Estimate, words: str) -> None:
    votes = judge().votes
    assert words in judge_sentences(judge(votes=(replace(votes[0], win_rate=rate),)))[0]


def test_a_judge_s_weaknesses_are_said() -> None:
    said = " ".join(judge_sentences(judge()))
    assert "B beats A with probability 66.0 % (55.0 to 76.0 %)" in said
    assert "favours the response shown first: the first place is worth +8.0 points" in said
    assert "agrees with itself in 70.0 % of 48 cases, sign test p 0.002" in said
    assert "2 passes gave no verdict" in said
    assert "longer" not in said  # its interval holds a half
    fair = judge(first_place=Estimate(0.01, -0.03, 0.05, 98), longer=Estimate(0.3, 0.2, 0.4, 88))
    assert "No preference for a position shows" in " ".join(judge_sentences(fair))
    assert "The shorter response gets 70.0 %" in " ".join(judge_sentences(fair))


def test_a_judge_without_rows_shows_what_it_reported_and_no_zero() -> None:
    silent = judge(
        is_available=False,
        prompts=0,
        votes=(replace(judge().votes[0], wins=0, ties=0, losses=0, errors=0, win_rate=NONE),),
        bradley_terry=NONE,
        first_place=NONE,
        consistency=NONE,
        longer=NONE,
        position_p=None,
    )
    said = text_of(whole(judges=(silent,)))
    assert "not available" in said
    assert "60 for B, 10 ties, 28 for A: a win rate of B of 68.0 % (58.0 to 77.0 %)" in said
    assert "judge-1-votes" not in render_page(whole(judges=(silent,)))


def test_a_clean_audit_is_one_sentence() -> None:
    assert audit_sentence(audit()) == (
        "44 of 46 aggregates that the containers reported could be recomputed from what they "
        "wrote; nothing was found wrong with them."
    )
    page = render_page(whole(audit=audit()))
    chapter = page[page.index('id="audit"') : page.index("<footer")]
    assert "<table" not in chapter
    said = text_of(whole(audit=replace(audit(finding(names=("new_fault",))), faulty=9)))
    assert "new fault" in said
    assert "8 more" in said


def test_routing_says_what_was_found_or_why_nothing() -> None:
    assert "from confidence 0.99 on, 50.0 % of the answers" in routing_sentence(routing())
    assert routing_sentence(routing(is_found=False)) == (
        "For answers that are right at least 95 % of the time: none found, too few examples."
    )


def test_no_threshold_is_promised_where_the_routing_test_found_none() -> None:
    alone = job(thresholds=(Threshold(0.99, 0.5, Estimate(1.0, 0.995, None, 600)),))
    assert [target for target, _ in promises(alone)] == [0.99, 0.95, 0.9, 0.8]
    refused = replace(alone, routing=routing(is_found=False))
    assert [target for target, _ in promises(refused)] == [0.9, 0.8]
    found = replace(alone, routing=routing())  # said in its own sentence
    assert [target for target, _ in promises(found)] == [0.99, 0.9, 0.8]


def test_what_is_left_out_is_counted() -> None:
    said = text_of(
        whole(
            pairs=(pair(metrics_left_out=5),),
            pairs_left_out=988,
            judges=(judge(criteria=(criterion(),), criteria_left_out=4),),
            judges_left_out=1,
        )
    )
    for words in ("988 more pairs", "5 more in", "1 older judge is", "4 more in"):
        assert words in said


def test_numbers_as_text() -> None:
    assert [points(v) for v in (None, 0.0, -0.0513, 0.0002, 0.1)] == [
        "·",
        "0",
        "−5.1",
        "+0.02",
        "+10.0",
    ]
    assert [chance(v) for v in (None, 0.0, 0.00012, 1.0)] == ["·", "< 0.0001", "0.00012", "1"]
    assert [number(v) for v in (None, float("nan"), 0.0, 1234.0, -0.12345)] == [
        "·",
        "·",
        "0",
        "1,234",
        "−0.1235",
    ]
