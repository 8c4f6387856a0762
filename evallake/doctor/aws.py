"""The account: region, credentials, clock, and how the lake's bucket is set up.

A bucket's settings may be out of this role's sight; they are then not judged, since no verb of ours
needs to see them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from evallake.config import Config
from evallake.doctor.verdicts import FAIL, OK, WARN, Finding, refused
from ingest.aws.addresses import s3_address
from ingest.aws.clients import client
from ingest.aws.refusals import botocore_errors, error_code, is_silence, refusal, refusals
from ingest.errors import IngestError

_SKEW_WORTH_A_WORD = timedelta(seconds=30)
_SKEW_REFUSED = timedelta(minutes=15)
"""AWS refuses requests whose time is further from its own."""
_UNSEEN = "not looked at: this role may not see it, and need not"
_DENIED = ("AccessDenied", "AccessDeniedException", "403", "AllAccessDisabled")
_UNSET = (
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
)


def look_at_account(config: Config) -> Iterator[Finding]:
    """Region and credentials; without them nothing on AWS can be looked at."""
    try:
        sts = client("sts")
    except IngestError as error:
        yield refused("region", error)
        return
    yield Finding("region", OK, sts.meta.region_name)
    try:
        who = sts.get_caller_identity()
    except botocore_errors() as error:
        told = refused("credentials", refusal(error, doing="ask who this is", where=config.root))
        # a network without a way to STS may well have one to S3, and then all verbs work
        is_unknown = is_silence(error) or error_code(error) in _DENIED
        verdict = WARN if is_unknown else FAIL
        yield Finding(told.check, verdict, told.told, told.do)
    else:
        yield Finding("credentials", OK, who["Arn"])


def look_at_bucket(config: Config, *, now: Callable[[], datetime]) -> Iterator[Finding]:
    """The clock against S3's, and the bucket's encryption, versions, lifecycle and openness."""
    address = s3_address(config.root)
    s3 = client("s3")
    try:
        with refusals(doing="look into this lake", where=config.root):
            answer = s3.list_objects_v2(Bucket=address.bucket, Prefix=f"{address.key}/_", MaxKeys=1)
    except IngestError as error:
        yield refused("bucket", error)
        return
    yield Finding("bucket", OK, f"s3://{address.bucket} can be listed")
    yield clock(answer["ResponseMetadata"]["HTTPHeaders"].get("date"), now=now())
    for check, ask, judge in (
        ("encryption", s3.get_bucket_encryption, encryption),
        ("versions", s3.get_bucket_versioning, versions),
        ("lifecycle", s3.get_bucket_lifecycle_configuration, _lifecycle_of(address.key)),
        ("public access", s3.get_public_access_block, public_access),
    ):
        yield _setting(check, lambda ask=ask: ask(Bucket=address.bucket), judge)  # type: ignore[misc]


def clock(told: str | None, *, now: datetime) -> Finding:
    """How far this machine's clock is from S3's; events and identifiers take their time from it."""
    if told is None:
        return Finding("clock", OK, "S3 does not tell its time")
    skew = abs(now - parsedate_to_datetime(told))
    seconds = f"{skew.total_seconds():,.0f} s from that of S3"
    if skew >= _SKEW_REFUSED:
        return Finding("clock", FAIL, f"{seconds}: AWS refuses such requests", "set the clock")
    if skew >= _SKEW_WORTH_A_WORD:
        return Finding(
            "clock", WARN, f"{seconds}: loads and grace times would be dated by it", "set the clock"
        )
    return Finding("clock", OK, seconds)


def _setting(check: str, ask: Callable[[], Any], judge: Callable[[Any], Finding]) -> Finding:
    """What `judge` says of a setting; None for one that is not set."""
    try:
        return judge(ask())
    except botocore_errors() as error:
        code = error_code(error)
        if code in _UNSET:
            return judge(None)
        if code in _DENIED:
            return Finding(check, OK, _UNSEEN)
        return refused(
            check, refusal(error, doing=f"see its {check}", where="bucket"), verdict=WARN
        )


def encryption(told: Any) -> Finding:
    """What the bucket encrypts with where a writer does not say."""
    if told is None:
        return Finding(
            "encryption", WARN, "the bucket encrypts nothing by itself", "set a default encryption"
        )
    rules = told["ServerSideEncryptionConfiguration"]["Rules"]
    names = {
        rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for rule in rules
    }
    return Finding("encryption", OK, ", ".join(sorted(filter(None, names))) or "as S3 does it")


def versions(told: Any) -> Finding:
    """Whether what is overwritten or removed can be had back."""
    status = (told or {}).get("Status", "off")
    if status == "Enabled":
        return Finding("versions", OK, "kept; let old ones expire by lifecycle, they are paid for")
    return Finding("versions", OK, f"{status.lower()}: what vacuum removes is gone")


def _lifecycle_of(root: str) -> Callable[[Any], Finding]:
    return lambda told: lifecycle(told, root=root)


def lifecycle(told: Any, *, root: str) -> Finding:
    """Whether results expire, and whether nothing else does.

    Args:
        told: the bucket's rules, as S3 gives them; None where there are none.
        root: the lake's prefix.
    """
    rules = [rule for rule in (told or {}).get("Rules", ()) if rule.get("Status") == "Enabled"]
    results = f"{root}/_athena/results/"
    expiring = [_prefix(rule) for rule in rules if "Expiration" in rule and not _is_narrow(rule)]
    deadly = [
        prefix
        for prefix in expiring
        if not prefix.startswith(results) and (root.startswith(prefix) or prefix.startswith(root))
    ]
    if deadly:
        return Finding(
            "lifecycle",
            FAIL,
            f"a rule lets objects of the lake expire (prefix {deadly[0]!r})",
            f"narrow it to {results}",
        )
    if not any(results.startswith(prefix) for prefix in expiring):
        return Finding(
            "lifecycle",
            WARN,
            "results of queries are kept for ever",
            "put docs/aws/lifecycle.json on the bucket",
        )
    return Finding("lifecycle", OK, "results of queries expire, the lake does not")


def _prefix(rule: Any) -> str:
    found = rule.get("Filter", {})
    narrowed = found.get("And", found).get("Prefix", rule.get("Prefix"))
    return str(narrowed or "")


def _is_narrow(rule: Any) -> bool:
    """Whether a rule is about unfinished uploads or delete markers alone: it removes no object."""
    expiration = rule["Expiration"]
    return "Days" not in expiration and "Date" not in expiration


def public_access(told: Any) -> Finding:
    """Whether the bucket can be opened to everybody."""
    settings = (told or {}).get("PublicAccessBlockConfiguration", {})
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    if all(settings.get(name) for name in names):
        return Finding("public access", OK, "blocked")
    return Finding(
        "public access",
        WARN,
        "the bucket itself does not block it; the account may",
        "block it: aws s3api put-public-access-block",
    )
