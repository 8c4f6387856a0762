"""What tests of several files look at, made once for all of them."""

from __future__ import annotations

import os

import pytest

from tests.fixtures.shared_demo import SharedDemo, shared_demo


@pytest.fixture(scope="session")
def wheel_demo(tmp_path_factory: pytest.TempPathFactory) -> SharedDemo:
    """The demo as the installed wheel ran it in a directory of its own."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent  # the same for all workers of a run
    done = shared_demo(base)
    assert done.exit_code == 0, done.stderr
    return done
