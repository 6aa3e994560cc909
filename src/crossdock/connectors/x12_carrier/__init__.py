"""A carrier, or its TMS, that speaks ASC X12: 204, 990, 214, 315, 210, 997; by HTTP or files."""
