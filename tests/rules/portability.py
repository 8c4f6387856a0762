"""What SQL may say if DuckDB and Trino are to read it alike: every rule, as a list of findings.

Works on tokens where spelling matters (a function's very name, `::`, where nulls go) and on
sqlglot's tree where structure does (divisions, casts, unnesting). What a function means on both
engines is proven elsewhere, see `tests.rules.sql_functions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from ingest.tables import TABLES
from tests.rules.sql_functions import INSTEAD, PORTABLE, SYNTAX
from tests.rules.sql_tree import MODELS, declaration, parsed

BANNED: dict[type[exp.Expression], str] = {
    exp.Lambda: "a lambda: one engine refuses x -> ..., the other lambda x: ...",
    exp.ILike: "ilike: lower(...) like ...",
    exp.TableSample: "tablesample: choose by a hash of an id",
    exp.Struct: "a struct: give every field a column",
    exp.Pivot: "pivot: max(case when ... end) per column",
    exp.IgnoreNulls: "ignore nulls: written in different places by the engines",
    exp.WithinGroup: "within group: array_join(array_agg(x order by y asc), ',')",
    exp.MatchRecognize: "match_recognize is on one engine only",
    exp.IntDiv: "an integer division of one engine: cast((a - mod(a, b)) / ... as bigint)",
}
"""What only one engine reads, or reads otherwise, and what to write instead."""
_DOUBLES = (exp.Sqrt, exp.Exp, exp.Ln, exp.Avg, exp.Stddev, exp.StddevSamp, exp.Variance)
_TYPED_AS_ARGUMENT = (
    *(exp.Paren, exp.Neg, exp.Nullif, exp.Sum, exp.Max, exp.Min, exp.Abs, exp.Window, exp.Filter),
    *(exp.Floor, exp.Ceil, exp.Round),
)
_ORDERED = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
"""What depends on the order of rows, and is arbitrary without one."""
_WHOLE = ("int", "bigint", "smallint", "tinyint")
Doubles = frozenset[str]
"""Names of columns that are known to be doubles."""
_OPENING, _CLOSING = TokenType.L_PAREN, TokenType.R_PAREN
_AFTER_ORDER = {"rows", "range", "groups", "limit", "offset", "fetch", "filter", "union"}
_GRAIN = re.compile(r"Grain: one row per\s+(\w+|\([^)]*\))")
_MD5_HEX = "lower(to_hex(md5(to_utf8("
"""What the macro md5_hex becomes; the functions in it are not portable by themselves."""


def problems(sql: str) -> list[str]:
    """Why this statement is not portable; empty where it is."""
    tokens = sqlglot.tokenize(sql.replace(_MD5_HEX, "(((md5_hex("), read="trino")
    found = [*_spelling(tokens), *_calls(tokens), *_orders(tokens)]
    if found:
        return found
    try:
        tree = parsed(sql)
    except sqlglot.ParseError as error:
        return [f"Athena does not read it: {str(error).splitlines()[0]}"]
    return [*found, *_structure(tree)]


_SPELLINGS = {
    TokenType.DCOLON: "::, which only one engine reads: cast(x as t)",
    TokenType.ARROW: "->: a lambda or JSON operator of one engine: json_extract_scalar(...)",
    TokenType.DARROW: "->>, which only one engine reads: json_extract_scalar(...)",
    TokenType.MOD: "%: mod(a, b)",
    TokenType.CARET: "^: power(a, b)",
    TokenType.QUALIFY: "qualify: filter row_number() in an outer select",
}


def _spelling(tokens: Sequence[Token]) -> Iterator[str]:
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.token_type in _SPELLINGS:
            yield _SPELLINGS[token.token_type]
        elif token.text in {"==", "`"}:
            yield f"{token.text}, which only one engine reads"
        elif before is None:
            continue
        elif token.token_type == before.token_type == TokenType.SLASH:
            yield "//: cast((a - mod(a, b)) / cast(b as double) as bigint)"
        elif token.token_type == TokenType.L_BRACKET and before.text.lower() != "array":
            yield "a subscript raises out of range on one engine: element_at(a, n)"


def _calls(tokens: Sequence[Token]) -> Iterator[str]:
    """Functions by their written names: a parser would take `len` for `length`."""
    for name in functions_called(tokens):
        if name not in PORTABLE:
            instead = INSTEAD.get(name)
            yield (
                f"{name}(): {instead}"
                if instead
                else f"{name}() is not known to mean the same on both engines: give it cases in"
                " tests/athena/parity/sheets, then list it in tests/rules/sql_functions.py"
            )


def functions_called(tokens: Sequence[Token]) -> Iterator[str]:
    """Names before a parenthesis that call a function, as written."""
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        if after.token_type != _OPENING or token.token_type in {_OPENING, _CLOSING}:
            continue
        name = token.text.lower()
        is_alias = before is not None and before.text.lower() in {"as", "with"}
        if re.fullmatch(r"[a-z_]\w*", name) and name not in SYNTAX and not is_alias:
            yield name


def _orders(tokens: Sequence[Token]) -> Iterator[str]:
    """Every column of every `order by` says which way, and where nulls go if there may be any."""
    for number, token in enumerate(tokens):
        if token.token_type != TokenType.ORDER_BY:
            continue
        for item in _items(tokens[number + 1 :]):
            text = " ".join(part.text.lower() for part in item)
            if not re.search(r" (asc|desc)( nulls (first|last))?$", text):
                yield f"order by {text}: say asc or desc"
            elif "nulls" not in text and not _is_never_null(item):
                yield f"order by {text}: say nulls first or nulls last"


def _items(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The columns of one `order by`, whose tokens begin here."""
    depth, item = 0, list[Token]()
    for token in tokens:
        if token.token_type == _OPENING:
            depth += 1
        elif token.token_type == _CLOSING:
            depth -= 1
        is_over = depth < 0 or (depth == 0 and token.text.lower() in _AFTER_ORDER)
        if is_over or (depth == 0 and token.token_type == TokenType.COMMA):
            yield item
            item = []
            if is_over:
                return
        elif token.token_type != TokenType.SEMICOLON:
            item.append(token)
    if item:
        yield item


