"""The house as the commands use it: opened here, or spoken to where another process runs it."""

from __future__ import annotations

import getpass
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from crossdock.app.config import Config
from crossdock.app.stores import needs_the_house
from crossdock.cli.ending import Ended, Exit
from crossdock.faults import LockedOut, NotNow
from crossdock.flow.decisions import Decision
from crossdock.flow.replayer import Choice

SECONDS = 30.0
HTTP_LOCKED = (401, 403)
HTTP_NOT_FOUND = 404
HTTP_CONFLICT = 409
HTTP_BUSY = (429, 503, 507)


def is_running(config: Config) -> bool:
    """Tell whether another process writes the store alone, and must be asked to.

    A database anybody may write: whatever a command leaves there, workers find.
    """
    return needs_the_house(config)


def me() -> str:
    """Name whoever sits at the terminal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


def ask(
    config: Config, path: str, body: bytes, headers: Mapping[str, str], *, token: str = ""
) -> dict[str, Any]:
    """POST to the process API of the running house, and read its answer.

    `token` is a person's own; without one the house's is sent, where it has one.
    Raises Ended, LockedOut or NotNow where it declines or does not answer.
    """
    url = f"http://{config.host}:{config.port}/process/v1/{path}"
    asked = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    if bearer := token or config.operator_token:
        asked.add_header("Authorization", f"Bearer {bearer}")
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310 - as above
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        raise _declined(error) from error
    except (OSError, ValueError) as error:
        raise NotNow(
            f"Another process writes the store, and nothing answers at {url}; is it another "
            "configuration's?",
            url=url,
        ) from error


def _declined(error: urllib.error.HTTPError) -> Exception:
    try:
        detail = str(json.load(error).get("detail", error.reason))
    except (OSError, ValueError, AttributeError):
        detail = str(error.reason)
    if error.code in HTTP_LOCKED:
        return LockedOut(detail)
    if error.code == HTTP_NOT_FOUND:
        return Ended(Exit.NOT_FOUND, detail)
    if error.code == HTTP_CONFLICT:
        return Ended(Exit.CONFLICT, detail)
    if error.code in HTTP_BUSY:
        return NotNow(detail)
    return Ended(Exit.FAILED, detail)


def decide_there(config: Config, decision: Decision) -> str:
    """Let the running house carry a decision out; answer what happens now."""
    body = {
        "by": decision.by,
        "reason": decision.reason,
        "content": decision.content.decode(),
    }
    told = ask(
        config,
        f"exceptions/{quote(decision.exception_id)}/{decision.verb}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    return str(told["said"])


def replay_there(config: Config, choice: Choice) -> str:
    """Let the running house ask for the chosen effects of a replay; answer what happens now."""
    body = {
        "process": choice.subscriber,
        "kind": choice.key.kind,
        "id": choice.key.id,
        "effects": choice.effects,
        "by": choice.by,
        "reason": choice.reason,
    }
    told = ask(config, "replays", json.dumps(body).encode(), {"Content-Type": "application/json"})
    return str(told["said"])


def recover_there(config: Config, verb: str, *, by: str, reason: str) -> str:
    """Let the running house release what a restore holds, or finish it; answer what happens now."""
    body = json.dumps({"by": by, "reason": reason}).encode()
    told = ask(config, f"recovery/{quote(verb)}", body, {"Content-Type": "application/json"})
    return str(told["said"])


def hand_in_there(
    config: Config, partner: str, document: str, content: bytes, *, by: str
) -> dict[str, Any]:
    """Let the running house take a document in; answer its receipt."""
    return ask(
        config,
        f"partners/{quote(partner)}/{quote(document)}",
        content,
        {"Content-Type": "application/octet-stream", "X-Crossdock-By": by},
    )
