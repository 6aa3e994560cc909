"""`crossdock offers counter`: on which other terms a load is carried that a customer offers.

Where `crossdock up` runs, it carries the decision out; else it is carried out here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from crossdock.apis.http import json_text
from crossdock.apis.process.v1.counter_offers import Countering, judge
from crossdock.app.config import Config
from crossdock.cli import house
from crossdock.cli.decide import By, ExceptionId
from crossdock.cli.ending import Exit, say
from crossdock.cli.freight import declining
from crossdock.cli.place import DEFAULT, ConfigFile, configured, looking
from crossdock.flow.operator_word import Word

Told = Annotated[str, Parameter(help="Why; the customer is told.")]


def counter(  # noqa: PLR0913 - the terms of an offer are as many
    id: ExceptionId,  # noqa: A002 - a user reads it
    /,
    *,
    reason: Told,
    pickup: Annotated[str, Parameter(help="`2026-04-01T10:00`, local, or with an offset.")] = "",
    delivery: Annotated[str, Parameter(help="The same, of the delivery.")] = "",
    price: Annotated[str, Parameter(help="`612.50 USD`, for the whole load.")] = "",
    confirm: Annotated[bool, Parameter(negative="", help="Have the customer told.")] = False,
    by: By = "",
    config: ConfigFile = DEFAULT,
) -> int:
    """Show what a customer would be told of its load; with --confirm it is told."""
    where = configured(config)
    asked = Countering(
        by=by or house.me(),
        reason=reason,
        pickup=pickup,
        delivery=delivery,
        price=price,
        confirmed=confirm,
    )
    with looking(where) as reader, declining():
        word = judge(reader, where.tenant, id, asked)
        row = reader.exception(where.tenant, id)
    if not confirm:
        say("nothing is told yet; say it again with --confirm")
    elif house.is_running(where):
        _say_there(where, row.id if row else id, asked)
        say("carried out by the running house")
    else:
        _say_here(where, word)
        say("carried out here; `crossdock up` sends what is asked of partners")
    print(word.detail)
    return Exit.OK


def _say_there(config: Config, exception_id: str, asked: Countering) -> None:
    path = f"offers/{quote(exception_id, safe='')}/counter"
    house.ask(config, path, json_text(asked).encode(), {"Content-Type": "application/json"})


def _say_here(config: Config, word: Word) -> None:
    from crossdock.app.compose import build

    built = build(config)
    try:
        built.machine.start()
        built.machine.say(word, datetime.now(UTC))
        built.machine.run_to_quiescence(datetime.now(UTC))
        built.machine.stop()
    finally:
        built.store.close()
