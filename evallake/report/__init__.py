"""The report: one self-contained HTML file about the jobs in the published tables.

gathering    which jobs, pairs and judges are shown; *_gathering: rows -> facts
questions    the SQL of that, one text for both engines, and *_questions; rows asks them
facts        what is shown, as plain values: of jobs, pair_facts, judge_facts, values in common
sentences    what the numbers say, in words; pair_sentences of a comparison
charts       values -> coordinates
page         facts -> HTML, through the templates beside it; pair_page, judge_page its chapters
wording      numbers as text
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from evallake.config import Config
from evallake.errors import OutputError
from evallake.report.facts import ReportFacts
from evallake.report.gathering import gather
from evallake.report.page import render_page

__all__ = ["write_report"]


def write_report(
    config: Config, target: Path, *, jobs: tuple[str, ...] = (), now: datetime
) -> ReportFacts:
    """Write the report on `jobs` (all of them where none is named) to `target`, in one step.

    Raises:
        NotBuiltError: nothing has been published yet.
        UnknownJobError: a job that the published tables do not hold.
        OutputError: the file cannot be written.
    """
    facts = gather(config, jobs=jobs, now=now)
    text = render_page(facts)
    written = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(text, encoding="utf-8")
        written.replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot be written: {error.strerror}", where=str(target), do="choose another --output"
        ) from error
    return facts
