"""Foreign text as it may be shown: on one line, without what moves a cursor, without secrets.

Names in files and archives are anybody's invention, and messages of libraries may repeat what they
were given. Decides what of a text reaches a terminal, a log or a report; knows none of them.
"""

from __future__ import annotations

import os
import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}

_MASK = "***"
_SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_SHORTEST_SECRET = 16
_SECRETS = (
    re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"),
    re.compile(r"(?i)(?<=x-amz-signature=)[^&\s\"']+"),
    re.compile(r"(?i)(?<=x-amz-credential=)[^&\s\"']+"),
    re.compile(r"(?i)(?<=x-amz-security-token=)[^&\s\"']+"),
    re.compile(r"(?i)(?<=[?&]signature=)[^&\s\"']+"),
    re.compile(r"(?i)(?<=[?&]sig=)[^&\s\"']+"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(r"(?<=://)[^/\s@]+(?:@[^/\s@]+)*(?=@)"),
)


def visible(text: str) -> str:
    """`text` on one line, control and direction characters written out: safe on a terminal."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\n", "↵").replace("\t", " ")
    return "".join(
        character
        if unicodedata.category(character) not in _INVISIBLE
        else character.encode("unicode_escape").decode()
        for character in text
    )


def masked(text: str) -> str:
    """`text` without access keys, signatures, tokens, passwords in addresses, and this process's own.

    >>> masked("key AKIAIOSFODNN7EXAMPLE is refused")
    'key *** is refused'
    """
    for name in _SECRET_VARIABLES:
        secret = os.environ.get(name, "")
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _MASK)
    for pattern in _SECRETS:
        text = pattern.sub(_MASK, text)
    return text


def shown(text: str, *, most: int) -> str:
    """At most `most` characters of `text`, on one line, without secrets."""
    line = visible(" ".join(masked(text).splitlines()))
    return line if len(line) <= most else line[: most - 1] + "…"
