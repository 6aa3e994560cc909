"""Experience API, version 1: the shipments of one customer."""
