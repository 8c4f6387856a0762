"""Kernels without machine code, so that a fuzzer sees which of their lines ran.

Importing this before anything of `ingest` has every kernel run as the Python it is written in. The
few that are machine instructions get a stand-in. Integers may wrap elsewhere than compiled ones do,
so what these kernels answer proves nothing: it only guides.
"""

from __future__ import annotations

import os

os.environ["NUMBA_DISABLE_JIT"] = "1"

import struct
import warnings
from typing import Any

import numpy as np

from ingest.parsing import words

_WORD_BITS = 64

warnings.simplefilter("ignore")
np.seterr(all="ignore")


def _load(data: Any, index: int) -> Any:
    return np.uint64(int.from_bytes(bytes(data[index : index + 8]), "little"))


def _store(data: Any, index: int, word: Any) -> None:
    data[index : index + 8] = np.frombuffer(int(word).to_bytes(8, "little"), np.uint8)


def _trailing_zeros(word: Any) -> Any:
    number = int(word)
    return np.uint64((number & -number).bit_length() - 1 if number else _WORD_BITS)


def _leading_zeros(word: Any) -> Any:
    return np.uint64(_WORD_BITS - int(word).bit_length())


def _high_product(left: Any, right: Any) -> Any:
    return np.uint64(int(left) * int(right) >> _WORD_BITS)


def _double_of_bits(word: Any) -> float:
    [number] = struct.unpack("<d", int(word).to_bytes(8, "little"))
    return float(number)


def _bits_of_double(number: float) -> Any:
    return np.uint64(int.from_bytes(struct.pack("<d", number), "little"))


words._load = _load
words._store = _store
words.trailing_zeros = _trailing_zeros
words.leading_zeros = _leading_zeros
words.high_product = _high_product
words.double_of_bits = _double_of_bits
words.bits_of_double = _bits_of_double
