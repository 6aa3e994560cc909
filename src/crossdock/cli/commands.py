"""The commands by name, and the way a command line becomes one of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

import crossdock
from crossdock.cli.ending import Ended, Exit, code_of, say
from crossdock.faults import Fault
from crossdock.governance.typed_toml import meant

EPILOGUE = "Begin with `crossdock demo`, or with `crossdock init` for a house of your own."

# Each command with where it is and what it is for; it is imported when it is asked for.
COMMANDS = {
    "demo": ("crossdock.cli.demo:demo", "Watch a distributor's day, with simulated partners."),
    "init": ("crossdock.cli.init:init", "Write a commented configuration to begin with."),
    "up": ("crossdock.cli.up:up", "Serve partners, customers and operators."),
    "worker": ("crossdock.cli.up:worker", "Take steps and deliver, beside other workers."),
    "api": ("crossdock.cli.up:api", "Serve, and leave the work to the workers."),
    "migrate": ("crossdock.cli.up:migrate", "Bring a database up to this release."),
    "receive": ("crossdock.cli.receive:receive", "Take in documents from files."),
    "read": ("crossdock.cli.read:read", "Show what is made of a file, without storing it."),
    "trace": ("crossdock.cli.trace:trace", "Tell the whole story of any number."),
    "status": ("crossdock.cli.status:status", "Show the whole house at a glance."),
    "replay": ("crossdock.cli.replay:replay", "Show what documents would do if read again."),
    "reconcile": (
        "crossdock.cli.reconcile:reconcile",
        "Hold what ledgers hold against what was posted.",
    ),
    "doctor": ("crossdock.cli.doctor:doctor", "Check what must be right before anything works."),
    "audit": ("crossdock.cli.audit:audit", "Check that the audit log is whole."),
    "backup": ("crossdock.cli.backup:backup", "Write the store into a file, while it is used."),
    "restore": ("crossdock.cli.restore:restore", "Put a backup in the place of the store."),
    "simulate-partner": (
        "crossdock.cli.simulate:simulate_partner",
        "Serve a simulated ERP, TMS or carrier.",
    ),
    "fault-proxy": (
        "crossdock.cli.fault_proxy:fault_proxy",
        "Pass connections on with faults, to try what then happens.",
    ),
}
EXCEPTIONS = {
    "ls": ("crossdock.cli.exceptions:ls", "List what waits for people."),
    "show": ("crossdock.cli.exceptions:show", "Show one exception with its facts."),
    "retry": ("crossdock.cli.decide:retry", "Try again what stopped."),
    "edit": ("crossdock.cli.decide:edit", "Take a mended document in place of the first."),
    "waive": ("crossdock.cli.decide:waive", "Go on without."),
}
RECOVERY = {
    "show": ("crossdock.cli.recovery:show", "Show what a restore holds, and what came again."),
    "release": ("crossdock.cli.recovery:release", "Let effects leave, each found out about first."),
    "finish": ("crossdock.cli.recovery:finish", "Take new effects for new again."),
}
ACKS = {
    "ls": ("crossdock.cli.acks:ls", "List what partners owe for what we sent."),
    "review": ("crossdock.cli.acks:review", "Note that one was looked at, and what of it."),
}
FREIGHT = {
    "ls": ("crossdock.cli.freight:ls", "List the charges that wait, with what is out of line."),
    "show": ("crossdock.cli.freight:show", "Show one load: expected, invoiced, posted, and why."),
    "decide": ("crossdock.cli.freight:decide", "Decide about a charge, by your own name."),
    "unposted": ("crossdock.cli.freight:unposted", "List what ERPs have not posted, and why."),
    "evidence": ("crossdock.cli.freight:evidence", "Give all that a load's money rests on."),
}
OFFERS = {
    "counter": ("crossdock.cli.offers:counter", "Counter a load that a customer offers."),
}
OWN_HELP = {"simulate-partner"}  # these explain their options themselves
GROUPS = {
    "exceptions": ("See what waits for people, and decide.", EXCEPTIONS),
    "recovery": ("Go on after a restore, until it is over.", RECOVERY),
    "acks": ("See which acknowledgements partners owe.", ACKS),
    "offers": ("Answer loads that customers offer.", OFFERS),
    "freight": ("See what waits for finance, and decide about money.", FREIGHT),
}


def build() -> App:
    """Build the command line without importing a single command."""
    app = App(
        name="crossdock",
        help="One story of an order across ERP, TMS, carriers and the customers' portal.",
        help_epilogue=EPILOGUE,
        version=crossdock.__version__,
        result_action="return_value",
    )
    for name, (place, says) in COMMANDS.items():
        own_help = [] if name in OWN_HELP else ["--help", "-h"]
        app.command(place, name=name, help=says, help_flags=own_help)
    for name, (says, commands) in GROUPS.items():
        group = App(name=name, help=says)
        for each, (place, what) in commands.items():
            group.command(place, name=each, help=what)
        app.command(group)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and answer its exit code."""
    if wrong := misspelt(arguments):
        say(wrong)
        return Exit.USAGE
    try:
        answer = build()(list(arguments), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        error.verbose = False
        say(f"{error}\nSee `crossdock {' '.join(_named(arguments))} --help`.")
        return Exit.USAGE
    except Ended as ended:
        say(ended.said)
        return ended.code
    except Fault as fault:
        say(fault.said if fault.said.endswith(("?", ".")) else f"{fault.said}.")
        return code_of(fault)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read us has heard enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return answer if isinstance(answer, int) else Exit.OK


def misspelt(arguments: Sequence[str]) -> str:
    """Say what a command that there is not may have meant; empty where it is one."""
    first, second, *_ = (*arguments, "", "")
    if first and not first.startswith("-") and first not in {*COMMANDS, *GROUPS}:
        return f"There is no command `{first}`; {meant(first, (*COMMANDS, *GROUPS))}"
    known = GROUPS[first][1] if first in GROUPS else {}
    if known and second and not second.startswith("-") and second not in known:
        return f"There is no command `{first} {second}`; {meant(second, known)}"
    return ""


def _named(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: 2 if arguments[:1] and arguments[0] in GROUPS else 1]
