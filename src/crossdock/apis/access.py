"""Who may operate: an operator's token where one is configured, else whoever sits at this machine.

Forms carry a token bound to the browser's own cookie, so that no other site can send them.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.http import Ask
from crossdock.apis.problems import Declined

SESSION = "crossdock_session"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
DAY_SECONDS = 24 * 60 * 60


class Seal(Struct, frozen=True):
    """Signs short texts, such as cookies, with a key that never leaves the server."""

    key: bytes

    def sign(self, *parts: str) -> str:
        """Sign a tuple of texts; none of them may hold a line break."""
        return hmac.new(self.key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def holds(self, signature: str, *parts: str) -> bool:
        """Tell whether this signature is ours for these texts."""
        return hmac.compare_digest(signature.encode(), self.sign(*parts).encode())


class Access:
    """The door of the console and of the process API."""

    def __init__(self, token: str, seal: Seal, wall: Callable[[], datetime]) -> None:
        """Take the configured token (empty: this machine alone), the seal, and the wall clock."""
        self._token = token
        self._seal = seal
        self._wall = wall

    @property
    def by_token(self) -> bool:
        """Tell whether operators need a token."""
        return bool(self._token)

    def admit(self, ask: Ask) -> None:
        """Let an operator in. Raises Declined for anyone else."""
        if self._token:
            if not (self._bears(ask) or self._has_session(ask)):
                raise Declined(
                    problems.UNAUTHENTICATED,
                    "Send the operator's token as `Authorization: Bearer TOKEN`",
                    headers=(("WWW-Authenticate", "Bearer"),),
                )
        elif not from_here(ask):
            raise Declined(
                problems.FORBIDDEN,
                "Without a configured `server.operator_token` only this machine may operate",
            )

    def admit_change(self, ask: Ask) -> None:
        """Let an operator in who changes something by the API. Raises Declined for anyone else.

        A change is JSON and comes from no other site: a form of a strange page can send neither
        this content type nor our token.
        """
        self.admit(ask)
        if not ask.headers.get("content-type", "").startswith("application/json"):
            raise Declined(problems.BAD_REQUEST, "Send `Content-Type: application/json`")
        if not same_site(ask):
            raise Declined(problems.FORBIDDEN, "A change must come from this server's own pages")

    def admit_hand(self, ask: Ask) -> str:
        """Let an operator in who brings a document of any kind; answer the name they give.

        The name travels in `X-Crossdock-By`, a header that no page of another site can send.
        """
        self.admit(ask)
        if not same_site(ask):
            raise Declined(problems.FORBIDDEN, "A change must come from this server's own pages")
        if not ask.headers.get("x-crossdock-by", "").strip():
            raise Declined(problems.BAD_REQUEST, "Say who brings it (`X-Crossdock-By`)")
        return ask.headers["x-crossdock-by"].strip()

    def knows(self, token: str) -> bool:
        """Tell whether this is the operator's token."""
        return bool(self._token) and hmac.compare_digest(token.encode(), self._token.encode())

    def session(self) -> str:
        """Make a session to be kept as a cookie, valid for a day."""
        until = str(int(self._wall().timestamp()) + DAY_SECONDS)
        nonce = secrets.token_hex(8)
        return f"{until}.{nonce}.{self._seal.sign('operator', until, nonce)}"

    def form_token(self, ask: Ask, session: str = "") -> str:
        """Give what a form must carry to be taken from the browser with this session."""
        return self._seal.sign("form", session or ask.cookie(SESSION))

    def vouch(self, text: str) -> str:
        """Sign a text that a redirect carries to a page of ours."""
        return self._seal.sign("note", text)

    def vouched(self, text: str, signature: str) -> str:
        """Give the text back where we signed it, else nothing: no link puts words on our pages."""
        return text if text and self._seal.holds(signature, "note", text) else ""

    def form(self, ask: Ask) -> dict[str, str]:
        """Read a form of our own page. Raises Declined where it is not one."""
        self.admit(ask)
        fields = read_form(ask)
        session = ask.cookie(SESSION)
        if not session or not same_site(ask):
            raise Declined(problems.FORBIDDEN, "The form must come from this server's own page")
        if not self._seal.holds(fields.get("form_token", ""), "form", session):
            raise Declined(problems.FORBIDDEN, "The form is too old; load the page again")
        return fields

    def _bears(self, ask: Ask) -> bool:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.knows(token.strip())

    def _has_session(self, ask: Ask) -> bool:
        until, _, rest = ask.cookie(SESSION).partition(".")
        nonce, _, signature = rest.partition(".")
        if not (until.isascii() and until.isdigit()) or int(until) < self._wall().timestamp():
            return False
        return self._seal.holds(signature, "operator", until, nonce)


def from_here(ask: Ask) -> bool:
    """Tell whether a request comes from this machine, and was meant for it by name.

    The name matters: a strange page may point its own name at 127.0.0.1 and so reach us from the
    operator's own browser.
    """
    try:
        local = not ask.client or ipaddress.ip_address(ask.client).is_loopback
    except ValueError:
        local = False
    host = urlsplit(f"//{ask.headers.get('host', '')}").hostname or ""
    return local and host in LOOPBACK_NAMES


def same_site(ask: Ask) -> bool:
    """Tell whether a browser says that a request comes from our own page, or says nothing."""
    origin = ask.headers.get("origin", "")
    return not origin or urlsplit(origin).netloc == ask.headers.get("host", "")


def read_form(ask: Ask) -> dict[str, str]:
    """Read the fields of a form (application/x-www-form-urlencoded). Raises Declined otherwise."""
    if not ask.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Declined(problems.BAD_REQUEST, "A form is sent as application/x-www-form-urlencoded")
    try:
        fields = parse_qs(ask.body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise Declined(problems.BAD_REQUEST, "The form cannot be read") from error
    return {name: values[-1] for name, values in fields.items()}


def cookie(name: str, value: str, *, path: str, seconds: int = DAY_SECONDS) -> tuple[str, str]:
    """Write the header that sets a cookie no script can read and no other site can use."""
    text = f"{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax"
    return "Set-Cookie", text
