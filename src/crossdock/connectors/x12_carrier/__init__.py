"""A carrier, or a TMS beside it, that speaks ASC X12: 204, 990, 214, 997, TA1; by HTTP or files."""
