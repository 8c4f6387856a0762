"""One batch of raw rows becomes rows of every lake table that they fill.

    raw rows -> landed, merged, rejected -> tokens -> fields -> examples

Decides which rows go where and gives every example its id; what tokens, fields, metadata, metrics
and judgments are is decided by the modules of those names. Knows no harness, touches no disk, and is
called from several threads at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc

from ingest.examples.bleu import bleu_rows
from ingest.examples.fields import answer_fields
from ingest.examples.json_text import first_of, json_arrays
from ingest.examples.judgments import build_judgments
from ingest.examples.metadata import metadata_rows
from ingest.examples.metrics import metric_rows
from ingest.examples.notebook import notebook_classes, notebook_confidence
from ingest.examples.rejects import reject_rows
from ingest.examples.tokens import emitted_tokens
from ingest.raw import LANDED, MERGED, RAW_EXAMPLE, RAW_JUDGMENT, REJECTED
from ingest.tables import (
    EXAMPLE_BLEU,
    EXAMPLE_FIELDS,
    EXAMPLE_METADATA,
    EXAMPLE_METRICS,
    EXAMPLE_TOKENS,
    EXAMPLES,
    REJECTS,
)

_AS_READ = (
    "example_key",
    "item_key",
    "repeat_index",
    "task_key",
    "task_name",
    "subtask",
    "sample_id",
    "system_prompt",
    "query",
    "metadata_text",
    "logprobs_status",
    "source_file",
    "source_row",
)
"""Columns of `examples` that the reader hands on unchanged."""


def build_tables(
    raw: pa.RecordBatch, *, bleu_tasks: AbstractSet[str] = frozenset()
) -> dict[str, pa.Table]:
    """Rows for the lake, by table name, each with the registry's schema.

    Landed rows become examples with their tokens, fields, metadata and metrics, or judgments with
    their criteria and metadata. Merged rows bring metrics under their twin's id, rejected ones
    become rejects, duplicates bring nothing.

    Args:
        raw: any rows of schema RAW_EXAMPLE or RAW_JUDGMENT.
        bleu_tasks: task keys whose container reports BLEU.
    """
    if raw.schema.equals(RAW_JUDGMENT):
        return build_judgments(raw)
    if not raw.schema.equals(RAW_EXAMPLE):
        raise TypeError(f"a reader handed on {raw.schema}, expected is {RAW_EXAMPLE}")
    landed = _with_role(raw, LANDED)
    landed_ids = example_ids(landed)
    measured = _with_role(raw, LANDED, MERGED)
    tokens = emitted_tokens(landed, landed_ids)
    fields = answer_fields(landed, landed_ids, tokens)
    classes = notebook_classes(
        fields.table, example_ids=landed_ids, is_strict_json=fields.is_strict_json
    )
    built = {column: landed.column(column) for column in _AS_READ}
    built |= {
        "example_id": landed_ids,
        "gold_format": fields.gold_format,
        "prediction_format": fields.prediction_format,
        "positions": tokens.positions,
        "alignment": tokens.alignment,
        "aligned_characters": tokens.aligned_characters,
        "alignment_count": tokens.alignment_count,
        "notebook_confidence": notebook_confidence(landed.column("logprobs"), classes),
    }
    built |= _texts(landed.column("gold_texts"), "gold")
    built |= _texts(landed.column("predictions"), "prediction")
    return {
        EXAMPLES.name: pa.table(
            [built[name] for name in EXAMPLES.schema.names], schema=EXAMPLES.schema
        ),
        EXAMPLE_TOKENS.name: tokens.table,
        EXAMPLE_FIELDS.name: fields.table,
        EXAMPLE_METADATA.name: metadata_rows(landed, landed_ids),
        EXAMPLE_METRICS.name: metric_rows(measured, example_ids(measured)),
        EXAMPLE_BLEU.name: bleu_rows(landed, landed_ids, tasks=bleu_tasks),
        REJECTS.name: reject_rows(_with_role(raw, REJECTED)),
    }


def build_ahead(
    batches: Iterable[pa.RecordBatch], *, workers: int, bleu_tasks: AbstractSet[str] = frozenset()
) -> Generator[tuple[pa.RecordBatch, dict[str, pa.Table]], None, None]:
    """Each batch with its tables, in order, built by `workers` threads ahead of the caller.

    At most `workers` batches are built or waiting, so memory does not grow with the job.
    Reading goes on in the caller's thread meanwhile.
    """
    ahead: deque[tuple[pa.RecordBatch, Future[dict[str, pa.Table]]]] = deque()
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="build") as pool:
        try:
            for raw in batches:
                ahead.append((raw, pool.submit(build_tables, raw, bleu_tasks=bleu_tasks)))
                if len(ahead) > workers:
                    first, tables = ahead.popleft()
                    yield first, tables.result()
            while ahead:
                first, tables = ahead.popleft()
                yield first, tables.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def example_ids(raw: pa.RecordBatch) -> pa.StringArray:
    """`<example_key>-<repeat_index>` of each row."""
    repeats = raw.column("repeat_index").cast(pa.string())
    return pc.binary_join_element_wise(raw.column("example_key"), repeats, "-")


def _with_role(raw: pa.RecordBatch, *roles: str) -> pa.RecordBatch:
    """The rows of these roles; the batch itself, uncopied, where it has no others."""
    wanted = pc.is_in(raw.column("role"), pa.array(roles))
    return raw if pc.all(wanted, min_count=0).as_py() else raw.filter(wanted)


def _texts(lists: pa.ListArray, side: str) -> dict[str, pa.Array]:
    """First text, how many, and all of them as JSON where there are several."""
    counts = pc.list_value_length(lists)
    several = pc.fill_null(pc.greater(counts, 1), False)
    if pc.any(several, min_count=0).as_py():
        arrays = json_arrays(pc.if_else(several, lists, pa.scalar(None, lists.type)))
    else:
        arrays = pa.nulls(len(lists), pa.string())
    plural = {"gold": "gold_texts_json", "prediction": "predictions_json"}[side]
    return {f"{side}_text": first_of(lists), f"{side}_count": counts, plural: arrays}
