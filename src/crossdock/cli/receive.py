"""`crossdock receive FILE...`: documents from files, as if the partner had delivered them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from crossdock.apis.http import json_text
from crossdock.app.config import Config
from crossdock.cli import house
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured
from crossdock.flow.reading import Arrival
from crossdock.governance.typed_toml import meant

Receipts = list[dict[str, Any]]


def receive(
    *files: Annotated[Path, Parameter(help="The documents; `-` reads standard input.")],
    partner: Annotated[str, Parameter(help="Whose documents they are.")],
    document: Annotated[str, Parameter(help="What they are, where the partner has several.")] = "",
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Store documents, take every step they lead to, and say what became of each."""
    if not files:
        raise Ended(Exit.USAGE, "Name the files to take in; `-` reads standard input.")
    where = configured(config)
    what = _document(where, partner, document)
    contents = [_content(each) for each in files]
    take: Callable[[Config, str, str, list[bytes]], Receipts]
    take = _there if house.is_running(where) else _here
    receipts = take(where, partner, what, contents)
    if as_json:
        print(json_text({"receipts": receipts}))
    else:
        for file, receipt in zip(files, receipts, strict=True):
            print(f"{file}: {_told(receipt)}")
    unread = [each for each in receipts if each["status"] in {"unreadable", "unassigned"}]
    if unread:
        say(f"{len(unread)} could not be read; see `crossdock exceptions ls`.")
    return Exit.FAILED if unread else Exit.OK


def _document(config: Config, partner: str, document: str) -> str:
    """Choose the document. Raises Ended for a partner or document there is not."""
    known = {each.name: sorted(each.connector.documents) for each in config.partners}
    if partner not in known:
        raise Ended(Exit.NOT_FOUND, f"There is no partner `{partner}`; {meant(partner, known)}")
    documents = known[partner]
    if document and document not in documents:
        raise Ended(
            Exit.NOT_FOUND,
            f"`{partner}` brings no document `{document}`; {meant(document, documents)}",
        )
    if not document and len(documents) != 1:
        listed = ", ".join(documents) or "none"
        raise Ended(Exit.USAGE, f"Say with --document which one of `{partner}` it is: {listed}")
    return document or documents[0]


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Ended(
            Exit.NOT_FOUND, f"The file {file} cannot be read: {error.strerror or error}"
        ) from error


def _there(config: Config, partner: str, document: str, contents: list[bytes]) -> Receipts:
    receipts = [
        house.hand_in_there(config, partner, document, each, by=house.me()) for each in contents
    ]
    say("taken in by the running house")
    return receipts


def _here(config: Config, partner: str, document: str, contents: list[bytes]) -> Receipts:
    from crossdock.app.compose import build

    built = build(config)
    try:
        arrivals = [
            Arrival(tenant=config.tenant, partner=partner, document=document, content=each)
            for each in contents
        ]
        built.machine.start()
        receipts = built.machine.receive(arrivals, datetime.now(UTC))
        built.machine.run_to_quiescence(datetime.now(UTC))
        built.machine.stop()
    finally:
        built.store.close()
    say("taken in here; `crossdock up` sends what is asked of partners")
    return [msgspec.to_builtins(each) for each in receipts]


def _told(receipt: dict[str, Any]) -> str:
    parts = [f"{receipt[name]} {word}" for name, word in WORDS.items() if receipt[name]]
    return f"{', '.join(parts) or 'nothing in it'} ({receipt['status']}, {receipt['document_id']})"


WORDS = {"accepted": "new", "duplicates": "known already", "conflicts": "known otherwise"}
