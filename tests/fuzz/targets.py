"""What must hold of any bytes at all: kernels answer as slow and obvious code does, and an archive is
refused in one line or read as `tarfile` reads it. Needs no fuzzer; raises AssertionError."""

from __future__ import annotations

import gzip
import io
import tarfile
import warnings
from collections.abc import Callable
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa

from ingest.errors import SourceError
from ingest.parsing.alignment import ALIGNMENT_NAMES, align
from ingest.parsing.answers import parse_answers
from ingest.parsing.logprobs import parse_logprobs
from ingest.parsing.normalize import normal_form, normalize_values
from ingest.parsing.rouge import rouge_l
from ingest.sources import SourceLimits
from ingest.sources.archive import ArchiveSource
from ingest.sources.source import is_wanted
from tests.unit.parsing import test_alignment, test_bleu, test_leaves_fuzz, test_logprobs_fuzz
from tests.unit.parsing.test_rouge import slow_rouge_l

MOST_BYTES = 700
"""Longest input: oracles are slow, and Python's own parser nests no deeper than this allows."""
_BLOCK = 512
_GZIPPED, _CHECKSUMS = 1, 2


def check_kernels(data: bytes) -> None:
    """Run one kernel, which the first byte chooses, on the rest."""
    if data and len(data) <= MOST_BYTES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python's parser about odd escapes
            KERNELS[data[0] % len(KERNELS)](data[1:])


def _logprobs(data: bytes) -> None:
    test_logprobs_fuzz.check([data])
    parse_logprobs(pa.array([data, b"[[{'a': -1.0}]]", data], pa.binary()))


def _leaves(data: bytes) -> None:
    test_leaves_fuzz.compare([data])


