"""What must hold, whatever goes wrong: one object each, with the number of its rule.

A new process adds its invariants to the file of its subject and to `INVARIANTS`; nothing else.
"""

from __future__ import annotations

from crossdock.testing.simulation.invariants.base import Invariant
from crossdock.testing.simulation.invariants.customers import OfferAnswered, ToldByMessage
from crossdock.testing.simulation.invariants.effects import (
    AfterCommit,
    Bounded,
    Fenced,
    LookedUp,
    Once,
    OneKey,
    Polite,
    Replayed,
)
from crossdock.testing.simulation.invariants.exchanges import Answered, Numbered
from crossdock.testing.simulation.invariants.intake import (
    Conserved,
    Final,
    Kept,
    Quarantined,
    ReadAlike,
    ToldApart,
)
from crossdock.testing.simulation.invariants.ledgers import Believed
from crossdock.testing.simulation.invariants.mended import OneOfBoth
from crossdock.testing.simulation.invariants.money import (
    AccruedOnce,
    AccruedWithProof,
    AgreedByEnough,
    BilledWhenCertain,
    Cleared,
    Dated,
    Exact,
    InOrder,
    MoneyConserved,
    Reconciled,
    SplitExactly,
)
from crossdock.testing.simulation.invariants.operations import (
    Audited,
    Counted,
    Ends,
    Traced,
    Wakeable,
)
from crossdock.testing.simulation.invariants.orders import (
    CancelledAlike,
    Complete,
    NewestAsked,
    NothingLost,
    OneRequest,
    Referenced,
)
from crossdock.testing.simulation.invariants.portal import (
    BehindTheErp,
    Forward,
    Fresh,
    OnlyTheirs,
    Possible,
    ToldOnce,
)
from crossdock.testing.simulation.invariants.rules import KeepsItsRules
from crossdock.testing.simulation.invariants.stock import NoMoreThanCommitted, StockConserved
from crossdock.testing.simulation.invariants.tenants import Apart

INVARIANTS: tuple[type[Invariant], ...] = (
    Kept,
    Conserved,
    Final,
    ToldApart,
    ReadAlike,
    Answered,
    Numbered,
    Wakeable,
    OneKey,
    Once,
    LookedUp,
    AfterCommit,
    Fenced,
    Bounded,
    Polite,
    Quarantined,
    Replayed,
    OneOfBoth,
    OneRequest,
    NewestAsked,
    Complete,
    Referenced,
    CancelledAlike,
    NothingLost,
    NoMoreThanCommitted,
    StockConserved,
    AccruedOnce,
    AccruedWithProof,
    AgreedByEnough,
    InOrder,
    Dated,
    Exact,
    BilledWhenCertain,
    SplitExactly,
    MoneyConserved,
    Cleared,
    Reconciled,
    Believed,
    KeepsItsRules,
    BehindTheErp,
    ToldOnce,
    ToldByMessage,
    OfferAnswered,
    Forward,
    Fresh,
    Possible,
    OnlyTheirs,
    Apart,
    Audited,
    Traced,
    Counted,
    Ends,
)
