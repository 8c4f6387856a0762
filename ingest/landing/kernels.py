"""Compiled kernels, loaded in a thread while the input is hashed: both take seconds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pyarrow as pa

from ingest.examples.assemble import build_tables
from ingest.formats.logprobs import read_logprobs
from ingest.raw import RAW_EXAMPLE

_LONG_HASHED_BYTES = 256 << 20
"""Input that takes about as long to hash as kernels take to load."""


@contextmanager
def kernels_loading(input_bytes: int) -> Iterator[None]:
    """Loads compiled kernels in a thread while the files are hashed, where that takes long."""
    if input_bytes < _LONG_HASHED_BYTES:
        yield
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="load-kernels") as pool:
        loading = pool.submit(load_kernels)
        yield
        loading.result()


def load_kernels() -> None:
    """Have the kernels of reading and building in memory, by giving them no rows to work on."""
    read_logprobs(pa.array([], pa.string()), 0)
    build_tables(pa.RecordBatch.from_pylist([], schema=RAW_EXAMPLE))
