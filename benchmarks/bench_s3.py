"""Ingest to S3 on loopback against local ingest plus the plain upload of the same bytes.

    python -m benchmarks.bench_s3 [--rows 100000] [--rounds 3] [--folder DIR] [--json FILE]

S3 is moto in a process of its own. In each round, on the same job: an ingest into a folder; the
files of that lake sent with boto3's own `upload_file`, four at a time; an ingest into a bucket.
The bar: the third takes at most the first plus 1.3 times the second. Each runs in a process of
its own, and compiled kernels are loaded by a small ingest before the clock starts. moto computes
on the same cores and keeps everything in memory, so what it takes is taken from the ingest: over
a network, most of the upload would hide behind reading.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.jobs import write_job
from benchmarks.measuring import Measured, in_own_process, machine, measured, middle, report, say

MODULE = "benchmarks.bench_s3"
BAR = 1.3
BUCKET = "bench"

_SERVER = """
import logging, sys, time
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
"""


@contextmanager
def s3_on_loopback() -> Iterator[str]:
    """A moto server in a process of its own; its address."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def ingest(job: Path, root: str) -> dict[str, Any]:
    from ingest.lake import Lake
    from ingest.landing import IngestOptions, ingest_source

    lake = Lake.open(root, create=True)
    [landed] = ingest_source(str(job), lake, options=IngestOptions(), now=lambda: datetime.now(UTC))
    return {"rows": landed.accounting.landed}


def upload(lake: Path) -> dict[str, Any]:
    """Every file of a lake, as a script with boto3 would send them."""
    import boto3

    s3 = boto3.client("s3")
    files = [path for path in lake.rglob("*") if path.is_file()]

    def send(path: Path) -> int:
        s3.upload_file(str(path), BUCKET, f"plain/{path.relative_to(lake).as_posix()}")
        return path.stat().st_size

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(send, files))
    return {"files": len(sent), "bytes": sum(sent)}


def child(kind: str, job: Path, lake: str) -> None:
    if kind == "upload":
        say(measured(lambda: upload(Path(lake))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        few = write_job(Path(scratch), rows=50, name="warm-up")
        ingest(few, str(Path(scratch) / "lake"))
    say(measured(lambda: ingest(job, lake)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the job is written; kept when given")
    parser.add_argument("--json", type=Path, dest="json_to")
    parser.add_argument("--child", choices=["local", "upload", "s3"], help=argparse.SUPPRESS)
    parser.add_argument("--lake", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.folder, given.lake)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        job = folder / f"bench-{given.rows}"
        if not job.is_dir():
            write_job(folder, rows=given.rows, name=job.name)
        compare(job, given)


def compare(job: Path, given: argparse.Namespace) -> None:
    runs: dict[str, list[Measured]] = {"local": [], "upload": [], "s3": []}
    for _ in range(given.rounds):
        # A server for each round: moto keeps in memory what it was sent.
        with tempfile.TemporaryDirectory(dir=job.parent) as scratch, s3_on_loopback() as endpoint:
            os.environ.update(
                AWS_ENDPOINT_URL=endpoint,
                AWS_ACCESS_KEY_ID="testing",
                AWS_SECRET_ACCESS_KEY="testing",
                AWS_DEFAULT_REGION="us-east-1",
            )
            import boto3

            boto3.Session().client("s3").create_bucket(Bucket=BUCKET)
            local = str(Path(scratch) / "lake")
            for kind, lake in (("local", local), ("upload", local), ("s3", f"s3://{BUCKET}/lake")):
                arguments = ["--child", kind, "--folder", str(job), "--lake", lake]
                runs[kind].append(in_own_process(MODULE, arguments))
    local, plain, whole = (middle(runs[kind]) for kind in ("local", "upload", "s3"))
    allowed = local + BAR * plain
    sent = runs["upload"][-1].notes
    report(
        f"{given.rows:,} rows, {sent['bytes'] / 1e6:,.0f} MB of lake, {machine()['cores']} cores",
        [
            ("local ingest", f"{local:8.2f} s"),
            ("plain upload of its files", f"{plain:8.2f} s   {sent['files']} files"),
            ("ingest to S3", f"{whole:8.2f} s"),
            (f"of local + {BAR} x upload (bar: 1)", f"{whole / allowed:8.2f}"),
            ("beyond local, in uploads", f"{(whole - local) / plain:8.2f}"),
            (
                "peak of the ingest to S3",
                f"{max(run.peak_bytes for run in runs['s3']) / 2**20:8,.0f} MiB",
            ),
        ],
        json_to=given.json_to,
        data={
            "rows": given.rows,
            "lake_bytes": sent["bytes"],
            **{f"{kind}_seconds": [run.seconds for run in done] for kind, done in runs.items()},
            "ratio": whole / allowed,
            "bar": BAR,
        },
    )
    if whole > allowed:
        raise SystemExit("the bar is missed")


if __name__ == "__main__":
    main()
