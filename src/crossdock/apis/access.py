"""Who may operate: an operator's token where one is configured, else whoever sits at this machine.

Operators may have tokens of their own; then who decides about money is known by the token, and
never by what somebody writes into a form.
Forms carry a token bound to the browser's own cookie, so that no other site can send them.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.http import Ask
from crossdock.apis.problems import Declined

SESSION = "crossdock_session"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
DAY_SECONDS = 24 * 60 * 60
NOBODY = "operator"  # who decides where no operator has a token of his own


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

    def __init__(
        self,
        token: str,
        seal: Seal,
        wall: Callable[[], datetime],
        operators: Mapping[str, str] | None = None,
    ) -> None:
        """Take the configured token (empty: this machine alone), the seal, and the wall clock.

        `operators` are the persons with tokens of their own: the SHA-256 of the token, in hex, to
        the name.
        """
        self._token = token
        self._seal = seal
        self._wall = wall
        self._operators = dict(operators or {})

    @property
    def by_token(self) -> bool:
        """Tell whether there are tokens to enter with."""
        return bool(self._token or self._operators)

    @property
    def by_name(self) -> bool:
        """Tell whether operators have tokens of their own."""
        return bool(self._operators)

    def admit(self, ask: Ask) -> None:
        """Let an operator in. Raises Declined for anyone else."""
        if self._bears(ask) or self._has_session(ask):
            return
        if self._token:
            raise Declined(
                problems.UNAUTHENTICATED,
                "Send an operator's token as `Authorization: Bearer TOKEN`",
                headers=(("WWW-Authenticate", "Bearer"),),
            )
        if not from_here(ask):
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
        """Tell whether this is an operator's token."""
        shared = bool(self._token) and hmac.compare_digest(token.encode(), self._token.encode())
        return shared or bool(self.named(token))

    def named(self, token: str) -> str:
        """Tell whose own token this is; empty for the shared one, or one of nobody's."""
        given = hashlib.sha256(token.encode()).hexdigest()
        found = [name for held, name in self._operators.items() if hmac.compare_digest(held, given)]
        return found[0] if token and found else ""

    def person(self, ask: Ask) -> str:
        """Tell by its token who asks; empty where operators have names and this one gave none."""
        name = self.named(self._bearer(ask)) or (self._session_of(ask) or "")
        return name or ("" if self._operators else NOBODY)

    def decider(self, ask: Ask) -> str:
        """Tell who decides about money. Raises Declined where nobody knows who asks."""
        self.admit(ask)
        name = self.person(ask)
        if not name:
            raise Declined(
                problems.UNAUTHENTICATED,
                "Money is decided by a person: send your own token, one of `[[operators]]`",
                headers=(("WWW-Authenticate", "Bearer"),),
            )
        return name

    def session(self, name: str = "") -> str:
        """Make a session to be kept as a cookie, valid for a day; `name` is whose."""
        until = str(int(self._wall().timestamp()) + DAY_SECONDS)
        nonce = secrets.token_hex(8)
        return f"{until}.{nonce}.{name}.{self._seal.sign('operator', until, nonce, name)}"

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

    @staticmethod
    def _bearer(ask: Ask) -> str:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def _bears(self, ask: Ask) -> bool:
        return self.knows(self._bearer(ask))

    def _has_session(self, ask: Ask) -> bool:
        """Tell whether a session opens the door: one by token, not one that only guards forms."""
        name = self._session_of(ask)
        return bool(name) or (name is not None and bool(self._token))

    def _session_of(self, ask: Ask) -> str | None:
        """Tell whose session it is, empty for nobody's by name; None where it is none of ours."""
        until, _, rest = ask.cookie(SESSION).partition(".")
        nonce, _, rest = rest.partition(".")
        name, _, signature = rest.partition(".")
        if not (until.isascii() and until.isdigit()) or int(until) < self._wall().timestamp():
            return None
        return name if self._seal.holds(signature, "operator", until, nonce, name) else None


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
