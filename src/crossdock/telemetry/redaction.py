"""What never leaves in a log: credentials by the name of their field, and URLs with a secret in."""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "[hidden]"
SECRET = re.compile(
    r"(^|[_-])(secrets?|password|passwd|token|api[_-]?key|authorization|cookie|credentials?|"
    r"signature|private[_-]?key)($|[_-])",
    re.IGNORECASE,
)
USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,20}://)[^/@\s]{1,200}@", re.IGNORECASE)
BEARER = re.compile(r"\b(?P<scheme>Bearer|Basic)\s+[\w.~+/=-]{4,4096}", re.IGNORECASE)
WEBHOOK = re.compile(r"\bwhsec_[\w+/=-]{4,200}")
QUERY = re.compile(
    r"(?P<name>[?&](?:token|key|api_key|secret|signature|sig|access_token)=)[^&\s]{1,4096}",
    re.IGNORECASE,
)
LONGEST = 1000


def redact(fields: Mapping[str, object]) -> dict[str, object]:
    """Hide what a log may not hold; field by field, nested ones too."""
    return {
        name: HIDDEN if SECRET.search(name) else _plain(value) for name, value in fields.items()
    }


def _plain(value: object) -> object:
    match value:
        case str():
            return redact_text(value)
        case bytes():
            return f"[{len(value)} bytes]"
        case Mapping():
            return redact({str(name): each for name, each in value.items()})
        case list() | tuple() | set() | frozenset():
            return [_plain(each) for each in value]
        case bool() | int() | None:
            return value
        case _:
            return redact_text(str(value))


def redact_text(text: str) -> str:
    """Hide credentials inside a text, and cut it to what a log line bears."""
    text = USERINFO.sub(rf"\g<scheme>{HIDDEN}@", text[:LONGEST])
    text = BEARER.sub(rf"\g<scheme> {HIDDEN}", text)
    text = WEBHOOK.sub(HIDDEN, text)
    return QUERY.sub(rf"\g<name>{HIDDEN}", text)
