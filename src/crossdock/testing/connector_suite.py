"""The generic connector test: a connector's samples against their twins, its manifest against it.

A test file that tries every connector there is needs no more than this:

    @pytest.mark.parametrize("sample", every_sample(), ids=str)
    def test_a_sample_says_what_its_twin_says(sample: Sample) -> None:
        assert sample.said() == sample.expected()

Samples lie in the connector's folder:

    samples/settings.toml               what the samples are read with
    samples/<document>/<case>.in.*      a document as the partner sends it
    samples/<document>/<case>.out.json  its twin, written from the partner's documentation
    samples/<verb>/<case>.in.json       a command, `{"type": ..., "body": ...}`
    samples/<verb>/<case>.out.json      the request it becomes
    samples/<name>/<case>.settings.toml what this one case is read with instead

A twin of a document is `{"reports": [...], "findings": [...]}`, with `"owed": [...]` where its
sender is owed answers; of anything that is refused, `{"fault": ..., "said": ..., "seen": ...}`.
What carries control numbers is shown sealed, each number 1, in the night of the clock change.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources.abc import Traversable
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.connectors import FolderConnector, discover
from crossdock.faults import Fault, Finding, Unreadable
from crossdock.messages.envelope import Command, Report
from crossdock.messages.registry import BODIES, decode
from crossdock.ports import Owed, Reading, Reported, Request
from crossdock.ports.settings import described

SETTINGS = "settings.toml"
SEALED_AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
ANSWERS = "partner.answer"  # not asked for by a command: it answers a document


class Sample(Struct, frozen=True, kw_only=True):
    """One document or command, and the twin that tells what must become of it."""

    connector: FolderConnector
    name: str
    case: str
    given: Traversable
    twin: Traversable

    def __str__(self) -> str:
        """Name it for the list of tests."""
        return f"{self.connector.name}-{self.name}-{self.case}"

    @property
    def is_document(self) -> bool:
        """Tell whether this comes in; else it goes out."""
        return self.name in self.connector.documents

    def settings(self) -> Struct:
        """Read the settings this sample is read with."""
        own = self._folder() / f"{self.case}.{SETTINGS}"
        place = own if own.is_file() else self.connector.folder / "samples" / SETTINGS
        table = tomllib.loads(place.read_text("utf-8"))
        return msgspec.convert(table, self.connector.settings)

    def said(self) -> dict[str, Any]:
        """Tell what the connector makes of it: reports and findings, a request, or a fault."""
        try:
            return self._read() if self.is_document else self._write()
        except Fault as fault:
            return {"fault": type(fault).__name__, "said": fault.said, "seen": fault.seen}

    def expected(self) -> dict[str, Any]:
        """Tell what the twin says, in the same shape."""
        twin: dict[str, Any] = msgspec.json.decode(self.twin.read_bytes())
        if "fault" in twin or not self.is_document:
            return twin
        return {
            "reports": [_reported(each) for each in twin["reports"]],
            "findings": msgspec.convert(twin["findings"], list[Finding]),
            "owed": twin.get("owed", []),
        }

    def command(self) -> Command:
        """Read the command of a sample that goes out."""
        written = msgspec.json.decode(self.given.read_bytes(), type=dict[str, msgspec.Raw])
        name = msgspec.json.decode(written["type"], type=str)
        command = decode(name, BODIES[name].schema, bytes(written["body"]))
        assert isinstance(command, Command), name  # noqa: S101 - this is a test kit
        return command

    def reports(self) -> tuple[Reported, ...]:
        """Tell which reports the connector finds in it; none where it is unreadable."""
        try:
            return self._reading().reports
        except Unreadable:
            return ()

    def _folder(self) -> Traversable:
        return self.connector.folder / "samples" / self.name

    def _reading(self) -> Reading:
        return self.connector.documents[self.name](self.given.read_bytes(), self.settings())

    def _read(self) -> dict[str, Any]:
        reading = self._reading()
        return {
            "reports": list(reading.reports),
            "findings": list(reading.findings),
            "owed": [self._answer(each) for each in reading.owed],
        }

    def _answer(self, owed: Owed) -> dict[str, Any]:
        return {
            "identity": owed.identity,
            "verdict": owed.verdict.value,
            "request": _spelt(self._sealed(owed.request)),
        }

    def _write(self) -> dict[str, Any]:
        return _spelt(self._sealed(self.connector.write(self.command(), self.settings())))

    def _sealed(self, request: Request) -> Request:
        if not request.numbers:
            return request
        numbers = dict.fromkeys(request.numbers, 1)
        return self.connector.seal(request, numbers, SEALED_AT, self.settings())


def _reported(twin: dict[str, Any]) -> Reported:
    """Read a twin's report as the type it names."""
    report = msgspec.convert(twin["body"], BODIES[twin["type"]])
    assert isinstance(report, Report), twin["type"]  # noqa: S101 - this is a test kit
    return Reported(identity=twin["identity"], report=report, where=twin.get("where", ""))


