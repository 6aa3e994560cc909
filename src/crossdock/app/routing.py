"""Where a command goes: the partner that serves its recipient, or the one it is for by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from crossdock.faults import Misconfigured, Unassigned
from crossdock.messages.envelope import Command
from crossdock.ports import Endpoint, Routed


class Target(Struct, frozen=True, kw_only=True):
    """A partner that takes commands, and for whom: company codes or SCACs; empty: for everyone."""

    endpoint: Endpoint
    serves: tuple[str, ...] = ()


def router(targets: Sequence[Target]) -> Callable[[Command, object], tuple[Routed, ...]]:
    """Build the `route(command, rules)` of flow over the configured partners.

    Raises Unassigned where no partner, and Misconfigured where several partners, may take it.
    """

    def route(command: Command, _rules: object) -> tuple[Routed, ...]:
        able = [one for one in targets if command.verb in one.endpoint.connector.operations]
        recipient = command.recipient()
        if command.personal:
            chosen = [one for one in able if recipient == one.endpoint.name]
        else:
            chosen = [one for one in able if recipient in one.serves]
            chosen = chosen or [one for one in able if not one.serves]
        if not chosen:
            raise Unassigned(
                "No partner is configured to take this; add one, or add the recipient to `serves`",
                verb=command.verb,
                recipient=recipient,
            )
        if len(chosen) > 1:
            raise Misconfigured(
                "Several partners would take this; say in `serves` which one does",
                verb=command.verb,
                recipient=recipient,
                partners=", ".join(one.endpoint.name for one in chosen),
            )
        endpoint = chosen[0].endpoint
        request = endpoint.connector.write(command, endpoint.settings)
        return (Routed(endpoint=endpoint.name, request=request),)

    return route
