"""Every parser of the house, each with small documents to begin from: a new one is one entry.

A target is a function that takes bytes and answers what the parser made of them. It raises nothing
but the faults it names; anything else is a finding of the fuzzer.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from crossdock.app.config import load_config
from crossdock.canonical import identifiers
from crossdock.canonical.money import money
from crossdock.channels import http, webhook
from crossdock.connectors import discover
from crossdock.connectors.system_api import times
from crossdock.connectors.system_api.reading import Element
from crossdock.faults import Fault, Finding, Misconfigured, Unreadable
from crossdock.flow.decisions import Undecidable
from crossdock.flow.merge_patch import edited
from crossdock.formats import csv, json, numbers
from crossdock.formats.x12 import envelope
from crossdock.governance import toml_lines
from crossdock.messages.master_data import Customer, CustomerReported
from crossdock.messages.registry import BODIES, encode
from crossdock.ports import Answer, Connector, Exchange, Reading, Stage
from crossdock.testing.connector_suite import Sample, every_sample
from crossdock.testing.store_conformance import rows
from tests.fuzz.kit import Target

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STATUSES = (200, 201, 202, 302, 404, 409, 422, 500)
CHECKS = (
    identifiers.check_scac,
    identifiers.check_container,
    identifiers.check_sscc,
    identifiers.check_gln,
    identifiers.check_unlocode,
    identifiers.check_currency,
    identifiers.check_country,
)
COLUMNS = ("ORDER_NO", "QTY")


def text_of(raw: bytes) -> str:
    """Read bytes as any text, lone surrogates included."""
    return raw.decode("utf-8", "surrogateescape")


def read_json(raw: bytes) -> object:
    """Read JSON, with and without nulls."""
    return json.read(raw), json.read(raw, nulls=False)


def read_csv(raw: bytes) -> csv.Table:
    """Read a file of two columns."""
    return csv.read(raw, COLUMNS, csv.Dialect())


def read_x12(raw: bytes) -> envelope.Document:
    """Read an interchange, whole and in small pieces: the same either way."""
    whole = envelope.read(raw)
    pieces = envelope.read(raw[at : at + 7] for at in range(0, len(raw), 7))
    assert told_by(pieces) == told_by(whole)
    return whole


def told_by(document: envelope.Document) -> list[object]:
    """Tell all that a document says, flat: the parts know each other and would go round."""
    return [*document.every_finding(), *(each.segments for each in document.transactions())]


def read_numbers(raw: bytes) -> list[object]:
    """Read a number, with a point and with a comma, and write it back."""
    text = text_of(raw)
    found = [numbers.plain_decimal(text), numbers.plain_decimal(text, comma=True)]
    again = [numbers.plain_decimal(numbers.exact_text(each)) for each in found if each is not None]
    assert again == [each for each in found if each is not None]
    return [*found, numbers.whole_number(text)]


def read_money(raw: bytes) -> object:
    """Read an amount, its currency behind a blank."""
    amount, _, currency = text_of(raw).partition(" ")
    return money(amount, currency)


def check_identifiers(raw: bytes) -> list[Finding | None]:
    """Judge an identifier by every rule there is."""
    return [check(text_of(raw)) for check in CHECKS]


def read_times(raw: bytes) -> list[object]:
    """Read a time or a day, the zone of its place behind a bar."""
    text, _, place = text_of(raw).partition("|")
    element = Element(value={}, where="", noticed=[], time_zone="Europe/Berlin")
    told = times.moment_or_day(element, text, "/at", place=place)
    return [told, times.instant_text(told)]


def judge_webhook(raw: bytes) -> webhook.Verdict:
    """Judge a delivery: three lines of headers, then the body."""
    told, _, body = raw.partition(b"\n\n")
    lines = [line.partition(b":") for line in told.split(b"\n")]
    headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, _, text in lines}
    return webhook.verify([SECRET], headers, body, NOW)


def read_secret(raw: bytes) -> bytes:
    """Read a webhook's secret."""
    return webhook.key_of(text_of(raw))


