"""The report's page: facts in, one HTML text out.

Everything from the lake passes through autoescaping; a strict content policy in the page forbids
scripts and requests, should anything ever slip through. Decides wording and layout, counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evallake.report.charts.coverage import CoverageChart, coverage_chart
from evallake.report.charts.forest import ForestChart, forest_chart
from evallake.report.charts.heat import HeatChart, heat_chart
from evallake.report.charts.histogram import HistogramChart, histogram_chart
from evallake.report.charts.mending import MendingChart, mending_chart
from evallake.report.charts.reliability import ReliabilityChart, reliability_chart
from evallake.report.door_page import door_sentences
from evallake.report.facts import JobFacts, ReportFacts
from evallake.report.judge_page import FAULTS, audit_sentence, judge_page
from evallake.report.pair_page import pair_page
from evallake.report.sentences import job_sentences, promises, routing_sentence
from evallake.report.values import Estimate, Threshold
from evallake.report.wording import (
    chance,
    count,
    interval,
    interval_ratio,
    moment,
    number,
    percent,
    ratio,
    shorten,
    words,
)
from evallake.text import NOTHING

TEMPLATES = Path(__file__).parent / "templates"
BANDS = ("Low", "Medium", "High", "missing")
TITLE = "How the models did"


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline number."""

    name: str
    value: str
    unit: str
    under: str


@dataclass(frozen=True, slots=True)
class JobPage:
    """One job, ready to be drawn; a chart is None where there is nothing to show."""

    facts: JobFacts
    subtitle: tuple[str, ...]
    says: tuple[str, ...]
    promises: tuple[tuple[float, Threshold], ...]
    tiles: tuple[Tile, ...]
    histogram: HistogramChart | None
    reliability: ReliabilityChart | None
    coverage: CoverageChart | None
    forest: ForestChart | None
    heats: tuple[HeatChart, ...]
    mending: tuple[MendingChart, ...]
    routing_says: str


def render_page(report: ReportFacts) -> str:
    """The whole file as text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "chance": chance,
        "number": number,
        "percent": percent,
        "ratio": ratio,
        "count": count,
        "interval": interval,
        "interval_ratio": interval_ratio,
        "moment": moment,
        "words": words,
        "shorten": shorten,
    }
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    text = environment.get_template("page.html.jinja").render(
        report=report,
        title=TITLE,
        jobs=[job_page(job) for job in report.jobs],
        pairs=[pair_page(pair) for pair in report.pairs],
        judges=[judge_page(judge) for judge in report.judges],
        audit_says=audit_sentence(report.audit) if report.audit else "",
        faults=FAULTS,
        door_says=door_sentences(report.door) if report.door else (),
        style=Markup(style),  # noqa: S704  our own file, no foreign text in it
    )
    return text.encode("utf-8", "replace").decode()  # lone surrogates cannot be written


def job_page(job: JobFacts) -> JobPage:
    """What is shown of one job."""
    has_confidence = any(b.correct or b.wrong for b in job.histogram)
    keys = dict.fromkeys(cell.key for cell in job.heat)
    has_gap = any(cell.band == "missing" and cell.n for cell in job.heat)
    return JobPage(
        facts=job,
        subtitle=tuple(
            text
            for text in (
                job.model_name,
                moment(job.evaluated_at_utc) + " UTC" if job.evaluated_at_utc else None,
                f"correct by {job.summary.correctness_rule}"
                if job.summary.correctness_rule
                else None,
                f"confidence is {job.summary.confidence_name}"
                if job.summary.confidence_name
                else None,
            )
            if text
        ),
        says=job_sentences(job),
        promises=promises(job),
        tiles=tuple(_tiles(job)),
        histogram=histogram_chart(job.histogram, limit=job.low_confidence_limit)
        if has_confidence
        else None,
        reliability=reliability_chart(job.calibration)
        if any(b.n for b in job.calibration)
        else None,
        coverage=coverage_chart(job.thresholds, routing=job.routing)
        if len(job.thresholds) > 1
        else None,
        forest=forest_chart(job.slices, overall=job.summary.accuracy.value) if job.slices else None,
        heats=tuple(
            heat_chart(
                key,
                [cell for cell in job.heat if cell.key == key],
                bands=BANDS if has_gap else BANDS[:3],
            )
            for key in keys
        )
        if has_confidence
        else (),
        mending=tuple(
            mending_chart(r.method, before=job.calibration, after=r.bins) for r in job.recalibration
        ),
        routing_says=routing_sentence(job.routing) if job.routing else "",
    )


def _tiles(job: JobFacts) -> list[Tile]:
    s = job.summary
    tiles = [
        Tile("Examples", count(s.examples), "", f"{count(s.accuracy.n)} with a verdict"),
        _rate("Accuracy", s.accuracy),
        Tile(
            "Mean confidence",
            *_split(s.confidence.value),
            f"{count(s.confidence.n)} examples have one",
        ),
        Tile(
            "Calibration error (ECE)",
            ratio(s.ece.value),
            "",
            f"by chance {ratio(s.ece_baseline)} · Brier {ratio(s.brier)}",
        ),
        Tile(
            "AUROC", ratio(s.auroc.value), "", interval_ratio(s.auroc) or "tells right from wrong"
        ),
        _rate(f"Below {job.low_confidence_limit:g} confidence", s.low_confidence),
        _rate("Sure but wrong", s.overconfident),
        _rate("Follows the schema", s.schema_valid),
    ]
    if s.quality.value is not None:
        tiles.append(_rate("Passes the quality metric", s.quality))
    return tiles


def _rate(name: str, estimate: Estimate) -> Tile:
    return Tile(name, *_split(estimate.value), interval(estimate) or "not known")


def _split(value: float | None) -> tuple[str, str]:
    return (NOTHING, "") if value is None else (f"{value * 100:.1f}", "%")
