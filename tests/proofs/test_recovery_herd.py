"""A partner that is back is not trampled, and does not wait long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.proofs.recovery_herd import ATTEMPTS_MOST, MOMENTS, RATE, recover

MESSAGES = 300
PROBE_SECONDS, RAMP_SECONDS = 30.0, 2.0  # the longest wait for a probe after ten minutes


@pytest.mark.parametrize("later", MOMENTS)
def test_a_partner_that_is_back_is_asked_once_for_each_and_at_its_pace(later: int) -> None:
    recovery = recover(MESSAGES, timedelta(seconds=later))

    assert (recovery.applied, recovery.attempts_ratio <= ATTEMPTS_MOST) == (MESSAGES, True)
    assert recovery.seconds <= MESSAGES / RATE + PROBE_SECONDS + RAMP_SECONDS
