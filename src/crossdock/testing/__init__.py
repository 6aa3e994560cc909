"""The public kit for tests: stories of processes, fakes, connector tests, store conformance."""
