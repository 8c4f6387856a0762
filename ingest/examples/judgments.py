"""One batch of judged prompts becomes rows of the lake's tables of judgments.

Decides ids, and how a score on a criterion's own scale becomes one in [0, 1]. What a judge's
words mean was decided by the reader. Knows no harness, touches no disk.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ingest.examples.metadata import metadata_rows
from ingest.examples.rejects import reject_rows
from ingest.raw import LANDED, REJECTED
from ingest.tables import JUDGMENT_CRITERIA, JUDGMENT_METADATA, JUDGMENTS, REJECTS

SCALE = "scale"
BINARY = "binary"
_LOWEST, _HIGHEST = 1.0, 5.0
"""Ends of a rubric's scale."""


def build_judgments(raw: pa.RecordBatch) -> dict[str, pa.Table]:
    """Rows for the lake, by table name.

    Args:
        raw: any rows of schema RAW_JUDGMENT; merged and duplicate ones bring nothing.
    """
    landed = raw.filter(pc.equal(raw.column("role"), LANDED))
    keys = prompt_keys(landed)
    columns = {name: landed.column(name) for name in JUDGMENTS.schema.names if name != "prompt_key"}
    columns["prompt_key"] = keys
    metadata = metadata_rows(landed, keys).rename_columns(JUDGMENT_METADATA.schema.names)
    return {
        JUDGMENTS.name: pa.table(
            [columns[name] for name in JUDGMENTS.schema.names], schema=JUDGMENTS.schema
        ),
        JUDGMENT_METADATA.name: pa.table(metadata.columns, schema=JUDGMENT_METADATA.schema),
        JUDGMENT_CRITERIA.name: _criteria(landed.column("criteria"), keys),
        REJECTS.name: reject_rows(raw.filter(pc.equal(raw.column("role"), REJECTED))),
    }


def prompt_keys(raw: pa.RecordBatch) -> pa.StringArray:
    """`<judgment_key>-<repeat_index>` of each row."""
    repeats = raw.column("repeat_index").cast(pa.string())
    return pc.binary_join_element_wise(raw.column("judgment_key"), repeats, "-")


def _criteria(lists: pa.ListArray, keys: pa.StringArray) -> pa.Table:
    values = pc.list_flatten(lists)
    columns = {field.name: pc.struct_field(values, field.name) for field in values.type}
    columns["prompt_key"] = keys.take(pc.list_parent_indices(lists))
    for side in ("a", "b"):
        columns[f"normalized_score_{side}"] = _normalized(
            columns[f"score_{side}"], columns["criterion_type"]
        )
    names = JUDGMENT_CRITERIA.schema.names
    return pa.table([columns[name] for name in names], schema=JUDGMENT_CRITERIA.schema)


def _normalized(score: pa.DoubleArray, kind: pa.StringArray) -> pa.DoubleArray:
    """The score in [0, 1]; null where its type is not said, or it lies outside the scale."""
    is_scale = pc.fill_null(pc.equal(kind, SCALE), fill_value=False)
    on_unit = pc.if_else(
        is_scale, pc.divide(pc.subtract(score, _LOWEST), _HIGHEST - _LOWEST), score
    )
    is_inside = pc.and_(pc.greater_equal(on_unit, 0.0), pc.less_equal(on_unit, 1.0))
    is_whole = pc.or_(pc.equal(score, 0.0), pc.equal(score, 1.0))
    is_fit = pc.if_else(pc.equal(kind, BINARY), is_whole, is_inside)
    return pc.if_else(pc.fill_null(is_fit, fill_value=False), on_unit, None)
