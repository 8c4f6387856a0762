"""What a tar header may say, and that nothing behind a damaged one is lost without a word."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from ingest.errors import SourceError
from ingest.sources import SourceLimits, open_source
from ingest.sources.tar import Member, TarStream

RESULTS = "run/eval_results/results_x.json"


def header(name: bytes, content: bytes = b"", *, kind: bytes = b"0", **fields: bytes) -> bytes:
    """One member, its header's checksum right whatever the fields say."""
    made = bytearray(512)
    made[:100] = name.ljust(100, b"\0")
    made[100:108] = fields.get("mode", b"0000644\0")
    made[124:136] = fields.get("size", b"%011o\0" % len(content))
    made[156:157] = kind
    made[257:265] = b"ustar\00000"
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made) + content + bytes(-len(content) % 512)


def pax(**records: bytes) -> bytes:
    lines = b""
    for key, value in records.items():
        body = b" " + key.replace("_", ".").encode() + b"=" + value + b"\n"
        length = len(body)
        while length != len(body) + len(str(length)):
            length = len(body) + len(str(length))
        lines += str(length).encode() + body
    return header(b"pax", lines, kind=b"x")


END = bytes(1024)


def members(*parts: bytes, end: bytes = END) -> list[tuple[Member, bytes]]:
    stream = TarStream(io.BytesIO(b"".join(parts) + end), where="output.tar")
    return [(member, stream.read(1 << 20)) for member in stream]


def names(*parts: bytes) -> list[str]:
    return [member.name for member, _ in members(*parts)]


@pytest.mark.parametrize("dialect", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_dialect_reads_as_it_was_written(dialect: int) -> None:
    out = io.BytesIO()
    written = {
        "a": b"1" * 511,
        "d/" * 40 + "b": b"2" * 512,
        "caf\u00e9/c": b"3" * 513,
        "d": b"",
    }
    if dialect != tarfile.USTAR_FORMAT:
        written["e/" * 150 + "f"] = b"5"
    with tarfile.open(fileobj=out, mode="w", format=dialect) as archive:
        for name, content in written.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    found = members(out.getvalue(), end=b"")
    assert {member.name: content for member, content in found} == written
    assert all(member.is_file and member.size == len(data) for member, data in found)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((header(b"a"), header(b"b")[:-1] + b"!"), "checksum of a header is wrong"),
        ((header(b"a"), b"x" * 512, header(b"b")), "no number where one belongs"),
        ((header(b"a"), header(b"b", mode=b"0158\0\0\0\0"), header(b"c")), None),
        ((header(b"a", size=b"00000000x00\0"),), "no number where one belongs"),
        ((header(b"a", size=b"\xff" * 12),), "negative"),
        ((header(b"a", size=b"\x80" + b"\xff" * 11), b"x"), "in the midst of a member"),
        ((header(b"a"), END, header(b"b")), "something follows its end"),
        ((header(b"a"), bytes(512), header(b"b")), "something follows its end"),
        ((pax(path=b"b"),), "ends after an extended header"),
        (((pax(path=b"b") * 9), header(b"a")), "more than 8 extended headers in a row"),
        ((pax(path=b"b"), pax(path=b"c"), header(b"a")), "two extended headers .* disagree"),
        (
            (header(b"x", b"b\0", kind=b"L"), header(b"x", b"c\0", kind=b"L"), header(b"a")),
            "two extended headers .* disagree",
        ),
        ((header(b"x", b"12 path=", kind=b"x"), header(b"a")), "no list of records"),
        ((header(b"x", b"0 path=a\n", kind=b"x"), header(b"a")), "no list of records"),
        ((pax(size=b"-1"), header(b"a")), "no size where one belongs"),
        ((pax(size=b"9" * 30), header(b"a")), "no size where one belongs"),
        ((header(b"x", kind=b"x", size=b"77777777777\0"), header(b"a")), "more than 1048576"),
        ((header(b"x", kind=b"L", size=b"77777777777\0"), header(b"a")), "more than 1048576"),
    ],
)
def test_what_does_not_add_up_is_damage(parts: tuple[bytes, ...], why: str | None) -> None:
    if why is None:  # neither a mode nor the time of a file is any business of ours
        assert len(names(*parts)) == len(parts)
        return
    with pytest.raises(SourceError, match=f"^output.tar: .*damaged .*{why}.*; fetch it again$"):
        members(*parts)


def test_extended_headers_that_add_to_each_other_are_one() -> None:
    assert names(pax(path=b"b"), pax(comment=b"c"), pax(path=b"b"), header(b"a")) == ["b"]


def test_an_archive_without_its_end_mark_was_cut_off() -> None:
    """A plain archive that was cut between two members looks whole, but for the mark."""
    with pytest.raises(SourceError, match="it has no end"):
        members(header(b"a", b"1"), end=b"")
    assert len(members(header(b"a", b"1"), end=bytes(512))) == 1


