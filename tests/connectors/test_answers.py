"""What partners answer is read as if anybody might have written it."""

import pytest

from crossdock.connectors.system_api.answers import read_answer
from crossdock.ports import Answer, Exchange, Stage

HTML = b"<!doctype html><title>Login</title>"


def answered(status: int, body: bytes) -> Exchange:
    return Exchange(stage=Stage.ANSWERED, status=status, body=body)


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (201, b'{"document_id": "TR-1"}', Answer(understood=True, document="TR-1")),
        (202, b'{"document_id": "RQ-1", "eta": 5}', Answer(understood=True, document="RQ-1")),
        (200, b'{"document_id": "TR-1"}', Answer(understood=True, document="TR-1")),
        (
            200,
            b'{"document_id": "TR-1", "status": "done"}',
            Answer(understood=True, document="TR-1", found=True),
        ),
        (404, b'{"status": "unknown"}', Answer(understood=True, found=False)),
        (
            409,
            b'{"document_id": "TR-1", "error": "duplicate"}',
            Answer(understood=True, document="TR-1", said="duplicate"),
        ),
        (
            422,
            b'{"error": "closed", "detail": "the order is closed"}',
            Answer(understood=True, said="closed: the order is closed"),
        ),
        (401, HTML, Answer(understood=True, said=f"401 {HTML.decode()}")),
        (429, b"slow\r\n down", Answer(understood=True, said="429 slow down")),
        (503, b"", Answer(understood=True, said="503")),
    ],
)
def test_an_answer_as_promised_is_understood(status: int, body: bytes, answer: Answer) -> None:
    assert read_answer(answered(status, body)) == answer


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, HTML),
        (201, b'{"document_id": "TR-'),
        (201, b"{}"),
        (201, b""),
        (201, b'{"document_id": ""}'),
        (201, b'{"document_id": 7}'),
        (201, b'["TR-1"]'),
        (200, b'{"document_id": "TR-1", "status": "working"}'),
        (204, b""),
        (302, b""),
        (404, HTML),
        (404, b'{"error": "no such page"}'),
        (409, b'{"error": "version_conflict", "document_id": "TR-1"}'),
        (409, b'{"error": "duplicate"}'),
        (422, HTML),
    ],
)
def test_an_answer_that_nobody_promised_is_not_understood(status: int, body: bytes) -> None:
    assert not read_answer(answered(status, body)).understood


def test_where_nothing_was_answered_the_network_is_quoted() -> None:
    exchange = Exchange(stage=Stage.NO_ANSWER, said="ServerDisconnectedError")

    assert read_answer(exchange) == Answer(understood=False, said="ServerDisconnectedError")


def test_a_long_answer_is_quoted_in_part() -> None:
    body = b'{"error": "%s"}' % (b"x" * 5000)

    assert read_answer(answered(422, body)) == Answer(understood=True, said="x" * 500)
