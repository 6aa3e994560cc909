"""A TMS that speaks the published system API: requests out, plans and forwarded tracking in."""
