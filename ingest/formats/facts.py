"""What is known of a run besides its rows: the caller's words count first, then the recipe's,
then the files' own. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.formats.nodes import OpenedRun
from ingest.formats.numbers import number_of, whole_of
from ingest.formats.recipe import NO_RECIPE, Recipe
from ingest.formats.results import Results
from ingest.formats.tasks import Task, model_family
from ingest.raw import JobFacts, ReadOptions
from ingest.sources import Source
from ingest.sources.locations import training_job_name
from ingest.sources.source import TrainingJob


def job_facts(
    run: OpenedRun,
    tasks: Sequence[Task],
    *,
    source: Source,
    options: ReadOptions,
    recipe: Recipe | None,
) -> JobFacts:
    """The facts of one run; None wherever nothing says."""
    files = run.files
    given = NO_RECIPE if recipe is None else recipe
    results = run.results[-1] if run.results else None
    model = options.model or given.model_name or _reported_model(results) or files.model_directory
    has_token_logprobs = any(details.has_token_logprobs for details in run.details)
    sampling = {} if results is None else results.generation_parameters
    return JobFacts(
        harness="nova" if files.is_nova or has_token_logprobs else "lighteval",
        harness_version=run.details[0].generation if run.details else None,
        run_name=files.run_name or given.run_name,
        # a folder above several training jobs is no job itself: then the run's own path tells
        training_job_name=source.training_job_name or training_job_name(f"{files.base}/"),
        model_name=model,
        model_family=model_family(model),
        task_name=_listed(task.name for task in tasks) or given.task_name,
        strategy=_listed(task.strategy for task in tasks) or given.strategy,
        dataset_name=options.dataset or given.dataset_name,
        evaluated_at_utc=None if files.timestamp is None else files.timestamp.at_utc,
        evaluation_seconds=None if results is None else results.evaluation_seconds,
        examples_expected=_documents(tasks, run.expected()),
        temperature=_either(given.temperature, sampling, "temperature"),
        top_p=_either(given.top_p, sampling, "top_p"),
        top_k=whole_of(_either(given.top_k, sampling, "top_k")),
        max_new_tokens=whole_of(_either(given.max_new_tokens, sampling, "max_new_tokens")),
        top_logprobs=given.top_logprobs,
        reasoning_effort=given.reasoning_effort,
        replicas=given.replicas or 1 + len(files.merged_timestamps),
        instance_type=given.instance_type,
        tags=dict(options.tags),
        recipe_json=given.text,
        config_json=None if results is None else results.config_json,
    )


def with_training_job(facts: JobFacts, job: TrainingJob) -> JobFacts:
    """The facts with what SageMaker says of the job, which saw it run: it knows better."""
    return replace(
        facts,
        training_job_name=job.name,
        replicas=job.instance_count or facts.replicas,
        instance_type=job.instance_type or facts.instance_type,
        training_started_at_utc=job.started_at_utc,
        training_ended_at_utc=job.ended_at_utc,
        training_seconds=job.seconds,
        container_image=job.image,
        hyperparameters_json=json.dumps(job.hyperparameters, ensure_ascii=False, sort_keys=True)
        if job.hyperparameters
        else None,
    )


def _reported_model(results: Results | None) -> str | None:
    return None if results is None else results.model_name


def _listed(names: Iterable[str | None]) -> str | None:
    """Distinct names in their order, joined by a comma; None for none."""
    return ",".join(dict.fromkeys(name for name in names if name)) or None


def _documents(tasks: Sequence[Task], expected: Mapping[str, int]) -> int | None:
    """Documents of all tasks; None where any task's are not known."""
    if not tasks or any(task.key not in expected for task in tasks):
        return None
    return sum(expected[task.key] for task in tasks)


def _either(given: float | None, sampling: Mapping[str, Any], name: str) -> float | None:
    """A setting of the recipe, else of the results file."""
    return number_of(sampling.get(name)) if given is None else given
