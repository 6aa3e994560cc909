"""The metrics, by name: counted by flow itself, so that no flow runs uncounted.

Names begin with `crossdock_`, units are seconds, and no label ever holds the id of an order, a
shipment or a message. Freshness is a `..._timestamp_seconds`: the age is what the reader computes.
Flow counts under paths (`steps/order_release/taken`); `PATHS` says which metric a path is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

# The first word of a path -> the metric, what it counts, and the labels of the words that follow.
PATHS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "documents": (
        "crossdock_documents_total",
        "Documents received.",
        ("partner", "document", "status"),
    ),
    "reports": (
        "crossdock_reports_total",
        "Reports found in documents: accepted, duplicate or conflict.",
        ("partner", "document", "verdict"),
    ),
    "steps": (
        "crossdock_steps_total",
        "Steps of processes: taken, parked or poison.",
        ("subscriber", "outcome"),
    ),
    "effects": (
        "crossdock_effects_total",
        "Calls to partners, by how they ended.",
        ("endpoint", "verb", "outcome"),
    ),
    "timers": ("crossdock_timers_total", "Timers that were due.", ("subscriber",)),
    "exceptions": (
        "crossdock_exceptions_total",
        "Exceptions opened, or seen once more.",
        ("team", "code"),
    ),
    "operator": (
        "crossdock_operator_verbs_total",
        "What operators decided: retry, edit or waive.",
        ("kind", "verb"),
    ),
}
SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0, 86400.0)


class Metrics:
    """The meters of one machine, in a registry of their own."""

    def __init__(self) -> None:
        """Hang up all meters at zero."""
        self.registry = CollectorRegistry()
        self._counters = {
            word: Counter(name, says, labels, registry=self.registry)
            for word, (name, says, labels) in PATHS.items()
        }
        self._counted: dict[str, Counter] = {}
        steps = self._histogram(
            "crossdock_step_wait_seconds",
            "From a message's arrival to the step it caused.",
            ("subscriber",),
        )
        effects = self._histogram(
            "crossdock_effect_seconds",
            "From asking for an effect to its end.",
            ("endpoint", "verb"),
        )
        exchanges = self._histogram(
            "crossdock_exchange_seconds", "How long a partner took to answer.", ("endpoint",)
        )
        self._commits = self._histogram(
            "crossdock_commit_seconds", "From asking for a transaction to its flushed end.", ()
        )
        last = Gauge(
            "crossdock_partner_last_received_timestamp_seconds",
            "When a partner was last heard of.",
            ("partner", "document"),
            registry=self.registry,
        )
        # Finding the meter of some labels takes longer than counting with it.
        self._step, self._effect = cache(steps.labels), cache(effects.labels)
        self._exchange, self._last_of = cache(exchanges.labels), cache(last.labels)
        self._breaker = Gauge(
            "crossdock_breaker_state",
            "A partner's circuit breaker: 0 closed, 1 half open, 2 open.",
            ("endpoint",),
            registry=self.registry,
        )
        self._levels = {
            "intake": self._gauge("crossdock_intake_waiting", "Documents waiting for a commit."),
            "inbox": self._gauge("crossdock_inbox_pending", "Steps not yet taken."),
            "free": self._gauge("crossdock_store_free_bytes", "Room left on the store's disk."),
            "parked": self._gauge("crossdock_inbox_parked", "Processes waiting for a person."),
            "released": self._gauge(
                "crossdock_lanes_released", "Lanes that only a newer release can go on with."
            ),
            "held": self._gauge(
                "crossdock_outbound_held", "1 while nothing is sent: a backup was restored."
            ),
        }

    def _histogram(self, name: str, says: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, says, labels, buckets=SECONDS, registry=self.registry)

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(name, says, registry=self.registry)

    def count(self, tally: Mapping[str, int]) -> None:
        """Add what a committed transaction counted."""
        for path, number in tally.items():
            meter = self._counted.get(path)
            if meter is None:  # finding it takes longer than counting
                word, *labels = path.split("/")
                meter = self._counted[path] = self._counters[word].labels(*labels)
            meter.inc(number)

    def heard(self, partner: str, document: str, at: datetime) -> None:
        """Note that a partner sent something."""
        self._last_of(partner, document).set(at.timestamp())

    def waited(self, subscriber: str, seconds: Iterable[float]) -> None:
        """Note how long messages waited for a process."""
        meter = self._step(subscriber)
        for each in seconds:
            meter.observe(each)

    def exchanged(self, endpoint: str, seconds: float) -> None:
        """Note how long a partner took to answer."""
        self._exchange(endpoint).observe(seconds)

    def ended(self, endpoint: str, verb: str, seconds: float) -> None:
        """Note how long an effect took from being asked for to its end."""
        self._effect(endpoint, verb).observe(seconds)

    def committed(self, seconds: float) -> None:
        """Note how long a transaction took."""
        self._commits.observe(seconds)

    def breaker(self, endpoint: str, state: str) -> None:
        """Show where a circuit breaker stands."""
        self._breaker.labels(endpoint).set({"closed": 0, "half_open": 1, "open": 2}[state])

    def level(self, name: str, number: int) -> None:
        """Show a level: `intake`, `inbox`, `free`, `parked`, `released` or `held`."""
        self._levels[name].set(number)

    def turned_away(self, told: Callable[[], int]) -> None:
        """Show how many deliveries found the door full, as is told whenever somebody looks."""
        self.registry.register(TurnedAway(told))

    def page(self) -> bytes:
        """Write all meters in the Prometheus text format."""
        return generate_latest(self.registry)


class TurnedAway(Collector):
    """Deliveries that found the door full: counted there, where an addition is all it may cost."""

    def __init__(self, told: Callable[[], int]) -> None:
        """Know who tells how many there were."""
        self._told = told

    def collect(self) -> Iterable[CounterMetricFamily]:
        """Ask."""
        says = "Deliveries refused with 429, for the door was full."
        yield CounterMetricFamily("crossdock_deliveries_refused", says, value=self._told())
