"""The unassigned inbox: documents no partner or agreement matched, read when one does.

They are kept as they came, each with an exception. After the configuration has changed they are
read again by a command, and at every start.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from crossdock.faults import Unassigned
from crossdock.flow import operator
from crossdock.flow.decisions import RETRY, Decision
from crossdock.flow.exceptions import UNASSIGNED
from crossdock.flow.reading import read
from crossdock.flow.roster import Directory
from crossdock.ports.store import ExceptionRow, Reader, Unit

PAGE = 500
BY = "flow"
REASON = "a partner matches now"


def assign(directory: Directory, unit: Unit, now: datetime) -> tuple[int, frozenset[str]]:
    """Read the documents that have a partner now; answer how many, and the endpoints with work."""
    endpoints: frozenset[str] = frozenset()
    count = 0
    for row in list(_waiting(unit, directory.roster.tenant)):
        if _matches(directory, unit, row):
            decision = Decision(verb=RETRY, exception_id=row.id, by=BY, reason=REASON)
            endpoints |= operator.decide(directory, unit, decision, now).endpoints
            count += 1
    return count, endpoints


def _waiting(reader: Reader, tenant: str) -> Iterator[ExceptionRow]:
    after = ""
    while rows := reader.exceptions(tenant, after=after, limit=PAGE):
        yield from (row for row in rows if row.code == UNASSIGNED)
        after = rows[-1].id


def _matches(directory: Directory, unit: Unit, row: ExceptionRow) -> bool:
    """Tell whether a document has a partner now; whatever else is wrong with it is told as ever."""
    document = unit.document(row.tenant, row.document_id)
    if document is None:
        return False
    try:
        read(directory.roster, document.endpoint, document.document, document.content)
    except Unassigned:
        return False
    except Exception:  # it can be assigned; reading it again tells what is wrong
        return True
    return True
