"""`crossdock freight`: what waits for finance, one load's money, decisions about it, its evidence.

Where `crossdock up` runs, it carries a decision out; else it is carried out here.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
from cyclopts import Parameter

from crossdock.apis import problems, words
from crossdock.apis.http import json_text
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1 import evidence as packs
from crossdock.apis.process.v1 import freight, freight_decisions, freight_load
from crossdock.apis.process.v1.charges import Amount, Charge, three_way
from crossdock.apis.process.v1.freight import REVIEW, Charges, Postings
from crossdock.apis.process.v1.freight_decisions import (
    ALREADY,
    FreightDeciding,
    FreightOutcome,
    Matter,
)
from crossdock.apis.process.v1.freight_load import Load
from crossdock.apis.process.v1.freight_routes import table as as_csv
from crossdock.app.config import Config
from crossdock.cli import house
from crossdock.cli.decide import Reason
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.cli.table import table
from crossdock.faults import LockedOut
from crossdock.messages.freight_settlement import FreightVerdict

LoadId = Annotated[str, Parameter(help="The load.")]
EXITS = {
    problems.NOT_FOUND.name: Exit.NOT_FOUND,
    problems.CONFLICT.name: Exit.CONFLICT,
    problems.UNAUTHENTICATED.name: Exit.LOCKED_OUT,
}


def ls(
    *,
    view: Annotated[str, Parameter(help=f"Which ones: {', '.join(freight.VIEWS)}.")] = REVIEW,
    carrier: Annotated[str, Parameter(help="Only this carrier's (SCAC).")] = "",
    as_table: Annotated[bool, Parameter(name="--csv", negative="", help="Answer as CSV.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """List the charges that wait, the longest waiting first, with what is out of line."""
    where = configured(config)
    with looking(where) as reader, declining():
        found = freight.charges(reader, where.tenant, view, carrier=carrier, limit=sys.maxsize - 1)
    if as_json:
        print(json_text(found))
    elif as_table:
        print(as_csv(found.charges), end="")
    elif found.charges:
        print(tell(found, datetime.now(UTC)))
    else:
        say("No charge stands so.")
    return Exit.OK


def show(load: LoadId, /, *, as_json: AsJson = False, config: ConfigFile = DEFAULT) -> int:
    """Show one load: expected, invoiced and posted for each charge, and the rule that decided."""
    where = configured(config)
    with looking(where) as reader, declining():
        found = freight_load.load(reader, where.tenant, load)
    print(json_text(found) if as_json else "\n".join(explain(found)))
    return Exit.OK


def unposted(*, as_json: AsJson = False, config: ConfigFile = DEFAULT) -> int:
    """List what ERPs were asked to post and have not, with their own words."""
    where = configured(config)
    with looking(where) as reader:
        found = freight.unposted(reader, where.tenant)
    if as_json:
        print(json_text(found))
    elif found.postings:
        print(tell_unposted(found, datetime.now(UTC)))
    else:
        say("Everything asked of an ERP is posted.")
    return Exit.OK


def decide(  # noqa: PLR0913 - what a person decides about money has this many parts
    load: LoadId,
    verdict: Annotated[FreightVerdict, Parameter(help="What is decided.")],
    /,
    *,
    reason: Reason,
    charge: Annotated[str, Parameter(help="Which charge; every open one by default.")] = "",
    amount: Annotated[str, Parameter(help="For short_pay and settle: `557.21`.")] = "",
    token_file: Annotated[
        Path | None, Parameter(help="The file with your own token, where operators have names.")
    ] = None,
    config: ConfigFile = DEFAULT,
) -> int:
    """Decide about money; where policy asks for two persons, the first proposes."""
    where = configured(config)
    asked = FreightDeciding(verdict=verdict, reason=reason, charge=charge, amount=amount)
    token = _token(token_file)
    if house.is_running(where):
        told = _decide_there(where, load, asked, token)
        say("carried out by the running house")
    else:
        told = _decide_here(where, load, asked, _person(where, token))
        say("carried out here; `crossdock up` sends what is asked of partners")
    print(told.said)
    return Exit.OK


def evidence(
    load: LoadId,
    /,
    *,
    pdf: Annotated[Path | None, Parameter(help="Write it into this file, as PDF.")] = None,
    config: ConfigFile = DEFAULT,
) -> int:
    """Give all that a load's postings and disputes rest on, as JSON or on paper."""
    where = configured(config)
    with looking(where) as reader, declining():
        pack = packs.evidence(reader, where.tenant, load)
    if pdf is None:
        print(json_text(pack))
        return Exit.OK
    from crossdock.apis.process.v1.evidence_pdf import on_paper

    with declining():
        pdf.write_bytes(on_paper(pack))
    say(f"{pdf}: SHA-256 of the pack {pack.digest}")
    return Exit.OK