def _is_never_null(item: Sequence[Token]) -> bool:
    """Whether a column of an `order by` is a key, or a case that gives numbers in every case."""
    texts = [token.text.lower() for token in item]
    if texts[-2] == "end":
        return "else" in texts and texts[texts.index("else") + 1].isdigit()
    return texts[-2] in _never_null()


@cache
def _never_null() -> frozenset[str]:
    """Columns that identify rows of a model or of the lake and are nowhere said to be null."""
    keys: set[str] = set()
    nullable: set[str] = set()
    for table in TABLES.values():
        keys.update(column.name for column in table.columns if not column.nullable)
        nullable.update(column.name for column in table.columns if column.nullable)
    for model in MODELS:
        declared = declaration(model)
        found = _GRAIN.search(str(declared["description"]))
        keys.update(re.findall(r"\w+", found[1]) if found else ())
        nullable.update(
            column["name"]
            for column in declared["columns"]  # type: ignore[attr-defined]
            if re.search(r"\bnull\b", str(column.get("description")), re.IGNORECASE)
        )
    return frozenset(keys - nullable)


def _structure(tree: exp.Expression) -> Iterator[str]:
    doubles = double_columns(tree)
    for node in tree.walk():
        text = node.sql("athena")
        reason = next((why for kind, why in BANNED.items() if isinstance(node, kind)), None)
        if reason:
            yield f"{reason}: {text}"
        elif isinstance(node, exp.Div):
            if not (is_double(node.this, doubles) or is_double(node.expression, doubles)):
                yield f"a division of what may be whole numbers: {text}"
        elif isinstance(node, exp.Literal):
            is_exact = not node.is_string and "." in node.this and not is_double(node, doubles)
            if is_exact and not is_cast_to_double(node.parent):
                yield f"{node.this} is a decimal on one engine: write {node.this}e0"
        elif isinstance(node, exp.Cast):
            yield from _casts(node, text, doubles)
        elif isinstance(node, exp.With):
            if node.args.get("recursive"):
                yield "recursion is limited to ten steps on Athena"
        elif isinstance(node, exp.Unnest):
            yield from _unnesting(node, text)
        elif isinstance(node, exp.Window):
            if isinstance(node.this, _ORDERED) and not _order_of(node):
                yield f"{text}: in the order of the engine's choice; say order by"
        elif isinstance(node, exp.ArrayAgg):
            if not (node.find(exp.Order) or node.find_ancestor(exp.ArraySort)):
                yield f"{text}: in the order of the engine's choice; say order by, or array_sort"
        elif isinstance(node, exp.Limit):
            if not (node.parent and node.parent.args.get("order")):
                yield "a limit without order by: rows of the engine's choice"
        elif isinstance(node, exp.Star):
            if node.args.get("except_") or node.args.get("replace"):
                yield f"{text}: list the columns"
        elif isinstance(node, exp.Distinct):
            if node.args.get("on"):
                yield "distinct on: filter row_number() in an outer select"
        elif isinstance(node, exp.Group):
            if node.args.get("all"):
                yield "group by all: name the columns"
        elif isinstance(node, exp.Join):
            if node.kind in {"SEMI", "ANTI"} or node.method in {"ASOF", "POSITIONAL"}:
                yield f"{text}: exists, or a plain join"
        elif isinstance(node, exp.EQ | exp.NEQ | exp.LT | exp.GT | exp.LTE | exp.GTE):
            yield from _comparison(node, text, doubles)


def _order_of(window: exp.Window) -> exp.Expression | None:
    """The order of a window, its own or that of the named window it refers to."""
    order: exp.Expression | None = window.args.get("order")
    if order is not None or not window.alias:
        return order
    select = window.find_ancestor(exp.Select)
    named = [] if select is None else select.args.get("windows") or []
    return next((w.args.get("order") for w in named if w.name == window.alias), None)


