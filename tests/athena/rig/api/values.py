"""Trino's values and types as Athena shows them.

Decides the text of every value in result files and pages, and the names, precisions and scales of
types. Takes Trino's raw JSON; null is the caller's business.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Signature = dict[str, Any]
"""Trino's description of a type: `rawType` and `arguments`."""

Render = Callable[[Any], str]

_NAMES = {"real": "float", "int": "integer"}
_PRECISION_SCALE = {
    "bigint": (19, 0),
    "integer": (10, 0),
    "smallint": (5, 0),
    "tinyint": (3, 0),
    "double": (17, 0),
    "float": (17, 0),
    "timestamp": (3, 0),
    "timestamp with time zone": (3, 0),
    "varchar": (2_147_483_647, 0),
    "varbinary": (1_073_741_824, 0),
}


def type_name(signature: Signature) -> str:
    """Athena's name of a type, without arguments: `varchar`, `float`, `array`, `row`."""
    raw: str = signature["rawType"]
    return _NAMES.get(raw, raw)


def column_info(name: str, signature: Signature) -> dict[str, Any]:
    """The entry of a result column in `ResultSetMetadata`."""
    kind = type_name(signature)
    precision, scale = _PRECISION_SCALE.get(kind, (0, 0))
    arguments = [a["value"] for a in signature.get("arguments", []) if a["kind"] == "LONG"]
    if kind == "decimal":
        precision, scale = arguments
    elif kind in ("varchar", "char") and arguments:
        precision = min(arguments[0], 2_147_483_647)
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": kind,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind in ("varchar", "char"),
    }


def text_column(name: str) -> dict[str, Any]:
    """The entry of a column of a SHOW statement."""
    return column_info(name, {"rawType": "varchar", "arguments": []})


def renderer(signature: Signature) -> Render:
    """The function that writes a value, not null, of this type."""
    raw = signature["rawType"]
    inner = [_element(argument) for argument in signature.get("arguments", [])]
    if raw in ("double", "real"):
        return _floating
    if raw == "boolean":
        return lambda value: "true" if value else "false"
    if raw == "varbinary":
        return lambda value: base64.b64decode(value).hex(" ")
    if raw == "array":
        element = inner[0][1]
        return lambda value: "[" + ", ".join(map(element, value)) + "]"
    if raw == "map":
        # JSON has texts as keys only: that is how Trino sends them, whatever their type.
        of_value = inner[1][1]
        return lambda value: (
            "{" + ", ".join(f"{key}={of_value(item)}" for key, item in value.items()) + "}"
        )
    if raw == "row":
        return lambda value: (
            "{"
            + ", ".join(
                f"{name}={of_item(item)}"
                for (name, of_item), item in zip(inner, value, strict=True)
            )
            + "}"
        )
    return str


def _element(argument: dict[str, Any]) -> tuple[str, Render]:
    """Name and renderer of what a type is made of; null inside a value is the word null."""
    value, name = argument["value"], ""
    if argument["kind"] == "NAMED_TYPE":
        name = str((value.get("fieldName") or {}).get("name", ""))
        value = value["typeSignature"]
    elif argument["kind"] != "TYPE":
        return name, str
    render = renderer(value)
    return name, lambda item: "null" if item is None else render(item)


def _floating(value: float | str) -> str:
    """A number as Java writes it: `0.5`, `1.0E10`, `NaN`."""
    if isinstance(value, str):
        return value  # NaN, Infinity, -Infinity are texts already
    number = float(value)
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    assert isinstance(exponent, int), "infinities come as texts"
    significant = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) + exponent - 1
    return f"{'-' if sign else ''}{significant[0]}.{significant[1:] or '0'}E{power}"