@contextmanager
def declining() -> Iterator[None]:
    """End a command where what it asks for is declined."""
    try:
        yield
    except Declined as declined:
        code = EXITS.get(declined.kind.name, Exit.USAGE)
        raise Ended(code, declined.detail) from declined


def _token(file: Path | None) -> str:
    try:
        return file.read_text("utf-8").strip() if file else ""
    except OSError as error:
        raise Ended(Exit.NOT_FOUND, f"{file} cannot be read: {error.strerror}.") from error


def _person(config: Config, token: str) -> str:
    """Tell who decides: by the token where operators have names, else who is logged in here."""
    if not config.operators:
        return house.me()
    given = hashlib.sha256(token.encode()).hexdigest()
    for each in config.operators:
        if each.token_sha256 == given:
            return each.name
    raise LockedOut("Money is decided by a person: give your own token with --token-file")


def _decide_there(config: Config, load: str, asked: FreightDeciding, token: str) -> FreightOutcome:
    told = house.ask(
        config,
        f"freight/{quote(load, safe='')}/decisions",
        json_text(asked).encode(),
        {"Content-Type": "application/json"},
        token=token,
    )
    return msgspec.convert(told, FreightOutcome)


def _decide_here(config: Config, load: str, asked: FreightDeciding, by: str) -> FreightOutcome:
    from crossdock.app.compose import build

    with looking(config) as reader, declining():
        matter = freight_decisions.judge(reader, config.tenant, load, asked, by)
    if matter.before:
        return FreightOutcome(status=ALREADY, said=matter.before)
    built = build(config)
    try:
        built.machine.start()
        built.machine.say(matter.word, datetime.now(UTC))
        built.machine.run_to_quiescence(datetime.now(UTC))
        built.machine.stop()
    finally:
        built.store.close()
    return _outcome(config, matter)


def _outcome(config: Config, matter: Matter) -> FreightOutcome:
    with looking(config) as reader, declining():
        return freight_decisions.outcome(reader, config.tenant, matter)


def tell(found: Charges, now: datetime) -> str:
    """Write charges for a terminal."""
    rows = [
        (
            each.load_id,
            each.charge,
            each.carrier_scac,
            money(each.expected),
            money(each.invoiced),
            money(each.variance),
            each.state.replace("_", " "),
            words.ago(each.since, now) if each.since else "",
            each.because,
        )
        for each in found.charges
    ]
    head = ("LOAD CHARGE CARRIER EXPECTED INVOICED DIFFERENCE STATE FOR BECAUSE").split()
    return table(head, rows)


def tell_unposted(found: Postings, now: datetime) -> str:
    """Write what is not posted for a terminal."""
    rows = [
        (
            words.ago(each.asked_at, now),
            each.endpoint,
            f"{each.verb} {each.business_key}",
            str(each.status),
            str(each.tries),
            each.said,
        )
        for each in found.postings
    ]
    return table(("FOR", "ERP", "WHAT", "STATE", "TRIES", "WHAT IT SAID"), rows)


def explain(load: Load) -> list[str]:
    """Write one load's money for a terminal."""
    orders = ", ".join(load.order_ids)
    lines = [f"{load.load_id}: {load.state.replace('_', ' ')}, {load.carrier_scac}, for {orders}"]
    if load.rules:
        lines.append(f"decided by rule book {load.rules}")
    lines += load.notes
    for each in load.charges:
        lines += _charge(each)
    lines += [
        f"invoice {each.invoice_id}: {money(each.total)}, {each.state.replace('_', ' ')} "
        f"{each.document}".rstrip()
        for each in load.invoices
    ]
    lines += [f"share of {each.order_id}: {money(each.amount)}" for each in load.shares]
    lines += [
        f"{each.endpoint} {each.verb} {each.business_key}: {each.status} "
        f"{each.document} {each.said}".rstrip()
        for each in load.postings
    ]
    lines += [f"! {each.cause} ({each.id[:8]})" for each in load.stuck]
    return lines


def _charge(charge: Charge) -> list[str]:
    told = [f"{word} {money(amount)}" for word, amount in three_way(charge)]
    lines = [
        f"{charge.charge}: {charge.state.replace('_', ' ')}",
        f"  {', '.join(told)}",
        f"  {charge.because} (rule {charge.rule})",
    ]
    lines += [f"  proof {each.condition}: {each.said}" for each in charge.proofs]
    if charge.missing:
        lines.append(f"  waits for {', '.join(charge.missing)}")
    if charge.dispute_until:
        lines.append(f"  dispute ends {words.utc(charge.dispute_until)}")
    if charge.proposal:
        lines.append(
            f"  {charge.proposal.verdict} proposed by {charge.proposal.by}; "
            f"{freight_decisions.SECOND}"
        )
    return lines


def money(amount: Amount | None) -> str:
    """Write an amount; a dash for none."""
    return "-" if amount is None else f"{amount.amount} {amount.currency}"
