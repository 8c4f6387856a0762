"""JSON in text columns: scalars, arrays, what is no JSON."""

from __future__ import annotations

from tests.athena.parity.sheets import Sheet

DOCUMENTS = (
    None,
    "",
    "no json",
    "{",
    "null",
    "1",
    '"text"',
    "[]",
    "{}",
    '{"a": "x"}',
    '{"a": 1}',
    '{"a": 1.5}',
    '{"a": true}',
    '{"a": null}',
    '{"a": {"b": "deep"}}',
    '{"a": ["p", "q"]}',
    '{"a": {"b": [1, 2, 3]}}',
    '{"a": "ñ 😀 \\u00e9"}',
    '{"a": "line\\nbreak \\"quoted\\""}',
    '{"b": 2}',
    '{"a": ""}',
    '{"a b": "space"}',
)

SHEETS = (
    Sheet(
        name="JSON",
        columns={"j": "varchar"},
        rows=tuple((document,) for document in DOCUMENTS),
        expressions=(
            "json_extract_scalar(j, '$.a')",
            "json_extract_scalar(j, '$.a.b')",
            "json_extract_scalar(j, '$.a[0]')",
            "json_extract_scalar(j, '$.a.b[2]')",
            "json_extract_scalar(j, '$.zzz')",
            "json_extract_scalar(j, '$')",
            "try_cast(json_extract_scalar(j, '$.a') as double)",
        ),
    ),
    Sheet(
        name="JSON that is known to be JSON",
        columns={"j": "varchar"},
        rows=(
            ('{"b": [1, 2, 3], "m": {"x": 1.5, "y": 2}}',),
            ('{"b": [], "m": {}}',),
            ('{"b": [7], "m": {"ñ": 0.5}}',),
            (None,),
        ),
        expressions=(
            "json_array_length(json_extract(j, '$.b'))",
            "cast(json_extract(j, '$.b') as bigint array)",
            "element_at(cast(json_extract(j, '$.m') as map(varchar, double)), 'x')",
            "array_sort(map_keys(cast(json_extract(j, '$.m') as map(varchar, double))))",
            "element_at(cast(json_extract(json_parse(j), '$.b') as bigint array), 1)",
        ),
    ),
)
