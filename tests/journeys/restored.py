"""A day that is lost and restored: worked on, backed up, worked further, destroyed, put back.

python -m tests.journeys.restored 1 2 3 [--store sqlite]     lives the days of these seeds on both
stores, or on one, and keeps the figures

On one file the process is killed and the file is gone; on a database an API node and three workers
are stopped as the documentation says, and start again over what was put back.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from crossdock.app.stores import looking_into
from crossdock.cli.demonstration.day import (
    NotReady,
    crossdock_sites,
    quiet,
    ready,
    until_over,
)
from crossdock.cli.demonstration.stage import ROLES, Plan, Stage, stop
from crossdock.flow.exceptions import UNRESOLVED
from crossdock.simulators import auditor
from crossdock.simulators.auditor import Evidence, Violations
from crossdock.simulators.ledger import Ledger
from crossdock.simulators.patrol import Patrol
from crossdock.testing.postgres import PostgresServer
from tests.journeys.days import clock_soon
from tests.journeys.machines import Town, delivered
from tests.journeys.test_killed import doubled
from tools.figures import record

FACTOR = 9000.0
WAIT_SECONDS = 600.0
# Lines and partners fail as ever, but nobody takes back what was said: an ERP that answers by the
# key it knows would keep the first word (docs/operate/backup-and-restore.md, what cannot be known).
STEADY = (
    "slow=0.02,down=0.03,lost=0.04,duplicate=0.08,reorder=0.06,late=0.04,unknown_code=0.02,"
    "unknown_master=0.02,incomplete=0.02,rejected=0.01,overbilled=0.04,unknown_charge=0.02"
)
LATE = timedelta(hours=1)  # simulated: partners' clocks and ours


class Lived(Struct, frozen=True, kw_only=True):
    """What a restored day showed.

    `undone` are effects that partners have done and the backup does not know; `again` is what the
    partners sent once more, `new` and `known` what became of it, `files` how many were read again,
    `decisions` what a person had to look up at a partner. `numbers_left_out` lie between the
    highest control number ever taken and the first after the restore, `unreported` are partners
    that were acknowledged after the backup and are not named for it, `whole` tells whether the day
    came to its end.
    """

    violations: Violations
    doubled: list[str]
    in_backup: int
    undone: int
    doubted: int
    sent_while_held: int
    again: int
    new: int
    known: int
    files: int
    decisions: int
    unfinished: int
    numbers_left_out: int
    unreported: list[str]
    whole: bool


class OneProcess:
    """crossdock over a file: killed without a word, and its store is gone with all beside it."""

    told: tuple[str, ...] = ()  # what `crossdock restore` is told besides

    def __init__(self, stage: Stage) -> None:
        """Begin with nothing running."""
        self._stage = stage
        self._hub: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start what works, and wait until it does."""
        self._hub = self._stage.start("crossdock", self._stage.hub_command())

    def lose(self, _backup: Path) -> None:
        """End all of it, and the store with it."""
        assert self._hub is not None
        self._hub.send_signal(signal.SIGKILL)
        self._hub.wait()
        for each in self._stage.folder.glob("crossdock.db*"):
            each.unlink()

    def stop(self) -> None:
        """End what still runs."""
        if self._hub is not None:
            stop(self._hub)


class Machines:
    """crossdock over a database: an API node and three workers, stopped before it is restored."""

    told = ("--replace",)
    workers = ("one", "two", "three")

    def __init__(self, stage: Stage, server: PostgresServer) -> None:
        """Begin with nothing running."""
        self._stage = stage
        self._town = Town(stage, server)

    async def start(self) -> None:
        """Start what works, and wait until the workers share the work."""
        self._town.start("api", "api")
        for each in self.workers:
            self._town.start(each)
        await self._town.until_shared(*self.workers)

    def lose(self, backup: Path) -> None:
        """See that nothing is restored under those who work, then stop them."""
        line = restore_command(self._stage, backup, *self.told)
        refused = subprocess.run(line, capture_output=True, text=True, check=False)
        assert (refused.returncode != 0, "stop them first" in refused.stderr) == (True, True)
        self.stop()

    def stop(self) -> None:
        """End what still runs."""
        stop(*self._town.running.values())
        self._town.running.clear()


def live(stage: Stage, house: OneProcess | Machines | None = None) -> Lived:
    """Live the day."""
    return asyncio.run(_live(stage, house or OneProcess(stage)))


