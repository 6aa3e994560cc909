"""Console and process API over one store, with an operator who writes down what is asked."""

from collections.abc import Callable, Mapping

from crossdock.apis.access import Access, Seal
from crossdock.apis.process.v1.freight_routes import FreightApi, Money
from crossdock.apis.process.v1.operations import Operations
from crossdock.apis.process.v1.routes import ProcessApi
from crossdock.apis.server import App, build_asgi
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.console.finance import Finance
from crossdock.console.pages import Console
from crossdock.flow.decisions import AlreadyClosed, Decision, NeedsReason, Undecidable
from crossdock.flow.operator_word import Word
from crossdock.flow.replayer import Choice
from crossdock.ports.store import Store
from tests.apis.rows import NOW
from tests.apis.test_deliveries import CALLERS, RECEIPT, Ledger, marked

SEAL = Seal(b"key")


class Clerk:
    """An operator who writes down each decision, and cannot retry what is called closed.

    `after` is what the processes make of a word that is said to them.
    """

    def __init__(self, after: Callable[[], None] = lambda: None) -> None:
        self.said: list[Word] = []
        self._after = after
        self.decided: list[Decision] = []
        self.replayed: list[Choice] = []
        self.seen: list[tuple[str, str]] = []
        self.recovered: list[tuple[str, str, str]] = []

    async def decide(
        self, verb: str, exception_id: str, *, by: str, reason: str, content: bytes = b""
    ) -> str:
        """Write the decision down."""
        if reason == "too late":
            raise AlreadyClosed("It is settled already", exception=exception_id)
        decision = Decision(
            verb=verb, exception_id=exception_id, by=by, reason=reason, content=content
        )
        self.decided.append(decision)
        return f"It is done: {verb}"

    async def say(self, word: Word) -> str:
        """Write the word down."""
        self.said.append(word)
        self._after()
        return f"w-{len(self.said)}"

    async def replay(self, choice: Choice) -> None:
        """Write the choice down."""
        if "gone" in choice.effects:
            raise Undecidable("These effects are not new; look again", effects="gone")
        self.replayed.append(choice)

    async def recover(self, verb: str, *, by: str, reason: str) -> str:
        """Write down who let go what a restore holds."""
        if not reason.strip():
            raise NeedsReason("Say who decides this, and why")
        if reason == "too late":
            raise Undecidable("Nothing is held")
        self.recovered.append((verb, by, reason))
        return f"It is done: {verb}"

    async def looked_at(self, document_id: str, *, by: str) -> None:
        """Write down who looked."""
        self.seen.append((document_id, by))


def house(
    store: Store,
    clerk: Clerk | None = None,
    *,
    token: str = "",
    persons: Mapping[str, str] | None = None,
    ledger: Ledger | None = None,
) -> App:
    """Build the application."""
    clerk = clerk or Clerk()
    access = Access(token, SEAL, lambda: NOW, persons)
    money = Money(store.read, "main", clerk)
    operations = Operations(store.read, "main")
    deliveries = Deliveries("main", CALLERS, ledger or Ledger(RECEIPT), marked, lambda: NOW)
    given = (
        *Console(operations, clerk, access, lambda: NOW).routes(),
        *Finance(money, access, lambda: NOW).routes(),
        *FreightApi(money, access).routes(),
        *ProcessApi(operations, clerk, access, deliveries.by_hand).routes(),
    )
    return build_asgi(given, deliveries=deliveries)
