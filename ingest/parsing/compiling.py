"""Compiled kernels and the cache of their machine code on disk.

Decides how a kernel is compiled (without the interpreter lock, so that two threads work on two
batches) and where its machine code is kept. The cache can be wrong in no way:

- never stale: an entry is named by a hash of the code in memory, of every kernel it calls, of
  the constants they read and of the environment (see `fingerprints`), so another text is another
  entry. Numba's own cache looks at one file only and misses a changed helper in another one.
- never in the way: where no directory can be written, kernels are compiled in each process.
- never half there: entries are replaced atomically and carry a checksum; what does not check is
  compiled again. Any number of processes may share a directory.

Entries lie under `<user cache>/evallake/kernels/<environment>/`. Of each kernel the few last
written versions stay, of the environments the few last used; older ones are removed. What the
kernels compute is no business of this module.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import dumps

from ingest.parsing.fingerprints import environment_fingerprint, kernel_fingerprint
from ingest.user_cache import read_entry, remove_oldest, user_cache, write_entry

Function = TypeVar("Function", bound=Callable[..., Any])

KEPT_VERSIONS = 4
"""Entries of one kernel and combination of types that stay: two checkouts of different age must
not evict each other in turns."""

KEPT_ENVIRONMENTS = 6
"""Directories of other environments that stay, e.g. with bounds checks or of another Python."""


def kernel(function: Function) -> Function:
    """Compile `function` on its first call, without the interpreter lock, and keep the result.

    One specialisation per combination of argument types: call a kernel with the same array types
    everywhere. Globals it reads are frozen into it; import them by name. Division by zero gives
    inf or nan, as in NumPy. `NUMBA_BOUNDSCHECK=1` makes every index checked (IndexError).
    """
    return _compiled(function, forceinline=False)


def inlined(function: Function) -> Function:
    """A kernel whose machine code is put into its callers: for the insides of hot loops."""
    return _compiled(function, forceinline=True)


def _compiled(function: Function, *, forceinline: bool) -> Function:
    options = {"nogil": True, "error_model": "numpy", "forceinline": forceinline}
    compiled = numba.njit(**options)(function)
    if isinstance(compiled, Dispatcher):  # not with NUMBA_DISABLE_JIT=1
        cached = KernelCache(compiled)
        compiled._cache = cached  # type: ignore[attr-defined]
        compiled.get_call_template = cached.call_template  # type: ignore[method-assign]
    result: Function = compiled
    return result


class KernelCache(_Cache):  # type: ignore[misc]  # numba is untyped
    """The entries of one kernel, one file per combination of argument types.

    Only kernels that Python calls have entries: machine code of what they call is in there, and
    making it separately would take most of the time that compiling takes.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._is_enabled = True
        self._get_call_template = dispatcher.get_call_template

    def call_template(self, args: Any, kws: Any) -> Any:
        """What another kernel's compilation asks for: compile this one, but keep no entry."""
        was_enabled, self._is_enabled = self._is_enabled, False
        try:
            return self._get_call_template(args, kws)
        finally:
            self._is_enabled = was_enabled

    @property
    def cache_path(self) -> str | None:
        """Where the next entry would be written; None where no directory can be."""
        return next((str(path) for path in _directories() if _is_writable(path)), None)

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        """The entry for these argument types; None where there is none that checks."""
        if not self._is_enabled:
            return None
        target_context.refresh()
        name = self._entry_name(sig, target_context.codegen())
        for directory in _directories():
            payload = read_entry(directory / name)
            if payload is not None:
                return CompileResult._rebuild(target_context, *pickle.loads(payload))  # noqa: S301
        return None

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        """Store an entry in the first directory that takes it; without one, do nothing."""
        if not self._is_enabled or data.library.has_dynamic_globals or data.lifted:
            return
        name = self._entry_name(sig, data.codegen)
        payload = dumps(data._reduce())
        for directory in _directories():
            if write_entry(directory / name, payload):
                remove_oldest(directory.glob(f"{name.rpartition('-')[0]}-*"), KEPT_VERSIONS)
                return

    def enable(self) -> None:
        """Use the cache (the default)."""
        self._is_enabled = True

    def disable(self) -> None:
        """Neither read nor write entries."""
        self._is_enabled = False

    def flush(self) -> None:
        """Nothing to do: an entry that no longer fits has another name."""

    def _entry_name(self, sig: Any, codegen: Any) -> str:
        function = self._dispatcher.py_func
        arguments = sig.args if hasattr(sig, "args") else sig
        # the text of a named tuple's type leaves out what its fields are called
        fields = [getattr(argument, "fields", None) for argument in arguments]
        types = _digest((function.__module__, function.__qualname__, str(sig), fields))
        content = _digest((kernel_fingerprint(self._dispatcher), codegen.magic_tuple()))
        return f"{function.__name__}-{types}-{content}"


def _digest(parts: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


@cache
def _directories() -> tuple[Path, ...]:
    """Where entries are looked for, in order; old directories beside the first are removed."""
    key = environment_fingerprint()[:32]
    directories = []
    base = user_cache()
    if base is not None:
        directories.append(base / "evallake" / "kernels" / key)
        _mark_used(directories[0])
    private = _private_temporary()
    if private is not None:
        directories.append(private / key)
    return tuple(directories)


def _private_temporary() -> Path | None:
    """A directory under the temporary one that nobody else can write; None where there is none.

    Entries are executed, so a directory that another user prepared must not be trusted.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    path = Path(tempfile.gettempdir()) / f"evallake-kernels-{user}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.lstat()
    except OSError:
        return None
    is_private = path.is_dir() and not path.is_symlink()
    if hasattr(os, "getuid"):
        is_private = is_private and status.st_uid == user and not status.st_mode & 0o077
    return path if is_private else None


def _is_writable(directory: Path) -> bool:
    existing = next((path for path in (directory, *directory.parents) if path.exists()), None)
    return existing is not None and existing.is_dir() and os.access(existing, os.W_OK)


def _mark_used(directory: Path) -> None:
    """Note that this environment is in use and remove those that have not been for longest."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        os.utime(directory)
    except OSError:  # read-only: nothing to tidy either
        return
    remove_oldest(directory.parent.iterdir(), KEPT_ENVIRONMENTS)
