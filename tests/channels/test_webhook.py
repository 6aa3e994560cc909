"""A webhook is taken only as its sender signed it, and lately."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from crossdock.channels import webhook
from crossdock.channels.webhook import Verdict
from crossdock.faults import Misconfigured

# The example of the specification (Standard Webhooks 1.0.0, "Signature scheme").
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = datetime.fromtimestamp(TIMESTAMP, UTC)
HEADERS = {"webhook-id": ID, "webhook-timestamp": str(TIMESTAMP), "webhook-signature": SIGNATURE}
OTHER = "whsec_" + base64.b64encode(b"x" * 32).decode()


def judged(headers: dict[str, str], body: bytes = BODY, after: int = 0) -> Verdict:
    return webhook.verify((SECRET,), headers, body, NOW + timedelta(seconds=after))


def test_the_specifications_example_is_signed_as_it_says() -> None:
    assert webhook.headers(SECRET, ID, TIMESTAMP, BODY) == HEADERS


def test_what_we_sign_the_reference_library_verifies() -> None:
    now = datetime.now(UTC)
    signed = webhook.headers(SECRET, ID, int(now.timestamp()), BODY)

    assert standardwebhooks.Webhook(SECRET).verify(BODY, signed) == {"test": 2432232314}


def test_what_the_reference_library_signs_we_verify() -> None:
    signature = standardwebhooks.Webhook(SECRET).sign(ID, NOW, BODY.decode())

    assert judged(HEADERS | {"webhook-signature": signature}) is Verdict.GENUINE


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (300, Verdict.GENUINE),
        (301, Verdict.STALE),
        (-300, Verdict.GENUINE),
        (-301, Verdict.STALE),
    ],
)
def test_a_signature_holds_for_five_minutes(after: int, verdict: Verdict) -> None:
    assert judged(HEADERS, after=after) is verdict


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"webhook-id": ""}, Verdict.UNSIGNED),
        ({"webhook-timestamp": ""}, Verdict.UNSIGNED),
        ({"webhook-timestamp": "soon"}, Verdict.UNSIGNED),
        ({"webhook-timestamp": "\u0661\u0662"}, Verdict.UNSIGNED),
        ({"webhook-timestamp": "9" * 400}, Verdict.UNSIGNED),
        ({"webhook-signature": ""}, Verdict.UNSIGNED),
        ({"webhook-id": "msg_other"}, Verdict.FORGED),
        ({"webhook-timestamp": str(TIMESTAMP + 1)}, Verdict.FORGED),
        ({"webhook-signature": SIGNATURE.removeprefix("v1,")}, Verdict.FORGED),
        ({"webhook-signature": SIGNATURE.replace("v1,", "v1a,")}, Verdict.FORGED),
        ({"webhook-signature": "v1,\u00fc\udcff"}, Verdict.FORGED),
        ({"webhook-signature": " ".join(["v1,AAAA"] * 16 + [SIGNATURE])}, Verdict.FORGED),
        ({"webhook-signature": f"v1,AAAA v2,BBBB {SIGNATURE}"}, Verdict.GENUINE),
    ],
)
def test_a_header_that_was_changed_is_noticed(changed: dict[str, str], verdict: Verdict) -> None:
    assert judged(HEADERS | changed) is verdict


def test_the_body_counts_as_sent_and_not_as_meant() -> None:
    assert judged(HEADERS, b'{"test":2432232314}') is Verdict.FORGED


def test_no_single_bit_of_the_body_can_be_turned() -> None:
    turned = [
        BODY[:place] + bytes([BODY[place] ^ (1 << bit)]) + BODY[place + 1 :]
        for place in range(len(BODY))
        for bit in range(8)
    ]

    assert {judged(HEADERS, body) for body in turned} == {Verdict.FORGED}


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_no_single_bit_of_a_header_can_be_turned(name: str) -> None:
    raw = HEADERS[name].encode()
    turned = [
        raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]
        for place in range(len(raw))
        for bit in range(8)
    ]

    verdicts = {judged(HEADERS | {name: each.decode("latin-1")}) for each in turned}

    assert Verdict.GENUINE not in verdicts
    assert verdicts <= {Verdict.FORGED, Verdict.UNSIGNED}


@pytest.mark.parametrize("secrets", [(SECRET, OTHER), (OTHER, SECRET)])
def test_two_secrets_hold_while_one_is_changed(secrets: tuple[str, str]) -> None:
    assert webhook.is_genuine(secrets, HEADERS, BODY, NOW)


@pytest.mark.parametrize("secrets", [(), (OTHER,)])
def test_without_the_right_secret_nothing_is_genuine(secrets: tuple[str, ...]) -> None:
    assert not webhook.is_genuine(secrets, HEADERS, BODY, NOW)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_?",
        SECRET.removeprefix("whsec_"),
        "whsec_c2hvcnQ=",
        "whsec_\u00fc",
        SECRET + " ",
    ],
)
def test_a_secret_that_is_none_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        webhook.sign(secret, ID, TIMESTAMP, BODY)

    assert caught.value.said.startswith("A webhook secret must be `whsec_` and base64")
    assert set(caught.value.seen) <= {"bytes"}
