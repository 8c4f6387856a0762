"""Differences between the engines, planted on purpose: the comparison finds each and says where.

Each throwaway model is one text, built by both engines and compared by the very code that
compares the project's models. `pytest -s` shows what it says.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pytest

from evallake.engines.duckdb import prepare
from tests.athena.parity.comparing import Comparison, compare
from tests.athena.parity.engines import Answer, DuckDb, RefusedError, Trino

_ARROW = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "varchar": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A model with one mistake in it."""

    model: str
    sql: str
    setting: str | None = None
    """A setting of the DuckDB connection on which the mistake shows."""
    says: tuple[str, ...] = ()
    """What the comparison must name."""


PLANTED = (
    Planted(
        "planted_division",
        """
        select job_id, cast(correct / examples as double) as accuracy
        from (values ('a', 1, 2), ('b', 3, 3), ('c', 9, 4)) as v(job_id, correct, examples)
        """,
        says=("planted_division.accuracy", "job_id = 'a'", "0.5 on duckdb, 0.0 on trino"),
    ),
    Planted(
        "planted_function",
        """
        select job_id, list_sum(scores) as total
        from (values ('a', array[1e0, 2e0]), ('b', array[3e0])) as v(job_id, scores)
        """,
        says=("planted_function", "trino refuses it", "list_sum"),
    ),
    Planted(
        "planted_null_order",
        """
        select job_id, row_number() over (order by accuracy desc, job_id asc) as place
        from (values ('a', 0.5e0), ('b', null), ('c', 0.9e0)) as v(job_id, accuracy)
        """,
        setting="set default_null_order = 'nulls_first'",
        says=("planted_null_order.place", "job_id = 'b'", "1 on duckdb, 3 on trino"),
    ),
    Planted(
        "planted_meaning",
        """
        select example_id, upper(label) as label, length(label) as characters
        from (values (1, 'straße'), (2, 'plain')) as v(example_id, label)
        """,
        says=("planted_meaning.label", "example_id = 1", "on duckdb"),
    ),
    Planted(
        "planted_rows",
        """
        select job_id, count(*) as examples
        from (values ('a', 2.5e0), ('b', 3e0), ('b', null)) as v(job_id, score)
        where cast(score as integer) <> 2
        group by job_id
        """,
        says=("planted_rows", "1 rows are on trino alone", "job_id = 'a'"),
    ),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.model)
def test_a_planted_difference_is_found(planted: Planted, trino_engine: Trino) -> None:
    differences = build_on_both(planted, trino_engine).differences
    print("\n" + "\n".join(differences))
    assert differences
    for said in planted.says:
        assert any(said in line for line in differences), f"{said!r} is not in {differences}"


def test_a_model_without_a_mistake_passes(trino_engine: Trino) -> None:
    found = build_on_both(
        Planted(
            "sound",
            """
            select job_id, cast(correct as double) / nullif(examples, 0) as accuracy
            from (values ('a', 1, 3), ('b', 0, 0), (null, 2, 7)) as v(job_id, correct, examples)
            """,
        ),
        trino_engine,
    )
    assert (found.rows, found.columns, found.differences) == (3, 2, ())


def build_on_both(planted: Planted, trino: Trino) -> Comparison:
    """Build a model of one column of keys on both engines, and compare."""
    with duckdb.connect() as connection:
        prepare(connection)
        if planted.setting:
            connection.execute(planted.setting)
        engine = DuckDb(connection)
        answers: list[Answer] = []
        for side in (engine, trino):
            try:
                answers.append(side.ask(planted.sql))
            except RefusedError as error:
                said = " ".join(str(error).split())
                line = f"{planted.model}: {side.name} refuses it: {said}"
                return Comparison(planted.model, 0, 0, 0.0, (line,))
        for side, answer in zip(("here", "there"), answers, strict=True):
            connection.register(side, _table(answer))
        return compare(
            connection,
            planted.model,
            grain=answers[0].names[:1],
            duckdb_relation="here",
            trino_relation="there",
        )


def _table(answer: Answer) -> pa.Table:
    columns = zip(*answer.rows, strict=True)
    return pa.table(
        {
            name: pa.array(list(column), _ARROW[kind])
            for name, kind, column in zip(answer.names, answer.types, columns, strict=True)
        }
    )
