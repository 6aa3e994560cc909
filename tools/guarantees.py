"""The page of guarantees: what is promised, on which store, what is not, and what shows it.

The promises are written here; the figures are those that the programmes recorded
(`tools.figures`), so the page never says more than a run has shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tools.figures import Measured, recorded
from tools.reference import HEAD, rows


class Promise(Struct, frozen=True, kw_only=True):
    """One promise: how far it goes on each store, and the stories or programmes that show it.

    `shown` are paths below the root of the repository, `programmes` names of recorded figures.
    """

    text: str
    sqlite: str
    postgres: str
    shown: tuple[str, ...]
    programmes: tuple[str, ...] = ()


PROMISES = (
    Promise(
        text="What is acknowledged is stored",
        sqlite="After the flush to disk (`synchronous=FULL`)",
        postgres="After the commit (`synchronous_commit=on`), also on a synchronous standby",
        shown=(
            "tests/flow/test_receiver.py",
            "tests/flow/test_crashes.py",
            "tests/store/test_postgres_standby.py",
        ),
        programmes=(
            "crash_points",
            "power_cut_sqlite",
            "power_cut_postgres",
            "history_checker_postgres",
        ),
    ),
    Promise(
        text="The same thing said twice is one thing, for ever; other content under the same "
        "identity is a question to a person",
        sqlite="By a unique key that is never forgotten",
        postgres="The same",
        shown=("tests/flow/test_receiver.py", "tests/real/test_scms.py"),
        programmes=("simulation", "ablation"),
    ),
    Promise(
        text="State, effects, timers and the mark that a step was taken are there together or "
        "not at all",
        sqlite="One transaction a step",
        postgres="The same, fenced by the lane's lock",
        shown=("tests/store/test_sqlite.py", "tests/flow/test_crashes.py"),
        programmes=("crash_points", "simulation"),
    ),
    Promise(
        text="Messages of one key are decided one after the other; a key that fails waits, and "
        "the others go on",
        sqlite="By the order of arrival",
        postgres="By the order of arrival within a lane",
        shown=("tests/flow/test_dispatcher.py",),
        programmes=("poison", "history_checker_postgres"),
    ),
    Promise(
        text="Each effect happens once, or is exactly one question to a person",
        sqlite="By the partner's effect class: its key, a look-up, nature, or a person",
        postgres="The same; one worker at a time delivers to a partner",
        shown=("tests/flow/test_deliverer.py", "tests/journeys/test_killed.py"),
        programmes=("crash_points", "fault_proxy", "simulation", "ablation", "machines"),
    ),
    Promise(
        text="The same evidence in any order, told any number of times, gives the same end",
        sqlite="State, customer's view and effects",
        postgres="The same",
        shown=(
            "tests/journeys/test_any_order.py",
            "tests/processes/test_shipment_visibility_order_of_arrival.py",
            "tests/processes/test_order_release_order_of_arrival.py",
        ),
        programmes=("stateful",),
    ),
    Promise(
        text="No customer sees a shipment of an order before the ERP has its reference",
        sqlite="By a gate whose verdict is stored",
        postgres="The same",
        shown=(
            "tests/processes/test_shipment_visibility_orders.py",
            "tests/policies/test_gates.py",
        ),
        programmes=("simulation",),
    ),
    Promise(
        text="Today's code decides a recorded past as it was decided then, or says so",
        sqlite="States and messages carry their schema",
        postgres="The same",
        shown=("tests/flow/test_evolution.py", "tests/flow/test_replayer.py"),
        programmes=("golden_histories", "upgrade", "upgrade_postgres"),
    ),
    Promise(
        text="A restore of an older backup does nothing twice, uses no control number again, and "
        "says what must be sent again",
        sqlite="Outbound is held, every effect doubted; the replaced file is kept",
        postgres="The same, in one transaction; the replaced tables are kept",
        shown=(
            "tests/flow/test_recovery.py",
            "tests/store/test_restored.py",
            "tests/store/test_sqlite_backup.py",
            "tests/store/test_postgres_backup.py",
        ),
        programmes=("backup_restore", "backup_restore_postgres"),
    ),
    Promise(
        text="Workers of a release go on while the next is rolled out",
        sqlite="One process writes; the release before starts again on what was only prepared",
        postgres="By `pre` and `post` changes; what is newer is left to newer workers",
        shown=("tests/store/test_released.py", "tests/flow/test_evolution.py"),
        programmes=("upgrade", "upgrade_postgres"),
    ),
    Promise(
        text="A partner that was away is not trampled when it is back",
        sqlite="One courier, one token bucket, one probe",
        postgres="The same, for all workers together",
        shown=("tests/flow/test_breaker.py", "tests/flow/test_bucket.py"),
        programmes=("recovery_herd",),
    ),
    Promise(
        text="What people decide is in the audit log, and no row of it is changed, taken out or "
        "put in unseen",
        sqlite="By a chain of seals; what is cut off at the end, by a head kept elsewhere",
        postgres="The same",
        shown=("tests/flow/test_audit_chain.py", "tests/flow/test_operator.py"),
    ),
    Promise(
        text="More than can be done is refused at the door, with when to come again",
        sqlite="429 when the door is full, 507 when the disk is, 503 when it fails",
        postgres="The same; 503 when the database is away",
        shown=(
            "tests/flow/test_shell.py",
            "tests/apis/test_gate.py",
            "tests/apis/test_deliveries.py",
            "tests/app/test_web.py",
        ),
        programmes=("overload", "disk_full"),
    ),
    Promise(
        text="What a house holds does not grow with what it has done",
        sqlite="Memory, open files, threads, the log; the file by the same for each flow",
        postgres="The same, and sessions and locks at the server",
        shown=("tests/proofs/test_soak.py",),
        programmes=("soak_sqlite", "soak_postgres"),
    ),
    Promise(
        text="Whoever says nothing, or a byte now and then, holds no connection and no place for "
        "long",
        sqlite="10 s for a request's head; 60 s for its body, and a second more for each 1,000 "
        "bytes of it: 408",
        postgres="The same",
        shown=("tests/app/test_web.py",),
    ),
)

NOT_PROMISED = (
    "Exactly once across systems: of a partner that cannot be asked, a person asks what it did.",
    "Order between keys: two orders are decided in any order, also side by side.",
    "A disk that lies: what the operating system calls flushed and loses afterwards is lost.",
    "A store on a network file system, or one file written by two machines.",
    "A bound on connections of one address: that is for what stands before the house.",
    "An exact moment: timers ring late under load. What they decide goes by when they were due.",
)


def page() -> str:
    """Write the page."""
    measured = recorded()
    return "\n".join(
        [
            "# What is guaranteed",
            "",
            HEAD,
            "Each row names the stories and programmes that show it; the figures are below.",
            "",
            rows(("promised", "on SQLite", "on PostgreSQL", "shown by"), _promises(measured)),
            "## What is not promised",
            "",
            *(f"- {each}" for each in NOT_PROMISED),
            "",
            "## Figures of the last runs",
            "",
            *_figures(measured.values()),
        ]
    )


def _promises(measured: dict[str, Measured]) -> list[tuple[str, ...]]:
    return [(each.text, each.sqlite, each.postgres, _shown(each, measured)) for each in PROMISES]


def _shown(promise: Promise, measured: dict[str, Measured]) -> str:
    stories = [f"[{path.removeprefix('tests/')}](../{path})" for path in promise.shown]
    figures = [
        f"[{measured[name].title.lower()}](#{_anchor(measured[name])})"
        for name in promise.programmes
        if name in measured
    ]
    return ", ".join([*stories, *figures])


def _figures(measured: Iterable[Measured]) -> list[str]:
    told = []
    for each in measured:
        figures = [(name.replace("_", " "), str(value)) for name, value in each.figures.items()]
        told += [f"### {each.title}", "", f"`{each.command}`, {each.day}", ""]
        told += [rows(("what", "figure"), figures)]
    return told or ["No programme has recorded a run yet.", ""]


def _anchor(measured: Measured) -> str:
    """Name the heading as the readers of Markdown do."""
    kept = (each for each in measured.title.lower() if each.isalnum() or each in " -")
    return "".join(kept).replace(" ", "-")
