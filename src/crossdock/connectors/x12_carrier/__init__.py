"""A carrier, or its TMS, that speaks ASC X12: 204, 990, 214, 210, 997, TA1; by HTTP or files."""
