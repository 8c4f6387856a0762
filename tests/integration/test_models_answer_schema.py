"""The variable answer_schema decides which rule is built, and the fingerprint of what it built."""

from __future__ import annotations

import re
from pathlib import Path

from tests.fixtures.model_runner import ModelRunner
from tests.rules.test_sql_portable import assert_portable


def test_a_schema_is_one_pass_over_leaves_and_another_schema_another_digest(tmp_path: Path) -> None:
    models = ModelRunner(tmp_path / "lake", tmp_path / "tables.duckdb")
    digests = set()
    for schema in (None, {"required": ["a"]}, {"required": ["b"]}):
        sql = models.compiled("fct_examples", answer_schema=schema)
        assert_portable(sql)
        assert ("bool_and(" in sql) == (schema is not None)
        assert ("absent_leaves" in sql) == (schema is None)
        digests |= set(re.findall(r"'(\w+)' as build_digest", sql))
    assert len(digests) == 3
