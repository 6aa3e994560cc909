"""The roster: who takes part, handed to flow by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.faults import Misconfigured, Outdated
from crossdock.flow.memory import Memory
from crossdock.messages.acknowledgement import Environment
from crossdock.messages.envelope import Body, Command, Message
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import Connector, Endpoint, Ids, Projection, Routed, Subscriber
from crossdock.ports.store import Reader


class Inbound(Struct, frozen=True, kw_only=True):
    """A partner that sends us documents: its dialect, its settings, and the way it comes by."""

    connector: Connector
    settings: Struct
    environment: Environment = Environment.PRODUCTION


class Rulebook(Struct, frozen=True, kw_only=True):
    """Today's rules, and the earlier ones that running cases keep, by digest."""

    today: Rules
    earlier: Mapping[str, Rules] = {}

    def edition(self, digest: str) -> Rules:
        """Choose the rules of a digest; an empty one follows today's.

        Raises Misconfigured for a digest that is not kept.
        """
        if digest in {"", self.today.digest}:
            return self.today
        if not self.knows(digest):
            raise Misconfigured(
                "A case is pinned to a rule book that is not kept; restore its policy files",
                digest=digest,
            )
        return self.earlier[digest]

    def knows(self, digest: str) -> bool:
        """Tell whether the rules of a digest are at hand."""
        return digest in {"", self.today.digest} or digest in self.earlier

    def team_for(self, code: str, team: str) -> str:
        """Choose the team that hears of a code, where the rules send it elsewhere."""
        return next((row.team for row in self.today.teams if row.code == code), team)

    def remembering(self, stored: Mapping[str, bytes]) -> Rulebook:
        """Add the rule books a store has kept for pinned cases; unreadable ones are left out.

        All know the exchange rates of today.
        """
        earlier = dict(self.earlier)
        for digest, content in stored.items():
            try:
                kept = msgspec.json.decode(content, type=Rules)
            except msgspec.DecodeError:
                continue
            earlier[digest] = kept.kept_as(digest, self.today.exchange_rates)
        return msgspec.structs.replace(self, earlier=earlier)


class Books:
    """The rule book, and what the store keeps besides: of a process that was started later."""

    def __init__(self, roster: Roster, reader: Reader) -> None:
        """Begin with what this process knows."""
        self._tenant = roster.tenant
        self._rulebook = roster.rulebook
        self._reader = reader

    def edition(self, digest: str) -> Rules:
        """Choose the rules a case keeps.

        Raises Misconfigured for rules that are not kept.
        """
        if not self._rulebook.knows(digest):
            self._rulebook = self._rulebook.remembering(self._reader.rules(self._tenant))
        return self._rulebook.edition(digest)


class Roster(Struct, frozen=True, kw_only=True):
    """Who takes part: processes, read models, partners to hear and to tell, rules, ids.

    `route` turns a command into the requests to make, with the rules of the asking case; it raises
    Refused or Misconfigured where a command cannot be written or has nowhere to go. `inbound` and
    `endpoints` are by partner name. `environment` tells whether this house is for tests.
    """

    subscribers: tuple[Subscriber[Any, Any], ...]
    projections: tuple[Projection, ...] = ()
    inbound: Mapping[str, Inbound] = {}
    endpoints: Mapping[str, Endpoint] = {}
    route: Callable[[Command, Rules], tuple[Routed, ...]]
    rulebook: Rulebook
    ids: Ids
    tenant: str = "main"
    environment: Environment = Environment.PRODUCTION


class Directory:
    """The roster by what one asks it: whose turn is a message, who is called so.

    `memory` holds states as these subscribers have written them.
    """

    def __init__(self, roster: Roster) -> None:
        """Sort the subscribers and projections by what they receive."""
        self.roster = roster
        self.memory = Memory()
        self.subscribers = {each.name: each for each in roster.subscribers}
        self._listening: dict[type[Body], tuple[Subscriber[Any, Any], ...]] = {}
        self._showing: dict[type[Body], tuple[Projection, ...]] = {}

    def listening(self, message: Message) -> tuple[Subscriber[Any, Any], ...]:
        """Name the subscribers asked about a body of this type."""
        kind = type(message.body)
        if kind not in self._listening:
            self._listening[kind] = tuple(
                each for each in self.roster.subscribers if kind in each.receives
            )
        return self._listening[kind]

    def showing(self, message: Message) -> tuple[Projection, ...]:
        """Name the projections that show a body of this type."""
        kind = type(message.body)
        if kind not in self._showing:
            self._showing[kind] = tuple(
                each for each in self.roster.projections if kind in each.receives
            )
        return self._showing[kind]

    def subscriber(self, name: str) -> Subscriber[Any, Any]:
        """Find a process by name. Raises Outdated where this release has none of that name."""
        if name not in self.subscribers:
            raise Outdated(
                "A message waits for a process this release does not have", subscriber=name
            )
        return self.subscribers[name]


OWNERLESS = Team.INTEGRATION  # who looks after what has no owner of its own
