"""What is counted and told, and what never leaves."""

import json
import logging
import re
from datetime import UTC, datetime

import pytest

from crossdock.telemetry.events import LogEvent, tell
from crossdock.telemetry.json_lines import JsonLines
from crossdock.telemetry.metrics import PATHS, Metrics
from crossdock.telemetry.redaction import HIDDEN, redact, redact_text


class Heard(logging.Handler):
    """A log that keeps its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def heard() -> Heard:
    log = Heard()
    logger = logging.getLogger("crossdock")
    logger.addHandler(log)
    logger.setLevel(logging.INFO)
    return log


def test_an_event_is_one_line_with_its_fields(heard: Heard) -> None:
    tell(LogEvent.STEP_PARKED, level=logging.WARNING, tenant="main", attempt=2)

    (line,) = heard.lines
    ts = str(line.pop("ts"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", ts)
    assert line == {
        "level": "warning",
        "event": "step.parked",
        "logger": "crossdock",
        "tenant": "main",
        "attempt": 2,
    }


def test_an_error_is_told_on_the_same_line(heard: Heard) -> None:
    try:
        int("https://ada:pw@erp.example/x?token=abc123")
    except ValueError:
        logging.getLogger("crossdock").exception("it broke")

    (line,) = heard.lines
    assert str(line["error"]).endswith(f"'https://{HIDDEN}@erp.example/x?token={HIDDEN}")


def test_every_event_has_a_dotted_name() -> None:
    assert [each for each in LogEvent if not re.fullmatch(r"[a-z]+\.[a-z_]+", each)] == []


@pytest.mark.parametrize(
    "name",
    ["password", "api_key", "api-key", "Authorization", "webhook_secret", "client_secret", "token"],
)
def test_secrets_are_hidden_by_their_name(name: str) -> None:
    assert redact({name: "s3cret", "order": "SO-1"}) == {name: HIDDEN, "order": "SO-1"}


def test_secrets_are_hidden_however_deep() -> None:
    hidden = redact({"call": {"headers": {"authorization": "Bearer abcdef"}}, "tries": [1, b"xy"]})

    assert hidden == {"call": {"headers": {"authorization": HIDDEN}}, "tries": [1, "[2 bytes]"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://ada:pw@erp.example/a", f"https://{HIDDEN}@erp.example/a"),
        ("sent Bearer abc.def-ghi", f"sent Bearer {HIDDEN}"),
        ("key whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", f"key {HIDDEN}"),
        ("GET /x?token=abc&page=2", f"GET /x?token={HIDDEN}&page=2"),
        ("order SO-1 of ada@example.com", "order SO-1 of ada@example.com"),
    ],
)
def test_secrets_are_hidden_by_their_shape(text: str, told: str) -> None:
    assert redact_text(text) == told


def test_a_long_text_is_cut() -> None:
    assert len(redact_text("x" * 100_000)) == 1000


def test_what_flow_counts_has_a_metric() -> None:
    metrics = Metrics()

    metrics.count({"steps/order_release/taken": 3, "effects/erp/erp.accrue/applied": 2})

    value = metrics.registry.get_sample_value
    steps = {"subscriber": "order_release", "outcome": "taken"}
    effects = {"endpoint": "erp", "verb": "erp.accrue", "outcome": "applied"}
    assert value("crossdock_steps_total", steps) == 3
    assert value("crossdock_effects_total", effects) == 2


def test_who_was_turned_away_is_asked_for_when_somebody_looks() -> None:
    metrics = Metrics()
    refused = [0]
    metrics.turned_away(lambda: refused[0])
    refused[0] = 3

    assert metrics.registry.get_sample_value("crossdock_deliveries_refused_total") == 3
    assert b"\ncrossdock_deliveries_refused_total 3.0\n" in metrics.page()


def test_every_metric_is_named_as_the_house_names_them() -> None:
    metrics = Metrics()
    metrics.heard("erp", "orders", datetime(2026, 3, 29, tzinfo=UTC))
    metrics.waited("order_release", [0.1])
    metrics.exchanged("erp", 0.1)
    metrics.ended("erp", "erp.accrue", 0.1)
    metrics.breaker("erp", "half_open")

    names = set(re.findall(r"^# TYPE (\S+)", metrics.page().decode(), re.MULTILINE))

    assert {name for name in names if not name.startswith("crossdock_")} == set()
    assert {name for name, _, _ in PATHS.values()} - names == set()
