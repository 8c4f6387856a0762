"""Where this user's programs keep what can be made again: compiled kernels, parsed projects."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_cache() -> Path | None:
    """This user's cache directory; None where there is no home.

    EVALLAKE_CACHE_DIR, or else XDG_CACHE_HOME, names another.
    """
    configured = os.environ.get("EVALLAKE_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    if configured:
        return Path(configured)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else None
    try:
        home = Path.home()
    except RuntimeError:  # no such user: a container that runs under a bare number
        return None
    return home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
