"""The chain of the audit log: each row sealed with the one before it, and what verifies it.

    seal of a row = number of the row before it in the chain (8 bytes, big-endian)
                    + BLAKE2b-256 of the digest before it, that number, and the row

Rows are written unsealed, so that no step waits for another one's row, and sealed in batches a
little later, whichever number is committed first. The head of the chain, `number:digest`, is a mark
of the store; whoever may write the store could cut rows off and set it back, so it is told to the
log as well: a head that was kept elsewhere shows what was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import msgspec
from msgspec import Struct

from crossdock.ports.store import AuditRow, Reader, Unit

SEALED_MAX = 500  # in one transaction
PAGE = 1000
LATE_MAX = 200  # a row may be committed after so many that have higher numbers
NOTHING = bytes(32)
NUMBER = 8  # bytes


class Verdict(Struct, frozen=True, kw_only=True):
    """What was found: `wrong` says in one sentence each what is not as it was sealed.

    `head` is the newest link of the chain, empty where there is none; `waiting` rows are not
    sealed yet.
    """

    rows: int
    waiting: int
    head: str
    wrong: tuple[str, ...]


class Link(Struct, frozen=True):
    """One sealed row as it is found: the row before it, its digest, and what it says, hashed."""

    before: int
    digest: bytes
    content: bytes


def waits(reader: Reader, tenant: str) -> bool:
    """Tell whether there are rows to seal: mostly there are none, and no transaction is needed."""
    return bool(_unsealed(reader, tenant, 1))


def seal(unit: Unit, tenant: str) -> str:
    """Seal the oldest rows that are not; answer the new head.

    One transaction at a time does it for a tenant, whatever number of workers there is: they wait
    for each other at a mark.
    """
    unit.set_mark(f"audit_sealing/{tenant}", "")
    number, digest = _head(unit, tenant)
    seals = []
    for row in _unsealed(unit, tenant, SEALED_MAX):
        digest_now = _digest(digest, number, _content(row))
        seals.append((tenant, row.seq, number.to_bytes(NUMBER, "big") + digest_now))
        number, digest = row.seq, digest_now
    unit.seal_audit(seals)
    head = _written(number, digest)
    unit.set_mark(_mark(tenant), head)
    return head


def verify(reader: Reader, tenant: str, kept_head: str = "") -> Verdict:
    """Hold the log against its chain, and against a head that was kept elsewhere."""
    links: dict[int, Link] = {}
    waiting: list[int] = []
    count = 0
    for row in _all(reader, tenant):
        count += 1
        if row.seal:
            before = int.from_bytes(row.seal[:NUMBER], "big")
            links[row.seq] = Link(before, row.seal[NUMBER:], _content(row))
        else:
            waiting.append(row.seq)
    number, digest = _head(reader, tenant)
    wrong = [*_broken(links, number, digest)]
    wrong += [f"row {each} was put in: it is not sealed" for each in _never(waiting, number)]
    if kept_head and not _holds(links, kept_head):
        gone = "rows were cut off, or a backup put back"
        wrong.append(f"the head {kept_head} is not in the log: {gone}")
    head = _written(number, digest) if number else ""
    return Verdict(rows=count, waiting=len(waiting), head=head, wrong=tuple(wrong))


def _broken(links: dict[int, Link], number: int, digest: bytes) -> Iterator[str]:
    """Follow the chain from its head to its beginning, and tell what is not as it was sealed."""
    found = set[int]()
    while number:
        link = links.get(number)
        if link is None:
            yield f"row {number} is gone"
            return
        if number in found or link.digest != digest:
            yield f"row {number} is not the one that was sealed"
            return
        found.add(number)
        before = links.get(link.before)
        known = NOTHING if before is None else before.digest
        whole = before is not None or not link.before
        if whole and _digest(known, link.before, link.content) != digest:
            yield f"row {number}, or the seal before it, was changed"
        number, digest = link.before, known
    for each in sorted(links.keys() - found):
        yield f"row {each} was put in: the chain does not know it"


def _never(waiting: list[int], number: int) -> list[int]:
    return [each for each in waiting if each < number - LATE_MAX]


def _holds(links: dict[int, Link], head: str) -> bool:
    number, _, digest = head.partition(":")
    link = links.get(int(number)) if number.isascii() and number.isdigit() else None
    return link is not None and link.digest.hex() == digest


def _all(reader: Reader, tenant: str) -> Iterator[AuditRow]:
    page = reader.audit_after(tenant, 0, PAGE)
    while page:
        yield from page
        page = reader.audit_after(tenant, page[-1].seq, PAGE)


def _unsealed(reader: Reader, tenant: str, limit: int) -> list[AuditRow]:
    number, _ = _head(reader, tenant)
    # The head may itself be late: as many on either side of it are sealed already.
    newest = reader.audit_after(tenant, max(number - LATE_MAX, 0), 2 * LATE_MAX + limit)
    return [row for row in newest if not row.seal][:limit]


def _mark(tenant: str) -> str:
    return f"audit_head/{tenant}"


def _head(reader: Reader, tenant: str) -> tuple[int, bytes]:
    number, _, digest = reader.mark(_mark(tenant)).partition(":")
    return (int(number), bytes.fromhex(digest)) if number else (0, NOTHING)


def _written(number: int, digest: bytes) -> str:
    return f"{number}:{digest.hex()}" if number else ""


def _content(row: AuditRow) -> bytes:
    said = (row.tenant, row.seq, row.at, row.actor, row.action, row.subject, row.reason, row.detail)
    return blake2b(msgspec.json.encode(said), digest_size=32).digest()


def _digest(before: bytes, number: int, content: bytes) -> bytes:
    return blake2b(before + number.to_bytes(NUMBER, "big") + content, digest_size=32).digest()
