"""Shared by all tests: nothing yet; fakes come from `crossdock.testing`."""
