"""Results files: the container's own aggregates and what it says of the run.

Decides how reported numbers become rows of job_metrics. Corrects nothing: known faults of
the reported values are the audit's business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.errors import FormatError
from ingest.formats.numbers import count_of, number_of
from ingest.formats.tasks import Task, parse_task_key
from ingest.raw import ReportedMetric
from ingest.sources import SourceLimits

_STDERR = "_stderr"
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_DOES_UNPACK = re.compile(r".*\.json")
_UNIT_SCALE = re.compile(
    r"(rouge(1|2|l|lsum)|p?q?em|f1(_score.*)?|acc(_norm)?|winrate|lower_rate|upper_rate"
    r"|.*accuracy|.*exact_match)(_.*)?",
    re.IGNORECASE,
)
"""Metrics of the container that are known to lie between 0 and 1."""

_AGGREGATIONS = {"mean": "mean", "min": "min", "max": "max", "sum": "sum", "average": "average"}


@dataclass(frozen=True, slots=True)
class _Configured:
    """How a metric is configured in config_tasks."""

    higher_is_better: bool | None
    aggregation: str | None


_UNKNOWN = _Configured(None, None)
_UNLESS_TOLD = SourceLimits()


@dataclass(frozen=True, slots=True)
class Results:
    """What one results file says."""

    source_file: str
    metrics: tuple[ReportedMetric, ...]
    tasks: tuple[Task, ...]
    """Tasks with documents: the rows for means are not among them."""
    expected: dict[str, int | None]
    """effective_num_docs by task key (documents); None where the file does not say (-1)."""
    model_name: str | None
    evaluation_seconds: float | None
    generation_parameters: dict[str, Any] = field(default_factory=dict)
    """Those that are not null; the container leaves all of them null."""
    config_json: str | None = None
    """config_general and config_tasks as JSON."""

    def metric_names(self, task_key: str) -> frozenset[str]:
        """Names of the metrics reported for a task."""
        return frozenset(m.metric_name for m in self.metrics if m.task_key == task_key)


def read_results(path: Path, *, source_file: str, limits: SourceLimits = _UNLESS_TOLD) -> Results:
    """Reads one results file.

    Raises:
        FormatError: too large, not JSON, or JSON without the `results` object.
    """
    try:
        content = _loaded(document_bytes(path, source_file=source_file, limits=limits))
    except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors are ValueErrors
        raise FormatError(
            f"not a JSON file ({error})", where=source_file, do="fetch it again, or remove it"
        ) from error
    document = _unwrapped(content)
    if document is None:
        raise FormatError(
            "has no `results` object, so it is not a results file",
            where=source_file,
            do="remove it, or give the evaluation's results_<time>.json",
        )
    general = _mapping(document.get("config_general"))
    config_tasks = _mapping(document.get("config_tasks"))
    reported = {str(key): _mapping(value) for key, value in document["results"].items()}
    expected = {key: _expected(config_tasks, key) for key in reported}
    metrics = [
        metric
        for key, values in reported.items()
        for metric in _task_metrics(
            parse_task_key(key), values, _configured(config_tasks, key), expected[key], source_file
        )
    ]
    tasks = tuple(task for task in map(parse_task_key, reported) if not task.is_mean)
    config = {k: document[k] for k in ("config_general", "config_tasks") if k in document}
    return Results(
        source_file=source_file,
        metrics=tuple(metrics),
        tasks=tasks,
        expected={task.key: expected[task.key] for task in tasks},
        model_name=_text(general.get("model_name")),
        evaluation_seconds=_number(general.get("total_evaluation_time_secondes")),
        generation_parameters=_generation_parameters(general),
        config_json=json.dumps(config, ensure_ascii=False) if config else None,
    )


def document_bytes(path: Path, *, source_file: str, limits: SourceLimits) -> bytes:
    """The content of a file that is read at once; FormatError where it is too large for that."""
    if path.stat().st_size > limits.max_document_bytes:
        said = f"has more than {limits.max_document_bytes} bytes"
        raise limits.refusal(said, "max_document_bytes", where=source_file, of=FormatError)
    return path.read_bytes()


def leaf_metric_name(path: tuple[str, ...], *, known: frozenset[str] = frozenset()) -> str:
    """The name of a nested metric: groups joined by dots.

    Reward functions report `{'rft_eval_lambda_metric': {'lambda_reward_score': 1.0}}`; such
    a wrapper is dropped where the bare name is one the results file reports, or is marked
    by `lambda_`, so that the same metric has the same name wherever it was written.
    """
    if len(path) > 1 and (path[-1] in known or path[-1].startswith("lambda_")):
        return path[-1]
    return ".".join(path)


def _loaded(data: bytes) -> object:
    """What JSON says; half a surrogate pair, which JSON may escape and UTF-8 lacks, as U+FFFD."""
    content = json.loads(data)
    text = json.dumps(content, ensure_ascii=False)
    if _HALF_PAIR.search(text) is None:
        return content
    return json.loads(_HALF_PAIR.sub("\N{REPLACEMENT CHARACTER}", text))


def _unwrapped(content: object) -> dict[str, Any] | None:
    """The results document; also from `{file name: document}`, as some notebooks keep it."""
    if not isinstance(content, dict):
        return None
    if isinstance(content.get("results"), dict):
        return content
    if len(content) == 1:
        [(name, inner)] = content.items()
        if _DOES_UNPACK.fullmatch(name) and isinstance(inner, dict):
            return _unwrapped(inner)
    return None


def _task_metrics(
    task: Task,
    values: Mapping[str, Any],
    configured: Mapping[str, _Configured],
    expected: int | None,
    source_file: str,
) -> list[ReportedMetric]:
    leaves = {leaf_metric_name(path): value for path, value in _leaves(values, ())}
    names = [
        name
        for name in leaves
        if not (name.endswith(_STDERR) and name.removesuffix(_STDERR) in leaves)
    ]
    rows = []
    for name in names:
        config = configured.get(name) or configured.get(name.rpartition(".")[2], _UNKNOWN)
        rows.append(
            ReportedMetric(
                task_key=task.key,
                task_name=task.name,
                subtask=task.subtask,
                metric_name=name,
                value=_number(leaves[name]),
                stderr=_number(leaves.get(name + _STDERR)),
                higher_is_better=config.higher_is_better,
                aggregation="average" if task.is_mean else config.aggregation,
                scale_max=_scale_max(name),
                examples_expected=expected,
                source_file=source_file,
            )
        )
    return rows


def _leaves(
    values: Mapping[str, Any], path: tuple[str, ...]
) -> list[tuple[tuple[str, ...], object]]:
    found: list[tuple[tuple[str, ...], object]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            found.extend(_leaves(value, (*path, name)))
        else:
            found.append(((*path, name), value))
    return found


def _configured(config_tasks: Mapping[str, Any], task_key: str) -> dict[str, _Configured]:
    """Direction and aggregation per metric; groups of metrics are configured as lists."""
    if parse_task_key(task_key).is_mean:
        configs = list(config_tasks.values())
        name = parse_task_key(task_key).name
        if name is not None:
            configs = [c for k, c in config_tasks.items() if parse_task_key(k).name == name]
    else:
        configs = [_config(config_tasks, task_key)]
    found: dict[str, _Configured] = {}
    for config in map(_mapping, configs):
        listed = config.get("metric", config.get("metrics"))
        for metric in map(_mapping, listed if isinstance(listed, list) else []):
            names = metric.get("metric_name")
            for name in names if isinstance(names, list) else [names]:
                better = metric.get("higher_is_better")
                better = better.get(name) if isinstance(better, dict) else better
                corpus = metric.get("corpus_level_fn")
                corpus = corpus.get(name) if isinstance(corpus, dict) else corpus
                found[str(name)] = _Configured(
                    better if isinstance(better, bool) else None, _aggregation(corpus)
                )
    return found


def _aggregation(corpus_level_fn: object) -> str | None:
    """Aggregation by the name of its function; a method of a class works on the corpus."""
    if not isinstance(corpus_level_fn, str) or not corpus_level_fn:
        return None
    if corpus_level_fn in ("compute", "compute_corpus") or corpus_level_fn.startswith("Corpus"):
        return "corpus"
    return _AGGREGATIONS.get(corpus_level_fn.removeprefix("np").removeprefix("."))


def _config(config_tasks: Mapping[str, Any], task_key: str) -> Mapping[str, Any]:
    """A task's configuration: keys there lack the `|<shots>` up to lighteval 0.10."""
    without_shots = re.sub(r"\|\d+$", "", task_key)
    return _mapping(config_tasks.get(task_key, config_tasks.get(without_shots)))


def _expected(config_tasks: Mapping[str, Any], task_key: str) -> int | None:
    return count_of(_config(config_tasks, task_key).get("effective_num_docs"))


def _generation_parameters(general: Mapping[str, Any]) -> dict[str, Any]:
    nested = _mapping(general.get("model_config")).get("generation_parameters")
    given = _mapping(general.get("generation_parameters", nested))
    return {name: value for name, value in given.items() if value is not None}


def _scale_max(metric_name: str) -> float | None:
    bare = metric_name.rpartition(".")[2].lower()
    if bare == "bleu":
        return 100.0
    return 1.0 if _UNIT_SCALE.fullmatch(bare) else None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    """A finite number, also where it was written as text or as true or false; None otherwise."""
    return float(value) if isinstance(value, bool) else number_of(value)