def _casts(node: exp.Cast, text: str, doubles: Doubles) -> Iterator[str]:
    """Casts whose result depends on the engine."""
    if node.to.is_type("decimal") and not isinstance(node.parent, exp.Cast):
        yield f"a decimal, but to write a number as text: {text}"
    if isinstance(node, exp.TryCast) and node.to.is_type(*_WHOLE):
        if not isinstance(node.this, exp.Case):
            yield f"{text}: one engine takes '1.5e3'; case when regexp_like(...) then ... end"
    elif node.to.is_type(*_WHOLE) and is_double(node.this, doubles) and not _is_whole(node.this):
        yield f"{text}: halves are rounded differently; floor(x + 0.5e0) first"
    elif node.to.is_type("varchar", "text") and is_double(node.this, doubles):
        yield f"{text}: engines write doubles differently"
    if any(inner is not node.to and inner.is_type("struct") for inner in node.to.walk()):
        yield f"{text}: rows in an array; unnest places instead"


def _is_whole(node: exp.Expression) -> bool:
    """Whether a double is whole by its making: floor, ceil, a sum of them, (a - mod(a, b)) / b."""
    if isinstance(node, exp.Paren | exp.Neg):
        return _is_whole(node.this)
    if isinstance(node, exp.Case):
        results = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
        return all(_is_whole(result) for result in results if result is not None)
    if isinstance(node, exp.Div):
        return node.this.find(exp.Mod) is not None
    if isinstance(node, exp.Sum | exp.Max | exp.Min | exp.Coalesce):
        return _is_whole(node.this)
    if isinstance(node, exp.Literal):
        return not node.is_string and float(node.this).is_integer()
    return isinstance(node, exp.Floor | exp.Ceil | exp.Round)


def _unnesting(node: exp.Unnest, text: str) -> Iterator[str]:
    alias = node.args.get("alias")
    columns = len(alias.columns) if alias else 0
    allowed = 2 if node.args.get("offset") else 1
    if len(node.expressions) > 1 or columns > allowed:
        yield f"{text}: one array of single values at a time, never rows or maps"


def _comparison(node: exp.Expression, text: str, doubles: Doubles) -> Iterator[str]:
    """A text beside a number is a type error on one engine."""
    sides = [node.this, node.expression]
    kinds = {side.is_string for side in sides if isinstance(side, exp.Literal)}
    if kinds == {True, False}:
        yield f"{text}: a text beside a number"
    for one, other in (sides, sides[::-1]):
        if isinstance(one, exp.Literal) and one.is_string and is_double(other, doubles):
            yield f"{text}: a text beside a number"


@cache
def _declared_types() -> dict[str, frozenset[str]]:
    """Every column name that a model declares, with the types it has there."""
    types: dict[str, set[str]] = {}
    for model in MODELS:
        for column in declaration(model)["columns"]:  # type: ignore[attr-defined]
            if "data_type" in column:
                types.setdefault(column["name"], set()).add(column["data_type"])
    return {name: frozenset(found) for name, found in types.items()}


def double_columns(tree: exp.Expression) -> Doubles:
    """Columns that are doubles wherever a model declares them, or this statement makes them.

    What a statement makes is found from the inside out: a name counts once everything that it is
    an alias of does.
    """
    declared = _declared_types()
    found = {name for name, types in declared.items() if types == {"double"}}
    made: dict[str, list[exp.Expression]] = {}
    for alias in tree.find_all(exp.Alias):
        if alias.alias not in declared:
            made.setdefault(alias.alias, []).append(alias.this)
    while True:
        known = frozenset(found)
        more = {name for name, all_of in made.items() if all(is_double(e, known) for e in all_of)}
        if more <= found:
            return known
        found |= more


def is_double(node: exp.Expression, doubles: Doubles) -> bool:
    """Whether an expression is known to be a double, by its text or its columns."""
    if isinstance(node, exp.Literal):
        return not node.is_string and "e" in node.this.lower()
    if isinstance(node, exp.Cast):
        return is_cast_to_double(node)
    if isinstance(node, exp.Case):
        results = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
        return any(result is not None and is_double(result, doubles) for result in results)
    if isinstance(node, exp.Column):
        return node.name in doubles
    if isinstance(node, _DOUBLES):
        return True
    if isinstance(node, _TYPED_AS_ARGUMENT):
        return is_double(node.this, doubles)
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
        return any(is_double(part, doubles) for part in [node.this, *node.expressions])
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Pow):
        return is_double(node.this, doubles) or is_double(node.expression, doubles)
    return False


def is_cast_to_double(node: exp.Expression | None) -> bool:
    """Whether a node is `cast(... as double)`, of whatever."""
    return isinstance(node, exp.Cast) and bool(node.to.is_type("double"))
