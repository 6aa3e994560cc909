"""The tables from X12's codes to our words, each with the list it comes from and who keeps it.

`statuses` tells milestones (AT7-01, AT7-03), `ocean` those of ships and ports (B4-03), `reasons`
who answers for a delay (AT7-02, AT7-04), `tenders` what is offered and answered (204, 990),
`charges` what is billed (210), `envelopes` what acknowledgements say (997, TA1).
A partner that means something else by a code says so in its settings, above these tables.
"""

from __future__ import annotations

# Who is asked when a code is missing or means something else; rows hold from here on.
OWNER = "carrier-relations"
SINCE = "2026-01-01"
