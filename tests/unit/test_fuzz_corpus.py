"""Inputs that fuzzing found, and those it starts from: what must hold of any bytes holds of these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.targets import check_archive, check_kernels

CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"


@pytest.mark.parametrize(
    ("check", "folder"), [(check_kernels, "kernels"), (check_archive, "archive")]
)
def test_every_input_of_the_corpus_holds(check: Callable[[bytes], None], folder: str) -> None:
    found = sorted((CORPUS / folder).iterdir())
    assert found
    for path in found:
        try:
            check(path.read_bytes())
        except BaseException as error:
            raise AssertionError(f"{folder}/{path.name}") from error