def read_retry_after(raw: bytes) -> float | None:
    """Read how long a partner wants to be left alone, with its own clock behind a bar."""
    wait, _, date = raw.decode("latin-1").partition("|")
    seconds = http.retry_after({"Retry-After": wait, "Date": date}, NOW)
    assert seconds is None or 0 <= seconds <= http.RETRY_AFTER_SECONDS_MAX
    return seconds


def read_config(raw: bytes) -> object:
    """Read a whole configuration from a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crossdock.toml"
        file.write_bytes(raw)
        return load_config(file, CONNECTORS)


def find_lines(raw: bytes) -> dict[Any, int]:
    """Find the lines of what a TOML text says, where it is TOML: nothing else is asked of it."""
    try:
        tomllib.loads(text_of(raw))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    return toml_lines.lines_of(text_of(raw))


def edit_message(raw: bytes) -> object:
    """Edit a stored message as an operator would."""
    return edited(CUSTOMER, raw)


def document_of(sample: Sample) -> Callable[[bytes], Reading]:
    """Read a document as its connector does; what it reports can be stored."""
    read, settings = sample.connector.documents[sample.name], sample.settings()

    def reading(raw: bytes) -> Reading:
        found = read(raw, settings)
        for each in found.reports:
            assert type(each.report) is BODIES[type(each.report).__name__]
            assert msgspec.json.decode(encode(each.report), type=type(each.report)) == each.report
            assert each.identity
        return found

    return reading


def answer_of(connector: Connector, verb: str) -> Callable[[bytes], list[Answer]]:
    """Read what a partner answers, under every status."""

    def reading(raw: bytes) -> list[Answer]:
        exchanges = [Exchange(stage=Stage.ANSWERED, status=each, body=raw) for each in STATUSES]
        return [connector.answer(verb, each) for each in exchanges]

    return reading


def documents() -> Iterator[Target]:
    """Give a target for each document of each connector, beginning from its samples."""
    samples = [each for each in every_sample() if each.is_document]
    for name, sample in {f"{each.connector.name}-{each.name}": each for each in samples}.items():
        own = [each for each in samples if f"{each.connector.name}-{each.name}" == name]
        seeds = tuple(each.given.read_bytes() for each in own)
        yield Target(name=name, read=document_of(sample), faults=(Unreadable,), seeds=seeds)


def answers() -> Iterator[Target]:
    """Give a target for the answers of each connector."""
    seeds = (
        b'{"document_id": "TR-1"}',
        b'{"error": "duplicate", "detail": "it is there", "document_id": "TR-1"}',
        b'{"status": "unknown"}',
        b"<html>Bad Gateway</html>",
    )
    for name, connector in CONNECTORS.items():
        verb = next(iter(connector.operations), "")
        if verb:
            yield Target(name=f"{name}-answer", read=answer_of(connector, verb), seeds=seeds)


CONNECTORS = discover()
CUSTOMER = rows.message(
    type="CustomerReported",
    body=encode(
        CustomerReported(record=Customer(customer_id="C-1", name="Kunde"), version=1, as_of=NOW)
    ),
)

TARGETS: dict[str, Target] = {
    each.name: each
    for each in (
        Target(name="json", read=read_json, faults=(Unreadable,)),
        Target(name="csv", read=read_csv, faults=(Unreadable,)),
        Target(name="x12", read=read_x12),
        Target(name="numbers", read=read_numbers),
        Target(name="money", read=read_money, faults=(Unreadable,)),
        Target(name="identifiers", read=check_identifiers),
        Target(name="times", read=read_times, faults=(Unreadable,)),
        Target(name="webhook", read=judge_webhook),
        Target(name="secret", read=read_secret, faults=(Misconfigured,)),
        Target(name="retry_after", read=read_retry_after),
        Target(name="config", read=read_config, faults=(Fault,)),
        Target(name="toml_lines", read=find_lines),
        Target(name="edit", read=edit_message, faults=(Undecidable,)),
        *documents(),
        *answers(),
    )
}
