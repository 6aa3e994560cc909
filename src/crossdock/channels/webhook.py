"""Webhooks signed by Standard Webhooks 1.0.0: what is signed is `id.timestamp.body`, raw.

Several secrets hold at once, so that one can be changed without losing a delivery. The answer to
"who says so" takes the same work whatever is wrong.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from crossdock.faults import Misconfigured

PREFIX = "whsec_"
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64  # Standard Webhooks 1.0.0, "Signature scheme"
TOLERANCE_SECONDS = 300
SIGNATURES_MAX = 16

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"


class Verdict(StrEnum):
    """What a signature is worth."""

    GENUINE = "genuine"
    UNSIGNED = "unsigned"  # a header is missing or is not what it should be
    STALE = "stale"  # signed too long ago, or in the future
    FORGED = "forged"  # no secret of ours made this signature


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Sign a body, as the header `webhook-signature` carries it; `timestamp` in Unix seconds.

    Raises Misconfigured for a secret that is none.
    """
    return _signature(key_of(secret), webhook_id, str(timestamp), body)


def headers(secret: str, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Write the three headers of a delivery."""
    signature = sign(secret, webhook_id, timestamp, body)
    return {ID: webhook_id, TIMESTAMP: str(timestamp), SIGNATURE: signature}


def verify(
    secrets: Sequence[str],
    told: Mapping[str, str],
    body: bytes,
    now: datetime,
    *,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> Verdict:
    """Judge a delivery by its headers (names in lower case) and its body exactly as received.

    Every signature is compared with every secret, in constant time, also where the answer is known
    already. Raises Misconfigured for a secret that is none.
    """
    webhook_id, timestamp = told.get(ID, ""), told.get(TIMESTAMP, "")
    claimed = told.get(SIGNATURE, "").split(" ")[:SIGNATURES_MAX]
    ours = [_signature(key_of(secret), webhook_id, timestamp, body) for secret in secrets]
    equal = [
        hmac.compare_digest(mine.encode(), theirs.encode("utf-8", "surrogatepass"))
        for mine in ours
        for theirs in claimed
    ]
    if not webhook_id or not claimed[0] or not _is_time(timestamp):
        return Verdict.UNSIGNED
    if not any(equal):
        return Verdict.FORGED
    if abs(now.timestamp() - int(timestamp)) > tolerance_seconds:
        return Verdict.STALE
    return Verdict.GENUINE


def is_genuine(
    secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Tell whether one of the secrets signed this body, lately."""
    return verify(secrets, headers, body, now) is Verdict.GENUINE


def key_of(secret: str) -> bytes:
    """Read a `whsec_` secret. Raises Misconfigured, without showing it, for one that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX).encode(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Misconfigured("A webhook secret must be `whsec_` and base64") from error
    if not secret.startswith(PREFIX) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise Misconfigured(
            "A webhook secret must be `whsec_` and base64 of 24 to 64 bytes", bytes=len(key)
        )
    return key


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len("9999999999")


def _signature(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join(
        (
            webhook_id.encode("utf-8", "surrogatepass"),
            timestamp.encode("utf-8", "surrogatepass"),
            body,
        )
    )
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
