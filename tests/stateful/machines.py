"""Every machine there is; a new one is one line here."""

from __future__ import annotations

from hypothesis.stateful import RuleBasedStateMachine

from tests.stateful.breaker import Breaker
from tests.stateful.bucket import TokenBucket
from tests.stateful.commitment import Commitment
from tests.stateful.delivery import Delivery
from tests.stateful.freight import Freight
from tests.stateful.inbox import Inbox
from tests.stateful.outbox import Outbox
from tests.stateful.stores import over_every_store
from tests.stateful.timers import Timers
from tests.stateful.view import View

MACHINES: dict[str, type[RuleBasedStateMachine]] = {
    **over_every_store(Inbox),
    **over_every_store(Outbox),
    **over_every_store(Timers),
    **over_every_store(Breaker),
    **over_every_store(Delivery),
    "Freight": Freight,
    "TokenBucket": TokenBucket,
    "View": View,
    "Commitment": Commitment,
}
