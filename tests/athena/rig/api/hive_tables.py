"""The text of CREATE EXTERNAL TABLE, read into what Glue stores.

Decides which file formats are known and how they are named to Glue. Does not touch Glue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.athena.rig.api.reader import Reader
from tests.athena.rig.api.refusals import QueryFailedError

_IO = "org.apache.hadoop.hive.ql.io"
_TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUT = f"{_IO}.HiveIgnoreKeyTextOutputFormat"
_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"

_FORMATS = {
    "TEXTFILE": (_TEXT_IN, _TEXT_OUT, _LAZY),
    "JSONFILE": (_TEXT_IN, _TEXT_OUT, "org.openx.data.jsonserde.JsonSerDe"),
    "PARQUET": (
        f"{_IO}.parquet.MapredParquetInputFormat",
        f"{_IO}.parquet.MapredParquetOutputFormat",
        f"{_IO}.parquet.serde.ParquetHiveSerDe",
    ),
    "ORC": (f"{_IO}.orc.OrcInputFormat", f"{_IO}.orc.OrcOutputFormat", f"{_IO}.orc.OrcSerde"),
}
_DELIMITED = {"FIELDS": "field.delim", "LINES": "line.delim", "ESCAPED": "escape.delim"}


@dataclass(slots=True)
class _Layout:
    """What the clauses after the columns say."""

    formats: tuple[str, str, str] = _FORMATS["TEXTFILE"]
    serde: str | None = None
    serde_properties: dict[str, str] = field(default_factory=dict)
    partition_keys: list[dict[str, str]] = field(default_factory=list)
    location: str = ""
    comment: str = ""
    properties: dict[str, str] = field(default_factory=dict)


def read_table(reader: Reader, name: str) -> dict[str, Any]:
    """Glue's TableInput for table `name`; the reader stands before the columns."""
    columns = reader.listed(lambda: read_column(reader))
    layout = _Layout()
    while reader.next:
        _read_clause(reader, layout)
    if not layout.location:
        raise QueryFailedError("FAILED: SemanticException table location can not be null")
    input_format, output_format, serde = layout.formats
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Description": layout.comment,
        "PartitionKeys": layout.partition_keys,
        "Parameters": {"EXTERNAL": "TRUE", **layout.properties},
        "StorageDescriptor": {
            "Columns": columns,
            "Location": layout.location,
            "InputFormat": input_format,
            "OutputFormat": output_format,
            "SerdeInfo": {
                "SerializationLibrary": layout.serde or serde,
                "Parameters": layout.serde_properties,
            },
        },
    }


def read_column(reader: Reader) -> dict[str, str]:
    """One `name type [comment 'text']`."""
    column = {"Name": reader.name(), "Type": _read_type(reader)}
    if reader.skip("COMMENT"):
        column["Comment"] = reader.string()
    return column


def _read_type(reader: Reader) -> str:
    """A Hive type, such as `map<string,array<int>>`, without blanks."""
    parts: list[str] = []
    depth = 0
    while (token := reader.next) is not None:
        if depth == 0 and (token.text in (",", ")") or token.is_word("COMMENT")):
            break
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(token.text, 0)
        parts.append(reader.take().text.strip("`"))
    if not parts:
        raise reader.unexpected("a type")
    return "".join(parts).lower()


def read_properties(reader: Reader) -> dict[str, str]:
    """A list of `'key' = 'value'` in parentheses."""

    def pair() -> tuple[str, str]:
        key = reader.literal()
        reader.expect("=")
        return key, reader.literal()

    return dict(reader.listed(pair))


def _read_clause(reader: Reader, layout: _Layout) -> None:
    if reader.skip("COMMENT"):
        layout.comment = reader.string()
    elif reader.skip("PARTITIONED", "BY"):
        layout.partition_keys = reader.listed(lambda: read_column(reader))
    elif reader.skip("ROW", "FORMAT", "SERDE"):
        layout.serde = reader.string()
    elif reader.skip("WITH", "SERDEPROPERTIES"):
        layout.serde_properties |= read_properties(reader)
    elif reader.skip("ROW", "FORMAT", "DELIMITED"):
        layout.serde_properties |= {"serialization.format": ","}
        _read_delimiters(reader, layout)
    elif reader.skip("STORED", "AS", "INPUTFORMAT"):
        given_input = reader.string()
        reader.expect("OUTPUTFORMAT")
        layout.formats = (given_input, reader.string(), _LAZY)
    elif reader.skip("STORED", "AS"):
        named = reader.take().text.upper()
        if named not in _FORMATS:
            raise QueryFailedError(
                f"FAILED: the rig knows formats {', '.join(_FORMATS)}, not {named}"
            )
        layout.formats = _FORMATS[named]
    elif reader.skip("LOCATION"):
        layout.location = reader.string()
    elif reader.skip("TBLPROPERTIES"):
        layout.properties |= read_properties(reader)
    else:
        raise reader.unexpected("a clause of CREATE EXTERNAL TABLE")


def _read_delimiters(reader: Reader, layout: _Layout) -> None:
    while (token := reader.next) is not None and token.text.upper() in _DELIMITED:
        key = _DELIMITED[reader.take().text.upper()]
        if not reader.skip("TERMINATED", "BY"):
            reader.expect("BY")
        layout.serde_properties[key] = reader.string().encode().decode("unicode_escape")
