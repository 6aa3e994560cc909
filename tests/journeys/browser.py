"""A real browser for journeys: Debian's Chromium, its scripts switched off.

Every page has to work without scripts, so none is run. Chromium asks nobody outside for anything.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def chromium() -> str:
    """Find the browser; empty where none is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or ""


@contextmanager
def browsing() -> Iterator[Page]:
    """Open a browser with one empty page."""
    # Chromium's own sandbox does not start for root.
    switches = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=switches)
        try:
            yield browser.new_context(java_script_enabled=False).new_page()
        finally:
            browser.close()
