"""Obtains Trino through Maven, once per machine, and finds the Java that runs it.

Decides where the files are kept and what counts as complete. What is fetched is declared in
`pom.xml`; from where is the business of the machine's Maven. Does not start anything.

A folder of the cache is either complete or absent: files are gathered in a folder beside it, which
gets its name in one step at the end. The name carries a digest of `pom.xml`, so a changed
declaration fetches anew.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.athena.rig.errors import MissingToolError, RigError

_POM = Path(__file__).with_name("pom.xml")
JAVA_MAJOR = 17
USUAL_FOLDERS = (
    ("/usr/lib/jvm", "*17*/bin/java"),
    ("/Library/Java/JavaVirtualMachines", "*17*/Contents/Home/bin/java"),
)
_MAVEN_SECONDS = 900
_NOT_PROVEN = (
    "Not proven without it: that models, tests and questions run on Athena's engine and give the"
    " numbers DuckDB gives (everything in tests/athena)."
)


@dataclass(frozen=True, slots=True)
class Installation:
    """A complete Trino on this machine."""

    home: Path
    """Holds `lib/` (the server's jars) and `plugin/<connector>/`."""
    java: Path
    """The Java 17 that runs it."""
    version: str
    """Trino's version, as `pom.xml` declares it."""


def install(*, say: bool = True) -> Installation:
    """A complete Trino, fetched now unless the cache has it.

    Raises `MissingToolError` when Java 17, or Maven while something must be fetched, is absent.
    """
    java = find_java()
    declared = _POM.read_text(encoding="utf-8")
    found = re.search(r"<trino>(\w+)</trino>", declared)
    if found is None:
        raise RigError(f"{_POM.name} declares no Trino version.")
    version = found[1]
    digest = hashlib.sha256(declared.encode()).hexdigest()[:12]
    home = cache_folder() / f"trino-{version}-{digest}"
    if not home.is_dir():
        _fetch(home, maven=_find_maven(), say=say)
    return Installation(home, java, version)


def cache_folder() -> Path:
    """Where fetched files are kept: `EVALLAKE_RIG_CACHE`, or the user's cache folder."""
    chosen = os.environ.get("EVALLAKE_RIG_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evallake"


def find_java() -> Path:
    """A Java 17 with its compiler module, from `JAVA_HOME`, `PATH` or the usual folders."""
    candidates = [
        *([Path(os.environ["JAVA_HOME"]) / "bin/java"] if os.environ.get("JAVA_HOME") else []),
        *([Path(which)] if (which := shutil.which("java")) else []),
        *(java for folder, found in USUAL_FOLDERS for java in sorted(Path(folder).glob(found))),
    ]
    seen: list[str] = []
    for java in candidates:
        if not java.is_file():
            continue
        version = _java_version(java)
        if version == JAVA_MAJOR and _can_compile(java):
            return java
        seen.append(
            f"{java} is version {version}" if version != JAVA_MAJOR else f"{java} is no JDK"
        )
    raise MissingToolError(
        f"Trino 435 needs a Java Development Kit of version {JAVA_MAJOR}"
        f" ({'; '.join(seen) if seen else 'no java was found'}). Install one (Debian and Ubuntu:"
        f" openjdk-17-jdk-headless) or point JAVA_HOME at it. {_NOT_PROVEN}"
    )


def _java_version(java: Path) -> int | None:
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found else None


def _can_compile(java: Path) -> bool:
    # Launch.java is started from its source, which needs the compiler of a JDK.
    answer = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False)
    return "jdk.compiler@" in answer.stdout


def _find_maven() -> str:
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingToolError(
            "Trino is not on this machine yet and fetching it needs Maven, but no mvn was found."
            f" Install it (Debian and Ubuntu: maven). {_NOT_PROVEN}"
        )
    return maven


def _fetch(home: Path, *, maven: str, say: bool) -> None:
    began = time.monotonic()
    if say:
        print(f"rig: fetching Trino into {home} (about 300 MB, once)", file=sys.stderr, flush=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".fetching-") as scratch:
        gathered = Path(scratch, "trino")
        _copy_dependencies(maven, gathered / "lib")
        for archive in sorted((gathered / "lib").glob("*.zip")):
            _unpack(archive, gathered / "plugin")
        try:
            gathered.rename(home)
        except OSError:
            # Somebody else was quicker; theirs is as complete as ours.
            if not home.is_dir():
                raise
    if say:
        print(
            f"rig: Trino is there ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True
        )


def _copy_dependencies(maven: str, folder: Path) -> None:
    command = [
        maven,
        "--batch-mode",
        "--strict-checksums",
        "--no-transfer-progress",
        "-Dmaven.artifact.threads=16",
        f"--file={_POM}",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={folder}",
    ]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_MAVEN_SECONDS
        )
    except subprocess.TimeoutExpired as late:
        raise RigError(
            f"Maven did not finish fetching Trino within {_MAVEN_SECONDS} s. Run it again: what it"
            " has fetched so far is kept."
        ) from late
    if answer.returncode != 0:
        errors = [line for line in answer.stdout.splitlines() if line.startswith("[ERROR]")]
        raise RigError(
            "Maven could not fetch Trino. Check its settings and the network, then run it again."
            " Maven says:\n" + "\n".join(errors[:6])
        )


def _unpack(archive: Path, plugins: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(plugins)
    # The zip holds one folder, trino-hive-435; Trino wants plugin/hive.
    unpacked = plugins / archive.stem
    unpacked.rename(plugins / archive.stem.removeprefix("trino-").rsplit("-", 1)[0])
    archive.unlink()
