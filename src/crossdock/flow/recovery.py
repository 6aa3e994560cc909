"""After a restore: what the backup cannot know, and what is done about it.

Whatever happened after the backup was taken is not in the store, and yet it happened. So:

held      nothing is sent, and no timer rings: partners can say again what was lost before anybody
          decides by a silence that was ours
doubted   effects are sent again, but each may have been done before: one that can be looked up is
          looked up first, one that is harmless to repeat is repeated under its key and with its
          bytes, one that nothing protects becomes one exception
open      as ever

Doubt holds for effects that waited in the backup as for those that are asked for anew: a message
that is said again is decided again, and asks under the same key. Control numbers go on above all
that can have been used.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from crossdock.flow.decisions import NeedsReason, Undecidable
from crossdock.flow.outbound import DOUBT, MARK, Outbound, outbound
from crossdock.ports.backup import Backup
from crossdock.ports.store import AuditRow, OutboxStatus, Reader, Unit

RESTORED = "restored"  # the store's mark that tells of its last restore
SUBJECT = "store"  # what the audit rows are about

# Control numbers have nine digits (X12, ISA13). One for every two seconds since the year began
# leads every partner that gets fewer than 43,200 interchanges a day on average, and rises with
# each restore even where nothing is left that tells of the one before.
NUMBERS_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NUMBER_EVERY = timedelta(seconds=2)
NUMBERS_LEFT_OUT = 1_000_000  # beyond the highest that the backup knows

UNFINISHED = (OutboxStatus.WAITING, OutboxStatus.LEASED, OutboxStatus.UNKNOWN)


class Restored(Struct, frozen=True, kw_only=True):
    """A restore: what was put back, and what stood where then.

    `heard` tells when each partner's newest document in the backup was received, `counted` how many
    of each partner's reports were known; `doubted` counts effects by endpoint and verb. `replaced`
    names the store that was there before, `given_back` how many files of each partner lie in its
    folder again.
    """

    at: datetime
    by: str
    reason: str
    backup: Backup
    control_floor: int
    heard: Mapping[str, datetime]
    counted: Mapping[str, int]
    doubted: Mapping[str, Mapping[str, int]]
    replaced: str = ""
    given_back: Mapping[str, int] = {}


class Partner(Struct, frozen=True, kw_only=True):
    """One partner since the restore.

    What it said between `heard_before` and the restore may be lost; None: it was never heard.
    `new` and `known` count the reports that came since, `given_back` the files read again.
    """

    name: str
    heard_before: datetime | None
    new: int
    known: int
    given_back: int = 0


class Recovery(Struct, frozen=True, kw_only=True):
    """Where the house stands after a restore."""

    outbound: Outbound
    restored: Restored
    partners: tuple[Partner, ...]
    unfinished: int


def first_number(at: datetime) -> int:
    """Choose the control number that everything after a restore at this time lies above."""
    return max((at - NUMBERS_SINCE) // NUMBER_EVERY, 0)


def begin(  # noqa: PLR0913 - a restore has this many parts
    unit: Unit,
    tenant: str,
    backup: Backup,
    *,
    at: datetime,
    by: str,
    reason: str,
    floor: int = 0,
    replaced: str = "",
    given_back: Mapping[str, int] | None = None,
) -> Restored:
    """Turn a backup's content into a restored store: outbound held, effects doubted, a new epoch.

    `at` is the machine's time; effects become due by the backup's own clock. `floor` is the highest
    control number known from elsewhere: the store that is replaced. `replaced` and `given_back` are
    only noted.
    """
    highest = unit.raise_control_floor(max(first_number(at), floor))
    restored = Restored(
        at=at,
        by=by,
        reason=reason,
        backup=backup,
        control_floor=unit.raise_control_floor(highest + NUMBERS_LEFT_OUT),
        heard=unit.last_heard(tenant),
        counted=_counted(unit, tenant),
        doubted=_open_effects(unit, tenant),
        replaced=replaced,
        given_back=given_back or {},
    )
    unit.doubt_effects(DOUBT, backup.as_of or at)
    unit.set_mark(MARK, Outbound.HELD)
    unit.set_mark(RESTORED, msgspec.json.encode(restored).decode())
    _log(unit, tenant, "store.restored", at=at, by=by, reason=reason, detail=backup.file)
    return restored


def release(unit: Unit, tenant: str, *, by: str, reason: str, at: datetime) -> str:
    """Let effects go, each in doubt, and timers ring; answer what happens now.

    Raises NeedsReason, and Undecidable where nothing is held.
    """
    _needs_reason(by, reason)
    if outbound(unit) is not Outbound.HELD:
        raise Undecidable("Nothing is held; effects leave as they are asked for")
    unit.set_mark(MARK, Outbound.DOUBTED)
    _log(unit, tenant, "outbound.released", at=at, by=by, reason=reason)
    return "Effects leave now; each is looked up, repeated under its key, or asked about first"


def finish(unit: Unit, tenant: str, *, by: str, reason: str, at: datetime) -> str:
    """Take new effects for new again; answer what happens now.

    Raises NeedsReason, and Undecidable where outbound is still held or no restore is open.
    """
    _needs_reason(by, reason)
    match outbound(unit):
        case Outbound.HELD:
            raise Undecidable("Outbound is held; release it first, and see what comes of it")
        case Outbound.OPEN:
            raise Undecidable("No restore is open")
        case Outbound.DOUBTED:
            unit.set_mark(MARK, Outbound.OPEN)
    _log(unit, tenant, "restore.finished", at=at, by=by, reason=reason)
    return "The restore is over; new effects are sent as ever"


VERBS = {"release": release, "finish": finish}


def _needs_reason(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise NeedsReason("Say who decides this, and why; both are kept with the decision")


def _log(  # noqa: PLR0913 - an audit row has this many parts
    unit: Unit, tenant: str, action: str, *, at: datetime, by: str, reason: str, detail: str = ""
) -> None:
    row = AuditRow(
        tenant=tenant, at=at, actor=by, action=action, subject=SUBJECT, reason=reason, detail=detail
    )
    unit.log([row])


def last_restore(reader: Reader) -> Restored | None:
    """Read what the last restore noted; None where this store was never restored."""
    noted = reader.mark(RESTORED)
    return msgspec.json.decode(noted, type=Restored) if noted else None


def recovery(reader: Reader, tenant: str) -> Recovery | None:
    """Tell where the house stands after a restore that is not finished; None where none is open."""
    restored, now = last_restore(reader), outbound(reader)
    if restored is None or now is Outbound.OPEN:
        return None
    counted = _counted(reader, tenant)
    names = sorted({*restored.heard, *(name.split("/")[1] for name in counted)})
    return Recovery(
        outbound=now,
        restored=restored,
        partners=tuple(_partner(name, restored, counted) for name in names),
        unfinished=sum(sum(verbs.values()) for verbs in _open_effects(reader, tenant).values()),
    )


def _partner(name: str, restored: Restored, counted: Mapping[str, int]) -> Partner:
    def since(verdict: str) -> int:
        return sum(
            count - restored.counted.get(path, 0)
            for path, count in counted.items()
            if path.split("/")[1] == name and path.endswith(f"/{verdict}")
        )

    return Partner(
        name=name,
        heard_before=restored.heard.get(name),
        new=since("accepted"),
        known=since("duplicate"),
        given_back=restored.given_back.get(name, 0),
    )


def _counted(reader: Reader, tenant: str) -> dict[str, int]:
    """Count reports by `reports/<partner>/<document>/<verdict>`, as intake counts them."""
    counters = reader.counters(tenant)
    return {name: count for name, count in counters.items() if name.startswith("reports/")}


def _open_effects(reader: Reader, tenant: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (endpoint, verb, status), count in sorted(reader.outbox_counts(tenant).items()):
        if status in UNFINISHED:
            of_one = found.setdefault(endpoint, {})
            of_one[verb] = of_one.get(verb, 0) + count
    return found
