"""Details files: one Parquet row per document, in three generations of columns.

lighteval 0.6 and 0.7 write 16 columns of text, 0.8 to 0.10 and the Nova container 17 columns
of text and native types mixed, 0.11 and later three structs. The columns are told apart by
name, what is in them by Arrow type. Decides which rows can be an example; knows nothing of
other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.errors import FormatError
from ingest.formats.columns import (
    as_gold,
    as_text,
    as_text_lists,
    column_of,
    field_of,
    first_of,
    is_list,
    is_text,
    messages_of,
    null_if_empty,
    nulls,
)
from ingest.formats.content import Content, Measures
from ingest.formats.golds import chosen_golds
from ingest.formats.logprobs import from_numbers, read_logprobs
from ingest.formats.measures import has_unreadable, read_metrics
from ingest.formats.specifics import Specifics, read_specifics
from ingest.formats.streaming import Chunk, parquet_chunks
from ingest.parsing.leaves import parse_leaves
from ingest.parsing.texts import list_texts
from ingest.sources import SourceLimits

_LOGPROBS = ("pred_logprobs", "pred_lobprobs", "pred_logits")
"""Names the column has had; `prediction_logits` is another one, and always empty."""

_UNUSED = (
    "cont_tokens",
    "input_tokens",
    "instruction",
    "num_asked_few_shots",
    "num_effective_few_shots",
    "padded",
    "prediction_logits",
    "truncated",
)
_FLAT_CONTENT = [
    "example",
    "full_prompt",
    "gold",
    "choices",
    "gold_index",
    "predictions",
    "specifics",
]
_FLAT_MEASURES = ["metrics", *_LOGPROBS]
_FLAT = frozenset((*_FLAT_CONTENT, *_FLAT_MEASURES, *_UNUSED))

_GRACE_BYTES = 64 << 20
"""Unpacked bytes before their ratio to the file's is judged."""

_STRUCTS = frozenset(("doc", "metric", "model_response"))
_STRUCT_CONTENT = [
    "doc.query",
    "doc.choices",
    "doc.gold_index",
    "doc.id",
    "doc.specific",
    "model_response.text",
    "model_response.input",
]
_STRUCT_MEASURES = [
    "metric",
    "doc.sampling_methods",
    "model_response.logprobs",
    "model_response.output_tokens",
]


@dataclass(frozen=True, slots=True)
class Details:
    """One details file, opened: its columns are known, its rows not read yet."""

    path: Path
    source_file: str
    task_key: str
    rows: int
    is_structs: bool
    """Whether it has the three structs of lighteval 0.11 and later."""
    has_token_logprobs: bool
    """Whether it has the container's own column of token log probabilities."""
    ignored: tuple[str, ...]
    """Columns that nothing is known of."""
    limits: SourceLimits

    @property
    def generation(self) -> str:
        """Layout, as jobs.harness_version records it."""
        return "details-structs" if self.is_structs else "details-flat"

    def content_chunks(self, *, max_bytes: int) -> Iterator[Chunk]:
        """The columns that identify rows, in chunks of about `max_bytes`."""
        columns = _STRUCT_CONTENT if self.is_structs else _FLAT_CONTENT
        return parquet_chunks(
            self.path, columns, max_bytes=max_bytes, where=self.source_file, limits=self.limits
        )

    def chunks(self, *, max_bytes: int) -> Iterator[Chunk]:
        """All columns that matter, in chunks of about `max_bytes`."""
        columns = _FLAT_CONTENT + _FLAT_MEASURES
        if self.is_structs:
            columns = _STRUCT_CONTENT + _STRUCT_MEASURES
        return parquet_chunks(
            self.path,
            columns,
            max_bytes=max_bytes,
            where=self.source_file,
            unchecked=_LOGPROBS,
            limits=self.limits,
        )

    def content(self, chunk: Chunk) -> Content:
        """Who a row is; rows whose answer cannot be read are rejected."""
        return _struct_content(chunk) if self.is_structs else _flat_content(chunk)

    def measures(self, chunk: Chunk, *, known: frozenset[str]) -> Measures:
        """What was measured; `known` are the metrics reported for the task."""
        batch = chunk.batch
        rows = batch.num_rows
        column = column_of(batch, "metric" if self.is_structs else "metrics")
        metrics = read_metrics(column, rows, known=known)
        is_unreadable = has_unreadable(column, metrics)
        if chunk.damaged is not None:
            is_unreadable |= chunk.damaged.is_damaged
        found = _struct_logprobs(batch) if self.is_structs else _flat_logprobs(batch)
        return Measures(metrics, *found, is_unreadable)


