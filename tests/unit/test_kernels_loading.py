"""Kernels are loaded while a large input is hashed, and only then."""

from __future__ import annotations

import threading

import pytest

from ingest.landing import kernels


def test_loading_needs_no_rows() -> None:
    kernels.load_kernels()


@pytest.mark.parametrize(("input_bytes", "is_loaded"), [(1, False), (1 << 40, True)])
def test_loading_is_for_large_inputs_and_done_when_the_hashing_is(
    input_bytes: int, is_loaded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    monkeypatch.setattr(
        kernels, "load_kernels", lambda: threads.append(threading.current_thread().name)
    )
    with kernels.kernels_loading(input_bytes):
        pass
    assert [name.startswith("load-kernels") for name in threads] == [True] * is_loaded


def test_a_kernel_that_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("no kernel")

    monkeypatch.setattr(kernels, "load_kernels", fail)
    with pytest.raises(RuntimeError, match="no kernel"), kernels.kernels_loading(1 << 40):
        pass
