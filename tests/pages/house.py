"""Console and process API over one store, with an operator who writes down what is asked."""

from crossdock.apis.access import Access, Seal
from crossdock.apis.process.v1 import routes as process_routes
from crossdock.apis.process.v1.operations import Operations
from crossdock.apis.process.v1.verbs import Action, Verb
from crossdock.apis.server import App, build_asgi
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.console.pages import Console
from crossdock.faults import Refused
from crossdock.ports.store import Store
from tests.apis.rows import NOW
from tests.apis.test_deliveries import CALLERS, RECEIPT, Ledger, marked

SEAL = Seal(b"key")


class Clerk:
    """An operator who writes down each decision, and cannot retry what is called closed."""

    def __init__(self) -> None:
        self.decided: list[tuple[str, ...]] = []
        self.seen: list[tuple[str, str, str]] = []

    async def decide(
        self, verb: Verb, exception_id: str, *, by: str, reason: str, content: bytes
    ) -> str:
        """Write the decision down."""
        if reason == "too late":
            raise Refused("It is settled already", exception=exception_id)
        self.decided.append((verb, exception_id, by, reason, content.decode()))
        return f"It is done: {verb}"

    async def note(self, action: Action, subject: str, *, by: str) -> None:
        """Write down who did what."""
        self.seen.append((action, subject, by))


def house(
    store: Store, clerk: Clerk | None = None, *, token: str = "", ledger: Ledger | None = None
) -> App:
    """Build the application."""
    clerk = clerk or Clerk()
    access = Access(token, SEAL, lambda: NOW)
    operations = Operations(store.read, "main")
    deliveries = Deliveries("main", CALLERS, ledger or Ledger(RECEIPT), marked, lambda: NOW)
    given = (
        *Console(operations, clerk, access, lambda: NOW).routes(),
        *process_routes.routes(operations, clerk, access, deliveries.by_hand),
    )
    return build_asgi(given, deliveries=deliveries)