def open_details(
    path: Path, *, source_file: str, task_key: str, limits: SourceLimits | None = None
) -> Details:
    """Opens a details file and looks at its columns.

    Raises:
        FormatError: not a Parquet file, a truncated one, one of something else, or a bomb.
    """
    allowed = limits or SourceLimits()
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            _check_bomb(path, file.metadata, allowed, source_file)
    except (pa.ArrowException, OSError) as error:
        raise FormatError(
            f"not a whole Parquet file ({_first_line(error)})",
            where=source_file,
            do="fetch it again",
        ) from error
    names = set(schema.names)
    is_structs = {"doc", "model_response"} <= names
    if not is_structs and "predictions" not in names:
        found = ", ".join(sorted(names)[:12]) or "none"
        raise FormatError(
            f"not a details file: wanted `predictions`, or `doc` and `model_response`; found {found}",
            where=source_file,
            do="remove it, or give the evaluation's details_*.parquet",
        )
    known = _STRUCTS if is_structs else _FLAT
    return Details(
        path=path,
        source_file=source_file,
        task_key=task_key,
        rows=rows,
        is_structs=is_structs,
        has_token_logprobs=bool(names & {"pred_logprobs", "pred_lobprobs"}),
        ignored=tuple(sorted(names - known)),
        limits=allowed,
    )


def _check_bomb(
    path: Path, metadata: pq.FileMetaData, limits: SourceLimits, source_file: str
) -> None:
    """FormatError for a file that says that it holds far more than there is of it."""
    if metadata.num_rows > limits.max_rows:
        said = f"says that it has {metadata.num_rows} rows"
        raise limits.refusal(said, "max_rows", where=source_file, of=FormatError)
    unpacked = sum(
        metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)
    )
    most = limits.max_compression_ratio
    if unpacked > _GRACE_BYTES and unpacked > most * path.stat().st_size:
        said = f"unpacks to more than {most:g} times its size"
        raise limits.refusal(said, "max_compression_ratio", where=source_file, of=FormatError)


def _flat_content(chunk: Chunk) -> Content:
    batch = chunk.batch
    gold = column_of(batch, "gold")
    if gold is None or pa.types.is_null(gold.type):
        golds = chosen_golds(
            column_of(batch, "choices"), column_of(batch, "gold_index"), batch.num_rows
        )
    else:
        golds = as_gold(gold, batch.num_rows)
    specifics = read_specifics(column_of(batch, "specifics"), batch.num_rows)
    query, prompt = column_of(batch, "example"), column_of(batch, "full_prompt")
    predictions = column_of(batch, "predictions")
    return _content(chunk, query, prompt, golds, predictions, specifics, specifics.sample_id)


def _struct_content(chunk: Chunk) -> Content:
    batch = chunk.batch
    doc, response = column_of(batch, "doc"), column_of(batch, "model_response")
    golds = chosen_golds(field_of(doc, "choices"), field_of(doc, "gold_index"), batch.num_rows)
    specifics = read_specifics(field_of(doc, "specific"), batch.num_rows)
    sample_id = first_of([field_of(doc, "id"), specifics.sample_id], batch.num_rows)
    query, prompt = field_of(doc, "query"), field_of(response, "input")
    predictions = field_of(response, "text")
    return _content(chunk, query, prompt, golds, predictions, specifics, sample_id)


