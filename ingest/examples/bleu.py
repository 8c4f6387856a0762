"""What examples add to the corpus BLEU of their task, a row each.

Only for tasks whose container reports BLEU: counting costs about as much as ROUGE-L does, and
nobody asks for it elsewhere. The first answer counts, against all gold answers, as the container
means it.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pyarrow as pa
import pyarrow.compute as pc

from ingest.examples.json_text import first_of
from ingest.parsing.bleu import ORDERS, bleu_counts
from ingest.tables import EXAMPLE_BLEU

BLEU = "bleu"
"""The metric's name in results files."""


def bleu_rows(raw: pa.RecordBatch, example_ids: pa.Array, *, tasks: AbstractSet[str]) -> pa.Table:
    """Rows of example_bleu; none for an example without an answer or without a gold answer.

    Args:
        raw: landed rows of schema RAW_EXAMPLE.
        example_ids: one per row.
        tasks: task keys that report BLEU.
    """
    if not tasks:
        return EXAMPLE_BLEU.schema.empty_table()
    is_wanted = pc.is_in(raw.column("task_key"), pa.array(sorted(tasks), pa.string()))
    wanted = raw.filter(is_wanted)
    counts = bleu_counts(first_of(wanted.column("predictions")), wanted.column("gold_texts"))
    columns = [example_ids.filter(is_wanted)]
    columns += [pa.array(counts.correct[:, order]) for order in range(ORDERS)]
    columns += [pa.array(counts.total[:, order]) for order in range(ORDERS)]
    columns += [pa.array(counts.prediction_words), pa.array(counts.reference_words)]
    return pa.table(columns, schema=EXAMPLE_BLEU.schema).filter(pa.array(counts.is_counted))
