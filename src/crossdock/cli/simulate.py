"""`crossdock simulate-partner KIND`: a partner to try things against."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from crossdock.cli.ending import Exit


def simulate_partner(
    *words: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            help="The kind (erp, tms, carrier, naive) and its options; `KIND --help` lists them.",
        ),
    ],
) -> int:
    """Serve a simulated ERP, TMS or carrier over real HTTP, with faults and a ledger of its own."""
    from crossdock.simulators import run

    try:
        return run.main(list(words))
    except SystemExit as ended:  # how argparse ends after its help, or a wrong option
        return ended.code if isinstance(ended.code, int) else Exit.FAILED
