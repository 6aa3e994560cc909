"""`crossdock audit`: whether the log of what people decided is as it was written."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from crossdock.apis.http import json_text
from crossdock.cli.ending import Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.flow.audit_chain import Verdict, verify

Head = Annotated[str, Parameter(help="A head of the chain that was kept elsewhere, to hold to.")]


def audit(*, head: Head = "", as_json: AsJson = False, config: ConfigFile = DEFAULT) -> int:
    """Check that no row of the audit log was changed, taken out or put in.

    Exit code 8 where one was. Keep the head that is printed outside of the store, and give it the
    next time: rows that were cut off at the end are seen by nothing else.
    """
    where = configured(config)
    with looking(where) as reader:
        found = verify(reader, where.tenant, head)
    print(json_text(found) if as_json else tell(found))
    for each in found.wrong:
        say(each)
    return Exit.CHECKS_FAILED if found.wrong else Exit.OK


def tell(found: Verdict) -> str:
    """Write what was found for a terminal."""
    waiting = f", {found.waiting} of them not sealed yet" if found.waiting else ""
    chain = "is broken" if found.wrong else "is whole"
    head = f"; its head is {found.head}" if found.head else ""
    return f"{found.rows} row(s){waiting}; the chain {chain}{head}"
