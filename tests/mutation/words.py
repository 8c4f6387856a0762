"""Values and texts that programs trip over: numbers out of range, names that are code, odd letters."""

from __future__ import annotations

import random

HUGE_INTEGER = "9" * 400
DEEP = 3_000
LONG = 200_000

JSON_VALUES = (
    "null",
    "true",
    "0",
    "-1",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e-999",
    "5e-324",
    HUGE_INTEGER,
    "-" + HUGE_INTEGER,
    "9223372036854775808",
    "0.1e",
    "1_000",
    "01",
    '""',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\\u202egnp.exe"',
    '"</script><script>alert(1)</script>"',
    '"{{ 7 * 7 }}"',
    '"\'); drop table loads; --"',
    '"\\u001b[31mred\\u001b[0m"',
    "[]",
    "{}",
    "[[[]]]",
    '{"__proto__": {"a": 1}, "": 2, "a.b": 3, "a[0]": 4}',
    '{"a": 1, "a": 2}',
    "[null, [null, {}], 1e400]",
)
"""Values as JSON writes them, or nearly."""

PYTHON_VALUES = (
    "None",
    "True",
    "nan",
    "float('nan')",
    "inf",
    "-inf",
    "1e999",
    "1_0",
    "0x10",
    "1j",
    "b'bytes'",
    "(1,)",
    "{1, 2}",
    "{}",
    "[[[]]]",
    "''",
    "'\\ud800'",
    "'\\N{DIGIT ONE}'",
    "'\\x00'",
    "'a' 'b'",
    "f'{1}'",
    "__import__('os')",
    "{'a': 1, 'a': 2}",
    "{1: 2, None: 3}",
    HUGE_INTEGER,
    "-" + HUGE_INTEGER,
)
"""Values as Python writes them, or nearly."""

NAMES = (
    "",
    " ",
    ".",
    "..",
    "None",
    "%2e%2e%2fetc",
    "a b",
    "a\nb",
    "a\tb",
    "caf\u00e9",
    "cafe\u0301",
    "\u202egnp",
    "\U0001f600",
    "'; drop table loads; --",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "{% raw %}",
    "__proto__",
    "-rf",
    "x" * 180,
    "job_id=evil",
    "con",
    "\x1b[31m",
    "$(id)",
    "*",
    "?",
)
"""Names that are no harm to a file system and may be to whoever uses one without care."""

LETTERS = "[]{}'\"\\,: \n\r\t\x00\u00e9\u2581\ufeff\u2028\U0001f389a0-.eE"


def deep(chance: random.Random) -> str:
    """Brackets or braces within each other, whole or cut off."""
    opened, closed = chance.choice([("[", "]"), ('{"a":', "}"), ("{'a': ", "}"), ("(", ")")])
    depth = chance.choice([5, 40, 70, 130, 1_100, DEEP])
    return opened * depth + chance.choice(["", "1"]) + closed * chance.choice([depth, depth - 1, 0])


def long(chance: random.Random) -> str:
    """One long text."""
    return chance.choice(["a", " ", "\\", '"', "[", "\u2581", "9", "\\u0061"]) * LONG


def value(chance: random.Random) -> str:
    """A value nobody expects, in either notation."""
    kind = chance.random()
    if kind < 0.08:
        return deep(chance)
    if kind < 0.1:
        return long(chance)
    return chance.choice(JSON_VALUES if kind < 0.6 else PYTHON_VALUES)


def edited(text: str, chance: random.Random) -> str:
    """The text with a few letters changed, left out or put in, or with a value put in its midst."""
    letters = list(text)
    for _ in range(chance.choice([1, 1, 3, 12])):
        at = chance.randrange(len(letters) + 1)
        put = value(chance) if chance.random() < 0.2 else chance.choice(LETTERS)
        letters[at : at + chance.randint(0, 2)] = put
    return "".join(letters)