def _answers(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    answers = parse_answers(pa.array([text, '{"a": 1', text], pa.string()))
    leaves = answers.leaves
    first, second, third, end = leaves.row_offsets.tolist()
    count = second - first
    assert end - third == count, "the same text twice has as many leaves"
    for name in ("path", "value"):
        values = getattr(leaves, name).to_pylist()
        assert values[:count] == values[third:], name
    for start, stop in zip(
        leaves.char_start[:count].tolist(), leaves.char_end[:count].tolist(), strict=True
    ):
        assert 0 <= start <= stop <= len(text), (start, stop)
    paths = leaves.path.to_pylist()[:count]
    assert len(set(paths)) == count, "a path stands once"


def _alignment(data: bytes) -> None:
    """A small lattice of known pieces: agrees with trying every sequence."""
    read = io.BytesIO(data)

    def byte() -> int:
        return (read.read(1) or b"\0")[0]

    pieces = test_alignment.PIECES
    row: list[dict[str, float]] = []
    for _ in range(1 + byte() % 4):
        found: dict[str, float] = {}
        for _ in range(1 + byte() % 4):
            found[pieces[byte() % len(pieces)]] = -(1 + byte() % 16) / 8
        row.append(found)
    text = "".join(test_alignment.spelled(list(d)[byte() % len(d)]) for d in row)
    if byte() % 2:
        text = text.strip()
    if byte() % 2:
        at = byte() % (len(text) + 1)
        text = text[:at] + "ab \n"[byte() % 4] + text[at:]
    ways = test_alignment.by_trying_everything(text, row)
    if text[:1].isspace() and not ways:
        return  # the dummy prefix, which trying does not know
    aligned = align(pa.array([text]), test_alignment.positions_of([row]))
    assert aligned.alignment_count[0] == len(ways), (text, row)
    assert (ALIGNMENT_NAMES[aligned.status[0]] == "exact") == bool(ways), (text, row)
    if ways:
        best = min(test_alignment.preference(way, text, row) for way in ways)
        chosen = tuple(aligned.emitted.tolist())
        assert test_alignment.preference(chosen, text, row) == best, (text, row, chosen)


def _any_tokens(data: bytes) -> None:
    """Any text and any tokens: what is found lies within the text, in order."""
    text, *rest = data.decode("utf-8", "replace").split("\n")
    row = [dict.fromkeys(line.split("\t")[:4], -0.5) for line in rest[:12]]
    found = align(pa.array([text]), test_alignment.positions_of([row]))
    begun = 0  # pieces of one character share it, so that the next may begin where this one did
    for start, end in zip(found.char_start.tolist(), found.char_end.tolist(), strict=True):
        if start >= 0:
            assert begun <= start <= end <= len(text), (text, row)
            begun = start
    assert 0 <= found.aligned_characters[0] <= len(text)


def _normalize(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    assert normalize_values(pa.array([text])).to_pylist() == [normal_form(text)], text


def _rouge(data: bytes) -> None:
    predicted, _, gold = data.decode("utf-8", "replace").partition("\0")
    [score] = rouge_l(pa.array([predicted]), pa.array([gold])).to_pylist()
    assert np.isclose(score, slow_rouge_l(predicted, gold), rtol=1e-12), (predicted, gold)


def _bleu(data: bytes) -> None:
    predicted, *golds = data.decode("utf-8", "replace").split("\0")[:4]
    golds = golds or [""]
    counts = test_bleu.row_of(test_bleu.counted([(predicted, golds)]), 0)
    assert counts == test_bleu.statistics(predicted, golds), (predicted, golds)


KERNELS: tuple[Callable[[bytes], None], ...] = (
    _logprobs,
    _leaves,
    _answers,
    _alignment,
    _any_tokens,
    _normalize,
    _rouge,
    _bleu,
)


def check_archive(data: bytes) -> None:
    """Open the bytes as an archive; flags in the first byte put right what chance cannot."""
    if not data:
        return
    flags, packed = data[0], data[1:]
    if flags & _CHECKSUMS:
        packed = _with_checksums(packed)
    plain = packed
    if flags & _GZIPPED:
        packed = gzip.compress(packed, 1)
    limits = SourceLimits(max_members=64, max_member_bytes=1 << 20, max_total_bytes=2 << 20)
    try:
        opened = ArchiveSource(
            "fuzz.tar",
            lambda: io.BufferedReader(io.BytesIO(packed)),  # type: ignore[arg-type]
            address="/fuzz.tar",
            limits=limits,
        )
    except SourceError as error:
        assert len(str(error).splitlines()) == 1, str(error)
        return
    with opened as source:
        kept = {file.path: source.local_path(file.path).read_bytes() for file in source.files}
        for file in source.files:
            assert file.bytes == len(kept[file.path])
            assert source.local_path(file.path).parent.name.startswith("evallake-")
            assert ".." not in PurePosixPath(file.path).parts and not file.path.startswith("/")
    theirs = _by_tarfile(plain)
    if theirs is not None:
        assert kept == theirs, (sorted(kept), sorted(theirs))


def _with_checksums(data: bytes) -> bytes:
    """Every block that says it is a header with the checksum that it needs."""
    blocks = bytearray(data)
    for at in range(0, len(blocks) - _BLOCK + 1, _BLOCK):
        if blocks[at + 257 : at + 262] == b"ustar":
            blocks[at + 148 : at + 156] = b" " * 8
            blocks[at + 148 : at + 156] = b"%06o\0 " % sum(blocks[at : at + _BLOCK])
    return bytes(blocks)


def _by_tarfile(plain: bytes) -> dict[str, bytes] | None:
    """What Python's own reader finds that we should keep; None where it fails or ends too soon."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(
            fileobj=io.BytesIO(plain), mode="r:", errors="surrogateescape"
        ) as archive:
            for member in archive:
                name = member.name
                if member.pax_headers.keys() - {"path", "size", "comment", "mtime"}:
                    return None  # dialects that it reads its own way
                if not member.isreg() or member.issparse() or name.startswith("/"):
                    continue
                if "\\" in name or "\0" in name or ".." in name.split("/") or not is_wanted(name):
                    continue
                try:
                    name.encode()
                except UnicodeEncodeError:
                    continue
                data = archive.extractfile(member)
                assert data is not None
                found[str(PurePosixPath(name))] = data.read()
            if plain[archive.offset :].strip(b"\0"):
                return None  # it took damage for the end
    except (tarfile.TarError, ValueError, OSError, EOFError, RecursionError, OverflowError):
        return None
    return found
