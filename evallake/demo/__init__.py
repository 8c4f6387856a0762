"""Sample jobs with known truth, written exactly as the Nova evaluation container writes them.

    tickets, phrases     what is asked
    profiles, answers    what the two models say
    pieces, candidates   with which tokens and probabilities
    spellings            whether the text decides which tokens those were
    details, results_file, run_files    the container's files
    truth                what a reader of those files should find
    jobs                 all of it together
    judge, judge_job     a judge's verdicts on both models' answers, as a job of its own

Nothing here is read by `ingest`, and nothing here uses it.
"""

from __future__ import annotations

from evallake.demo.jobs import DemoJob, write_demo_jobs
from evallake.demo.judge_job import write_judge_job

__all__ = ["DemoJob", "write_demo_jobs", "write_judge_job"]
