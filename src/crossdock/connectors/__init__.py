"""Partner systems: one folder each, found by its manifest, opened when it is first needed.

A connector elsewhere joins by an entry point of the group `crossdock.connectors` that names its
package. docs/how-to/write-a-connector.md tells how one is made.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib import import_module, metadata, resources
from importlib.resources.abc import Traversable
from types import MappingProxyType, ModuleType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from crossdock.connectors.manifest import FILE, Manifest, read_manifest
from crossdock.faults import Misconfigured
from crossdock.messages.acknowledgement import Level
from crossdock.messages.envelope import Command
from crossdock.ports import (
    Answer,
    Connector,
    EffectClass,
    Exchange,
    Operation,
    Reading,
    Request,
    Transport,
)

GROUP = "crossdock.connectors"


class FolderConnector:
    """A `ports.Connector` made of a folder's modules, which are imported when first asked for.

    `settings` is the type in `settings.py`, `documents` the functions in `inbound.py` by document.
    """

    settings: type[Struct]
    documents: Mapping[str, Callable[[bytes, Any], Reading]]

    def __init__(self, package: str, folder: Traversable) -> None:
        """Read the manifest of a package. Raises Misconfigured where it is missing or broken."""
        place = folder / FILE
        if not place.is_file():
            raise Misconfigured("A connector has no manifest", package=package, file=place)
        self.package = package
        self.folder = folder
        self.manifest: Manifest = read_manifest(place.read_text("utf-8"), str(place))
        self.name: str = self.manifest.name
        self.role: str = self.manifest.role
        self.operations: Mapping[str, Operation] = MappingProxyType(self.manifest.declared())
        self._parts: dict[tuple[str, str], Any] = {}

    def __repr__(self) -> str:
        """Show the name and where it comes from."""
        return f"<connector {self.name} of {self.package}>"

    def __getattr__(self, name: str) -> Any:
        """Open the folder when its settings or documents are first asked for, and keep them."""
        match name:
            case "settings":
                self.settings = self._part("settings", "Settings")
            case "documents":
                found = {each: self._part("inbound", each) for each in self.manifest.documents}
                self.documents = MappingProxyType(found)
            case _:
                raise AttributeError(name)
        return self.__dict__[name]

    def write(self, command: Command, settings: Any) -> Request:
        """Write a command as the partner's request. Raises Refused or Misconfigured."""
        if command.verb not in self.operations:
            raise Misconfigured(
                "This partner has no such operation", connector=self.name, verb=command.verb
            )
        request: Request = self._part("outbound", "write")(command, settings)
        return request

    def seal(
        self, request: Request, control: Mapping[Level, int], at: datetime, settings: Any
    ) -> Request:
        """Write control numbers and the time into a request's bytes."""
        sealed: Request = self._part("outbound", "seal")(request, control, at, settings)
        return sealed

    def answer(self, operation: str, exchange: Exchange) -> Answer:
        """Read what the partner answered to an operation, or to its look-up."""
        said: Answer = self._part("outbound", "answer")(operation, exchange)
        return said

    async def send(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        """Send the stored request once, under our idempotency key."""
        seconds = self.operations[request.operation].deadline_seconds
        exchange: Exchange = await self._part("client", "send")(
            request, key, settings, via, deadline_seconds=seconds
        )
        return exchange

    async def look_up(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        """Ask the partner whether the request with this key was done."""
        seconds = self.operations[request.operation].deadline_seconds
        exchange: Exchange = await self._part("client", "look_up")(
            request, key, settings, via, deadline_seconds=seconds
        )
        return exchange

    def _part(self, module: str, name: str) -> Any:
        if (module, name) not in self._parts:  # every effect and every answer asks
            self._parts[module, name] = self._find(module, name)
        return self._parts[module, name]

    def _find(self, module: str, name: str) -> Any:
        found: ModuleType = import_module(f"{self.package}.{module}")
        if not hasattr(found, name):
            raise Misconfigured(
                "A connector lacks what its manifest declares",
                file=f"{self.folder}/{module}.py",
                key=name,
            )
        return getattr(found, name)


def discover() -> Mapping[str, Connector]:
    """Find every connector, by name: the house's own folders, then the installed ones.

    Raises Misconfigured for a broken manifest, naming file and key, and for a name taken twice.
    """
    found: dict[str, Connector] = {}
    folders: dict[str, Traversable] = {}
    for package, folder in (*_own(), *_installed()):
        connector = FolderConnector(package, folder)
        if other := folders.get(connector.name):
            raise Misconfigured(
                "Two connectors have the same name",
                name=connector.name,
                files=f"{other}, {folder}",
            )
        found[connector.name] = connector
        folders[connector.name] = folder
    return MappingProxyType(found)


def promising(connector: Connector, effects: Mapping[str, EffectClass]) -> Connector:
    """Give the connector of a partner that promises otherwise about these of its operations."""
    other = copy.copy(connector)
    other.operations = MappingProxyType(
        {
            verb: replace(each, effect=effects.get(verb, each.effect))
            for verb, each in connector.operations.items()
        }
    )
    return other


def _own() -> Iterator[tuple[str, Traversable]]:
    here = resources.files(__name__)
    for folder in sorted(here.iterdir(), key=lambda each: each.name):
        if folder.is_dir() and (folder / FILE).is_file():
            yield f"{__name__}.{folder.name}", folder


def _installed() -> Iterator[tuple[str, Traversable]]:
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda each: each.name):
        try:
            yield point.module, resources.files(point.module)
        except ImportError as error:
            raise Misconfigured(
                "An installed connector cannot be imported", entry_point=point.name, why=error
            ) from error