def _spelt(request: Request) -> dict[str, Any]:
    """Spell a request: a JSON body as its values, any other as text."""
    is_json = request.content_type == "application/json"
    return {
        "method": request.method,
        "path": request.path,
        "content_type": request.content_type,
        "body": msgspec.json.decode(request.body) if is_json else request.body.decode("utf-8"),
    }


def folder_connectors() -> tuple[FolderConnector, ...]:
    """Find every connector that is a folder."""
    return tuple(each for each in discover().values() if isinstance(each, FolderConnector))


def samples_of(connector: FolderConnector) -> Iterator[Sample]:
    """Find a connector's samples, in the order of their names."""
    for folder in _sorted(connector.folder / "samples"):
        if not folder.is_dir():
            continue
        for given in _sorted(folder):
            case, inside, _ = given.name.partition(".in.")
            if inside:
                yield Sample(
                    connector=connector,
                    name=folder.name,
                    case=case,
                    given=given,
                    twin=folder / f"{case}.out.json",
                )


def every_sample() -> list[Sample]:
    """Find the samples of every connector."""
    return [sample for connector in folder_connectors() for sample in samples_of(connector)]


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda each: each.name)


def broken_promises(connector: FolderConnector) -> list[str]:
    """Hold a connector's manifest and settings against what it does; an empty list is well."""
    return [
        *_documents_without_samples(connector),
        *_operations_without_bytes(connector),
        *_reports_not_as_listed(connector),
        *_settings_without_words(connector),
    ]


def _documents_without_samples(connector: FolderConnector) -> Iterator[str]:
    sampled = {sample.name for sample in samples_of(connector)}
    for name in (*connector.documents, *connector.operations):
        if name not in sampled and name != ANSWERS:
            yield f"`{name}` has no sample"
    for name in sampled - {*connector.documents, *connector.operations}:
        yield f"samples/{name} is neither a document nor an operation of the manifest"


def _operations_without_bytes(connector: FolderConnector) -> Iterator[str]:
    roles = (connector.role, *connector.manifest.also)
    verbs = {kind.verb for kind in BODIES.values() if issubclass(kind, Command)}
    for verb in connector.operations:
        if verb == ANSWERS:
            continue
        if verb not in verbs:
            yield f"no command has the verb `{verb}`"
        if verb.partition(".")[0] not in roles:
            yield f"`{verb}` is not for the role {' or '.join(f'`{each}`' for each in roles)}"
    for sample in samples_of(connector):
        if not sample.is_document and sample.command().verb != sample.name:
            yield f"{sample} is a sample of `{sample.command().verb}`"


def _reports_not_as_listed(connector: FolderConnector) -> Iterator[str]:
    listed = set(connector.manifest.reports)
    for name in sorted(listed):
        if name not in BODIES or not issubclass(BODIES[name], Report):
            yield f"`{name}` is listed as a report and is none"
    made = {
        type(each.report).__name__
        for sample in samples_of(connector)
        if sample.is_document
        for each in sample.reports()
    }
    for name in sorted(listed ^ made):
        yield f"`{name}` is " + ("listed, and in no sample" if name in listed else "not listed")


def _settings_without_words(connector: FolderConnector) -> Iterator[str]:
    for field in described(connector.settings):
        if not field.purpose or field.example is None:
            yield f"the setting `{field.name}` lacks its purpose or an example"
        if field.secret and not str(field.example).startswith("${"):
            yield f"the example of the secret `{field.name}` must be a reference"
