"""From the published tables to what the report shows of judges and of the audit."""

from __future__ import annotations

from collections.abc import Sequence

from evallake.engines.asking import Engine
from evallake.report import judge_questions as questions
from evallake.report.judge_facts import AuditFacts, AuditFinding, Criterion, JudgeFacts, Votes
from evallake.report.rows import Row, ask_rows, estimate

MOST_JUDGES = 4
SLICE_KEYS = 3
SLICE_VALUES = 8
CRITERIA = 12
FINDINGS = 20


def gather_judges(engine: Engine, named: Sequence[str]) -> tuple[tuple[JudgeFacts, ...], int]:
    """The judges among the jobs `named`, else the newest ones; and how many more there are."""
    judges = ask_rows(engine, questions.JUDGES, jobs=named, all_judges=not named, rows=MOST_JUDGES)
    if not judges:
        return (), 0
    ids = [row["job_id"] for row in judges]
    slices = ask_rows(
        engine, questions.JUDGE_SLICES, jobs=ids, keys=SLICE_KEYS, most_values=SLICE_VALUES
    )
    criteria = ask_rows(engine, questions.CRITERIA, jobs=ids, rows=CRITERIA)
    shown = tuple(
        _judge(
            row,
            [item for item in slices if item["job_id"] == row["job_id"]],
            [item for item in criteria if item["job_id"] == row["job_id"]],
        )
        for row in judges
    )
    return shown, judges[0]["judges_in_all"] - len(shown)


def _judge(row: Row, slices: Sequence[Row], criteria: Sequence[Row]) -> JudgeFacts:
    return JudgeFacts(
        job_id=row["job_id"],
        model_name=row["model_name"],
        is_available=row["status"] == "available",
        prompts=row["prompts"] or 0,
        votes=tuple(map(_votes, [row, *slices])),
        bradley_terry=estimate(row, "bradley_terry_probability", n="votes"),
        first_place=estimate(row, "first_place_preference", n="placed_passes"),
        consistency=estimate(row, "swap_consistency", n="two_pass_judgments"),
        position_p=row["position_sign_test_p_value"],
        longer=estimate(row, "longer_response_preference", n="length_votes"),
        margin=estimate(row, "mean_margin_a_minus_b", n="scored_judgments"),
        reported_votes=(row["reported_b_scores"], row["reported_ties"], row["reported_a_scores"]),
        reported_rate=estimate(row, "reported_win_rate"),
        reported_errors=row["reported_inference_errors"],
        criteria=tuple(map(_criterion, criteria)),
        criteria_left_out=criteria[0]["criteria_in_all"] - len(criteria) if criteria else 0,
    )


def _votes(row: Row) -> Votes:
    return Votes(
        row["slice_key"],
        row["slice_value"],
        row["wins"] or 0,
        row["ties"] or 0,
        row["losses"] or 0,
        row["inference_errors"] or 0,
        estimate(row, "win_rate_excl_ties", n="decided_votes"),
    )


def _criterion(row: Row) -> Criterion:
    return Criterion(
        row["criterion"],
        row["criterion_type"],
        row["judgments"],
        row["mean_weight"],
        estimate(row, "mean_score_a", n="scored_a"),
        estimate(row, "mean_score_b", n="scored_b"),
        estimate(row, "mean_margin_a_minus_b", n="scored_both"),
    )


def gather_audit(engine: Engine, jobs: Sequence[str]) -> AuditFacts | None:
    """What the audit says of `jobs`; None where nothing was reported of them."""
    (counts,) = ask_rows(engine, questions.AUDIT, jobs=jobs)
    if not counts["reported"]:
        return None
    faulty = int(counts["faulty"])
    rows = ask_rows(engine, questions.AUDIT_FINDINGS, jobs=jobs, rows=FINDINGS) if faulty else []
    return AuditFacts(
        counts["reported"], int(counts["recomputed"]), faulty, tuple(map(_finding, rows))
    )


def _finding(row: Row) -> AuditFinding:
    return AuditFinding(
        job_id=row["job_id"],
        task=row["task_key"],
        metric=row["metric_name"],
        names=tuple((row["findings"] or "").split()),
        reported=row["reported_value"],
        recomputed=row["recomputed_value"],
        reported_stderr=row["reported_stderr"],
        recomputed_stderr=row["recomputed_stderr"],
        examples=row["examples"],
        examples_expected=row["examples_expected"],
    )
