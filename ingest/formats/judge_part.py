"""A details file of a judge task as a part of its run: what identifies rows, then the rows.

The backward pass can only be understood once all rows of the task have voted on its orientation
(see `orientation`), so the first pass over the rows, which decides who they are, also hears that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.formats.assembly import REJECTIONS
from ingest.formats.content import Content
from ingest.formats.details import Details
from ingest.formats.identity import item_key
from ingest.formats.judging import Judged, read_judged
from ingest.formats.orientation import Orientation
from ingest.formats.pairing import Decisions
from ingest.formats.streaming import work_ahead
from ingest.formats.tasks import Task
from ingest.raw import RAW_JUDGMENT, ROLES, Finding

_WEIGHTS_ARE_ONE = 1e-6
_FIRST_PASS_BYTES = 16 << 20
_ROLES = pa.array(ROLES)


@dataclass(slots=True)
class JudgeTask:
    """What all judged rows of one task say together."""

    orientation: Orientation = field(default_factory=Orientation)
    counts: Counter[str] = field(default_factory=Counter)
    odd_words: str | None = None
    """Words of a pass that are no verdict, as an example."""

    def forget(self) -> None:
        """Starts anew: the rows are about to be read again."""
        self.orientation = Orientation()
        self.counts = Counter()
        self.odd_words = None

    def findings(self, task_key: str) -> list[Finding]:
        """What people should know; complete once every row was read."""
        said = (
            ("unknown_words", "verdicts_unknown", f"passes ended in no verdict: {self.odd_words}"),
            (
                "orientation_unknown",
                "orientation_unknown",
                "verdicts of the backward pass were left out: the votes do not tell whether its"
                " A is response A or the one shown first",
            ),
            ("error", "inference_errors", "passes of the judge gave nothing"),
            ("weights", "weights_not_one", "rubrics have weights that do not sum to one"),
        )
        return [
            Finding(code, f"{task_key}: {self.counts[name]} {what}")
            for name, code, what in said
            if self.counts[name]
        ]


@dataclass(frozen=True, slots=True)
class JudgePart:
    """One details file of a judge task."""

    details: Details
    task: Task
    shared: JudgeTask

    @property
    def source_file(self) -> str:
        """The file, relative to the source."""
        return self.details.source_file

    def contents(self) -> Iterator[Content]:
        """What identifies the rows, chunk by chunk; the orientation hears every row meanwhile."""
        for judged in self._judged(_FIRST_PASS_BYTES):
            self.shared.orientation.add(judged.forward, judged.backward, judged.votes()[:, :3])
            yield judged.content

    def rows(self, *, max_bytes: int) -> Iterator[Judged]:
        """Everything in the rows, the same rows in the same order."""
        return self._judged(max_bytes)

    def finished(
        self, judged: Judged, decisions: Decisions, role: np.ndarray, *, first: int
    ) -> pa.RecordBatch:
        """One batch of schema RAW_JUDGMENT.

        Args:
            role: uint8 per row, a place in `ingest.raw.ROLES`.
            first: place of the first row in the file.
        """
        content = judged.content
        rows = content.rows
        is_rejected = pa.array(role == REJECTIONS)
        said = judged.columns(self.shared.orientation)
        self._count(judged, said, role)
        columns = said | {
            "source_file": pa.repeat(pa.scalar(self.source_file), rows),
            "source_row": pa.array(np.arange(first, first + rows), pa.int64()),
            "role": _ROLES.take(pa.array(role)),
            "judgment_key": decisions.example_key,
            "item_key": _item_keys(content.query, decisions),
            "repeat_index": decisions.repeat_index,
            "task_key": pa.repeat(pa.scalar(self.task.key), rows),
            "prompt": content.query,
            "response_a": judged.response_a,
            "response_b": judged.response_b,
            "metadata_text": pc.coalesce(content.metadata_text, decisions.twin_metadata),
            "reject_stage": pc.if_else(is_rejected, "decode", pa.scalar(None, pa.string())),
            "reject_code": content.reject_code,
            "reject_message": content.reject_message,
            "reject_raw": content.reject_raw,
        }
        arrays = [columns[name.name].cast(name.type) for name in RAW_JUDGMENT]
        return pa.RecordBatch.from_arrays(arrays, schema=RAW_JUDGMENT)

    def _judged(self, max_bytes: int) -> Iterator[Judged]:
        chunks = self.details.chunks(max_bytes=max_bytes)
        return work_ahead((partial(read_judged, self.details, c) for c in chunks), workers=1)

    def _count(self, judged: Judged, said: dict[str, pa.Array], role: np.ndarray) -> None:
        """Adds to what findings tell, of rows that land."""
        lands = pa.array(role == ROLES.index("landed"))
        for side in ("forward", "backward"):
            status = said[f"{side}_status"].filter(lands)
            for name in ("unknown_words", "orientation_unknown", "error"):
                self.shared.counts[name] += int(pc.sum(pc.equal(status, name)).as_py() or 0)
            odd = said[f"{side}_output"].filter(lands).filter(pc.equal(status, "unknown_words"))
            if self.shared.odd_words is None and len(odd):
                self.shared.odd_words = repr(odd[0].as_py()[:60])
        weights = pc.struct_field(pc.list_flatten(judged.criteria.filter(lands)), "weight")
        parent = pc.list_parent_indices(judged.criteria.filter(lands))
        totals = (
            pa.table({"row": parent, "weight": weights})
            .group_by("row")
            .aggregate([("weight", "sum")])["weight_sum"]
        )
        off = pc.greater(pc.abs(pc.subtract(totals, 1.0)), _WEIGHTS_ARE_ONE)
        self.shared.counts["weights"] += int(pc.sum(off).as_py() or 0)


def _item_keys(prompts: pa.StringArray, decisions: Decisions) -> pa.StringArray:
    """Hash of the prompt alone; the judgment's own key where none was recorded."""
    encoded = prompts.dictionary_encode()
    hashed = pa.array([item_key(prompt, ()) for prompt in encoded.dictionary.to_pylist()])
    keys = hashed.cast(pa.string()).take(encoded.indices)
    return pc.if_else(
        decisions.example_key.is_valid(), pc.coalesce(keys, decisions.example_key), None
    )
