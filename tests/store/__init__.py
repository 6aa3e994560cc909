"""Stories about the message stores: one suite over all, and what each does alone."""

import pytest

pytest.register_assert_rewrite("crossdock.testing.store_conformance")