async def _live(stage: Stage, house: OneProcess | Machines) -> Lived:
    await house.start()
    try:
        with stage.partners():
            await started(stage)
            await until(lambda: released(stage) >= stage.plan.orders // 2)
            file = stage.folder / "backup.db"
            made = command(stage, "backup", str(file))
            before = done(stage)
            spoke = sent_by(stage)
            await until(lambda: done(stage) >= before + stage.plan.orders)
            house.lose(file)
            undone, highest = done(stage) - before, highest_number(stage)
            spoke_since = {name for name, count in sent_by(stage).items() if count > spoke[name]}
            restored = command(stage, *restore_words(file), *house.told)
            await house.start()
            await started(stage)
            held_at = done(stage)
            again = await sent_again(stage, restored)
            await until(lambda: taken_again(stage))
            sent_while_held = done(stage) - held_at
            decide(stage, "release", "all was sent again")
            shown = command(stage, "recovery", "show")
            decisions: list[str] = []
            operator = asyncio.create_task(looks_after(stage, decisions))
            whole = await until_over(stage, lambda: quiet(stage), lambda _line: None)
            operator.cancel()
            decide(stage, "finish", "nothing is missing")
            evidence = await seen(stage)
            status = command(stage, "status")
    finally:
        house.stop()
    return Lived(
        violations=auditor.audit(evidence),
        doubled=[key for role in ROLES for key in doubled(stage.ledger(role.name))],
        in_backup=made["messages"],
        undone=undone,
        doubted=sum(sum(verbs.values()) for verbs in restored["doubted"].values()),
        sent_while_held=sent_while_held,
        again=again,
        new=sum(each["new"] for each in shown["partners"]),
        known=sum(each["known"] for each in shown["partners"]),
        files=sum(restored["given_back"].values()),
        decisions=len(decisions),
        unfinished=sum(each["waiting"] for each in status["partners"]),
        numbers_left_out=restored["control_floor"] - highest,
        whole=whole,
        unreported=sorted(spoke_since - {each["name"] for each in shown["partners"]}),
    )


def restore_words(backup: Path) -> list[str]:
    """Write what `crossdock` is told to put a backup back."""
    return ["restore", str(backup), "--reason", "the disk broke"]


def restore_command(stage: Stage, backup: Path, *more: str) -> list[str]:
    """Write the command line that puts a backup back."""
    words = [*restore_words(backup), *more, "--config", str(stage.config_file)]
    return [sys.executable, "-m", "crossdock.cli", *words]


def sent_by(stage: Stage) -> Counter[str]:
    """Count what was acknowledged to each partner, by their own ledgers."""
    return Counter({role.name: delivered(stage.ledger(role.name)) for role in ROLES})


def highest_number(stage: Stage) -> int:
    """Read the highest control number that was ever taken; 0 where the store is gone."""
    if not stage.plan.database:
        return 0
    with psycopg.connect(stage.plan.database) as connection:
        found = connection.execute("SELECT coalesce(max(taken), 0) FROM control_number").fetchone()
    return int(found[0]) if found else 0


async def started(stage: Stage) -> None:
    """Wait until every process answers, on a machine that has much else to do."""
    try:
        await ready(stage)
    except NotReady:
        await ready(stage)


def command(stage: Stage, *words: str) -> Any:
    """Run a command of crossdock, and read its JSON. Raises CalledProcessError where it fails."""
    line = [sys.executable, "-m", "crossdock.cli", *words, "--json"]
    line += ["--config", str(stage.config_file)]
    told = subprocess.run(line, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def decide(stage: Stage, verb: str, reason: str) -> None:
    """Let the running house decide after a restore."""
    line = [sys.executable, "-m", "crossdock.cli", "recovery", verb, "--reason", reason]
    subprocess.run([*line, "--config", str(stage.config_file)], check=True, capture_output=True)


async def until(there: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not there():
        assert time.monotonic() < deadline, there
        await asyncio.sleep(0.1)


def released(stage: Stage) -> int:
    """Count the orders that crossdock has heard of."""
    with looking_into(stage.config) as reader:
        return reader.count_messages("main").get("OrderReleased", 0)


def done(stage: Stage) -> int:
    """Count what partners have done, by their own ledgers."""
    ledgers = [Ledger(stage.ledger(role.name)) for role in ROLES]
    return sum(len(each.entries(kind="received")) for each in ledgers)


async def sent_again(stage: Stage, restored: Any) -> int:
    """Ask every partner to send again what it sent since; answer how much that is."""
    again = 0
    async with aiohttp.ClientSession() as session:
        for role in ROLES:
            heard = restored["heard"].get(role.name)
            since = stage.plan.clock.simulated_epoch - timedelta(days=1)
            if heard:
                since = datetime.fromisoformat(heard) - LATE
            url = f"{stage.url(role.name)}/resend"
            async with session.post(url, json={"since": since.isoformat()}) as answer:
                again += int((await answer.json())["again"])
    return again


def taken_again(stage: Stage) -> bool:
    """Tell whether what was sent again has arrived: nothing that is due waits at the partners."""
    now = (stage.plan.clock.now() - LATE).timestamp()
    ledgers = [Ledger(stage.ledger(role.name)) for role in ROLES]
    return all(due > now for each in ledgers for due, _, _ in each.waiting())


async def looks_after(stage: Stage, decisions: list[str]) -> None:
    """Decide what crossdock asks: look at the partner, then waive what was done and retry the rest.

    An exchange that would get another control number than before is such a question.
    """
    exceptions = f"{stage.hub_url}/process/v1/exceptions"
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(exceptions) as answer:
                found = (await answer.json())["exceptions"]
            for each in found:
                if each["code"] == UNRESOLVED:
                    verb = "waive" if was_done(stage, each) else "retry"
                    body = {"by": "ann", "reason": "looked at the partner"}
                    await session.post(f"{exceptions}/{each['id']}/{verb}", json=body)
                    decisions.append(verb)
            await asyncio.sleep(0.5)


def was_done(stage: Stage, question: Any) -> bool:
    """Look into the partner's ledger for the shipment or the bill that the question is about."""
    seen, business_key = question["seen"], set(question["about"][-1].split("/"))
    entries = Ledger(stage.ledger(seen["endpoint"])).entries(kind="received", verb=seen["verb"])
    return any(
        business_key & {each.content.get("shipment_id"), each.content.get("invoice_id")}
        for each in entries
    )


async def seen(stage: Stage) -> Evidence:
    """Look at every customer's pages, and bring the ledgers home."""
    async with Patrol(crossdock_sites(stage)) as patrol:
        for customer in stage.api_keys:
            await patrol.look(customer)
        return await patrol.evidence()


def happened_once(lived: Lived) -> dict[str, int]:
    """Count what a restore must not do: each is 0 where everything happened once and whole.

    What stands may be said again under the next revision: docs/operate/backup-and-restore.md.
    """
    found = lived.violations.counts()
    postings = found.pop("doubled_postings") - len(said_again(lived))
    done_twice = len(lived.doubled) + found.pop("doubled_effects") + postings
    return {
        "sent_while_held": lived.sent_while_held,
        "effects_doubled": done_twice,
        "messages_lost": found.pop("lost_messages"),
        "duplicate_shipments": found.pop("duplicate_shipments"),
        "portal_ahead_of_erp": found.pop("portal_ahead_of_erp"),
        "stock_money_or_books_that_do_not_add_up": sum(found.values()),
        "partners_not_named": len(lived.unreported),
        "effects_left_open": lived.unfinished,
        "days_without_an_end": int(not lived.whole),
    }


def said_again(lived: Lived) -> list[str]:
    """Name the postings that say again what stands, under another revision than the first."""
    return [each for each in lived.violations.doubled_postings if not each.endswith("/1")]


def counted(days: Sequence[Lived]) -> dict[str, int]:
    """Count what the days showed."""
    judged = [happened_once(each) for each in days]
    return {
        "days": len(days),
        "messages_in_backups": sum(each.in_backup for each in days),
        "effects_done_after_the_backup": sum(each.undone for each in days),
        "effects_doubted": sum(each.doubted for each in days),
        "documents_sent_again": sum(each.again + each.files for each in days),
        "reports_known_already": sum(each.known for each in days),
        "looked_up_by_a_person": sum(each.decisions for each in days),
        "postings_said_again_under_a_next_revision": sum(len(said_again(each)) for each in days),
        **{name: sum(each[name] for each in judged) for name in judged[0]},
    }


def lose_files(plan: Plan) -> Lived:
    """Live a day of one process over a file."""
    return live(Stage(plan))


def lose_database(plan: Plan) -> Lived:
    """Live a day of an API node and three workers over a database, steady. Raises NotInstalled."""
    with PostgresServer.start() as server:
        stage = Stage(replace(plan, faults=STEADY, database=server.database()))
        return live(stage, Machines(stage, server))


LOSING = {"sqlite": lose_files, "postgres": lose_database}
TITLES = {
    "sqlite": ("backup_restore", "SQLite"),
    "postgres": ("backup_restore_postgres", "PostgreSQL, an API node and three workers"),
}


def main() -> int:
    """Live days, and keep what they showed; 1 where one of them did not end as it must."""
    words = argparse.ArgumentParser(prog="make restores")
    words.add_argument("seeds", type=int, nargs="*", default=[1, 2, 3])
    words.add_argument("--store", choices=LOSING, help="this one alone")
    asked = words.parse_args()
    red = 0
    for store in [asked.store] if asked.store else LOSING:
        lived = []
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as folder:
                plan = Plan(folder=Path(folder), clock=clock_soon(FACTOR), orders=60, seed=seed)
                lived.append(LOSING[store](plan))
            sys.stdout.write(f"seed {seed}: {lived[-1]}\n")
            sys.stdout.flush()
        programme, engine = TITLES[store]
        figures = counted(lived)
        title = f"A day lost after its backup, restored, and sent again by the partners ({engine})"
        record(programme, title, "make restores", figures)
        sys.stdout.write(json.dumps({"store": store, **figures}) + "\n")
        red += sum(figures[name] for name in happened_once(lived[0]))
    return int(red > 0)


if __name__ == "__main__":
    sys.exit(main())