def test_extended_headers_name_and_measure_what_follows_them_alone() -> None:
    long = b"n" * 300
    parts = (
        header(b"x", long + b"\0", kind=b"L"),
        header(b"short", b"1"),
        pax(path=b"caf\xc3\xa9", comment=b"a=b\nc"),
        header(b"other"),
        pax(size=b"3"),
        header(b"sized", b"abc", size=b"00000000000\0"),
        header(b"x", b"link\0", kind=b"K"),
        header(b"last"),
    )
    found = members(*parts)
    assert [member.name for member, _ in found] == [long.decode(), "caf\u00e9", "sized", "last"]
    assert [content for _, content in found] == [b"1", b"", b"abc", b""]


def test_what_is_no_plain_file_is_none() -> None:
    parts = [header(b"a", kind=kind) for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"S", b"Z")]
    parts += [pax(GNU_sparse_map=b"0,1"), header(b"sparse", b"1"), header(b"old/", kind=b"\0")]
    found = [member for member, _ in members(*parts)]
    assert [member.is_file for member in found] == [False] * 10
    assert [member.is_directory for member in found] == [False] * 4 + [True] + [False] * 4 + [True]


def test_skipping_and_huge_headers_take_no_memory() -> None:
    """A gigabyte of nothing, and a name of a gigabyte: neither is ever held."""

    class Zeros:
        def __init__(self, *parts: bytes, zeros: int) -> None:
            self.head, self.zeros = io.BytesIO(b"".join(parts)), zeros

        def read(self, size: int, /) -> bytes:
            data = self.head.read(size) or bytes(min(size, self.zeros))
            self.zeros -= len(data) if not any(data[:1]) else 0
            return data

    size = 1 << 30
    tracemalloc.start()
    [member] = TarStream(Zeros(header(b"a", size=b"%011o\0" % size), zeros=size + 1024), where="x")
    assert member.size == size
    with pytest.raises(SourceError, match="extended header"):
        list(
            TarStream(Zeros(header(b"a", kind=b"x", size=b"%011o\0" % size), zeros=size), where="x")
        )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_many_members_are_streamed_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "output.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for _ in range(300):
            packed.write(header(b"a") * 1000)
    with pytest.raises(SourceError, match=r"more than 200000 files in it \(limit max_members\)"):
        open_source(str(path))
    with pytest.raises(SourceError, match=r"raise the limit: --limit max_members=N"):
        open_source(str(path), limits=SourceLimits(max_members=10))


def test_odd_names_are_refused_and_counted_or_kept_as_text(tmp_path: Path) -> None:
    path = tmp_path / "output.tar"
    odd = [b"a\\results_1.json", b"run-\xff/results_2.json", b"..", b"a/../../results_3.json"]
    harmless = [b"a\nb/results_4.json", b"a b/results_5.json", b"\x1b[31m/results_6.json"]
    parts = [header(name, b"{}") for name in odd + harmless]
    path.write_bytes(b"".join(parts) + header(RESULTS.encode(), b"{}") + END)
    with open_source(str(path)) as source:
        kept = [file.path for file in source.files]
        assert kept == sorted([*(name.decode() for name in harmless), RESULTS])
        assert source.refused == len(odd)
        places = {source.local_path(name).parent for name in kept}
        assert len(places) == 1
        assert all(source.local_path(name).name[:6].isdigit() for name in kept)


def test_an_ending_of_any_length_makes_no_name_here(tmp_path: Path) -> None:
    path = tmp_path / "output.tar"
    name = b"results_" + b"%41" * 5000 + b"%2Ejson"
    path.write_bytes(pax(path=name) + header(b"x", b"{}") + END)
    with open_source(str(path)) as source:
        assert source.local_path(name.decode()).read_bytes() == b"{}"


@pytest.mark.parametrize(
    "junk",
    [b"junk", b"\x1f\x8b", random.Random(64).randbytes(64)],
    ids=["text", "half a header", "noise"],
)
def test_junk_behind_a_packed_archive_is_refused(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "output.tar.gz"
    packed = gzip.compress(header(RESULTS.encode(), b"{}") + END)
    path.write_bytes(packed + junk)
    with pytest.raises(SourceError, match="truncated or damaged"):
        open_source(str(path))
    path.write_bytes(packed + bytes(600))  # as a tape pads it
    with open_source(str(path)) as source:
        assert len(source.files) == 1


def test_an_archive_in_several_gzip_streams_is_one_archive(tmp_path: Path) -> None:
    path = tmp_path / "output.tar.gz"
    plain = header(RESULTS.encode(), b"{}") + header(b"run/results_y.json", b"[]") + END
    path.write_bytes(gzip.compress(plain[:700]) + gzip.compress(plain[700:]))
    with open_source(str(path)) as source:
        assert len(source.files) == 2