def _content(
    chunk: Chunk,
    query: pa.Array | None,
    prompt: pa.Array | None,
    golds: pa.ListArray,
    predictions: pa.Array | None,
    specifics: Specifics,
    sample_id: pa.StringArray,
) -> Content:
    rows = chunk.batch.num_rows
    queries = as_text(query, rows)
    system = null_if_empty(specifics.system_prompt)
    wanted = pc.or_(pc.is_null(system), pc.is_null(queries))
    messages = messages_of(prompt, rows, wanted=wanted)
    texts = as_text_lists(predictions, rows)
    code, message, raw = nulls(rows), nulls(rows), nulls(rows, pa.binary())
    if predictions is not None and texts.null_count > predictions.null_count:
        is_unreadable = pc.and_(predictions.is_valid(), texts.is_null())
        code = pc.if_else(is_unreadable, "invalid_predictions", code)
        message = pc.if_else(is_unreadable, "predictions is not a list of texts", message)
        raw = pc.if_else(is_unreadable, as_text(predictions, rows), None).cast(pa.binary())
    if chunk.damaged is not None:
        is_damaged = pa.array(chunk.damaged.is_damaged)
        code = pc.if_else(is_damaged, "invalid_utf8", code)
        message = pc.if_else(is_damaged, chunk.damaged.message, message)
        raw = pc.if_else(is_damaged, chunk.damaged.raw, raw)
    return Content(
        rows=rows,
        system_prompt=pc.coalesce(system, null_if_empty(messages.system)),
        query=pc.coalesce(queries, messages.query),
        gold_texts=golds,
        predictions=texts,
        metadata_text=null_if_empty(specifics.metadata),
        sample_id=sample_id,
        reject_code=code,
        reject_message=message,
        reject_raw=raw,
        has_unreadable_specifics=specifics.is_unreadable,
    )


def _flat_logprobs(batch: pa.RecordBatch) -> tuple[pa.ListArray, pa.StringArray]:
    for name in _LOGPROBS:
        column = column_of(batch, name)
        if column is not None:
            return read_logprobs(column, batch.num_rows)
    predictions = column_of(batch, "predictions")
    if predictions is not None and is_text(predictions.type):
        # lighteval 0.7 writes [(['text'], [-0.1, ...])]
        numbers = list_texts(parse_leaves(predictions)).numbers
        is_recorded = np.asarray(numbers.is_valid().to_numpy(zero_copy_only=False))
        return from_numbers(numbers, is_recorded=is_recorded)
    return read_logprobs(None, batch.num_rows)


def _struct_logprobs(batch: pa.RecordBatch) -> tuple[pa.ListArray, pa.StringArray]:
    """One number per output token; of multiple choice one per choice, which are no tokens."""
    response = column_of(batch, "model_response")
    numbers = field_of(response, "logprobs")
    if numbers is None or not is_list(numbers.type):
        return read_logprobs(None, batch.num_rows)
    if pa.types.is_nested(numbers.type.value_type) or pa.types.is_null(numbers.type.value_type):
        return read_logprobs(numbers, batch.num_rows)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(numbers), 0))
    tokens = _first_lengths(field_of(response, "output_tokens"), batch.num_rows)
    return from_numbers(numbers, is_recorded=lengths == tokens)


def _first_lengths(tokens: pa.Array | None, rows: int) -> np.ndarray:
    """Tokens of each row's first answer; -1 where there are none."""
    lengths = np.full(rows, -1, np.int64)
    if tokens is None or not is_list(tokens.type) or not is_list(tokens.type.value_type):
        return lengths
    parent = np.asarray(pc.list_parent_indices(tokens).to_numpy(zero_copy_only=False))
    of_answer = np.asarray(pc.fill_null(pc.list_value_length(pc.list_flatten(tokens)), -1))
    lengths[parent[::-1]] = of_answer[::-1]  # the last assignment, the first answer, wins
    return lengths


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
