"""Shared by all tests: how properties are searched; fakes come from `crossdock.testing`.

A machine that builds is slow at times and must say the same twice: there examples are drawn the
same each time and take as long as they take. At a desk they are drawn anew.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow]
settings.register_profile("desk", deadline=None, suppress_health_check=SLOW)
settings.register_profile("build", deadline=None, suppress_health_check=SLOW, derandomize=True)
settings.load_profile("build" if os.environ.get("CI") else "desk")

# Whoever runs files side by side tells how wide a terminal is; in a story a table is never cut.
os.environ.pop("COLUMNS", None)

# Before anything imports it: its assertions tell what they compared.
pytest.register_assert_rewrite("crossdock.testing.store_conformance")

pytest_plugins = ["tests.postgres"]
