"""The socket between the system API and flow: bytes go in, a receipt comes out after the flush."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.messages.acknowledgement import Environment


class Intake(Protocol):
    """What stores a document and everything read in it."""

    async def take(self, arrival: Arrival) -> Receipt:
        """Store it; return when it is flushed. Raises NotNow where there is no room now."""
        ...


class Caller(Struct, frozen=True, kw_only=True):
    """A partner as the system API knows it: what it may bring, and how it signs.

    `webhook_secrets` and `test_webhook_secrets` both empty mean that its deliveries are not signed.
    `credentials` is what the former are for; the latter are for tests. `answers_in_response`: what
    it is owed rides in the response.
    """

    name: str
    documents: frozenset[str]
    webhook_secrets: tuple[str, ...] = ()
    test_webhook_secrets: tuple[str, ...] = ()
    credentials: Environment = Environment.PRODUCTION
    answers_in_response: bool = False
    body_max_bytes: int = 1024 * 1024
