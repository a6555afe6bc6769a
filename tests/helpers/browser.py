"""A real browser for tests of the page."""

import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
api = pytest.importorskip('playwright.sync_api', reason='driving a browser needs Playwright, the extra [browser]')
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason='no Chromium is installed; Debian: apt-get install chromium'),
]
PATIENCE = 120_000
"""Milliseconds, long enough for busy machines."""


@contextmanager
def opened_browser():
    """Open Chromium, for which lab.test is this machine.

    Only addresses of this machine are secure without https; lab.test stands for the address of a server.

    Yields:
        Browser: The browser.
    """
    with api.sync_playwright() as playwright:
        # In a container, root needs --no-sandbox. The browser opens only pages of this machine.
        arguments = ['--no-sandbox', '--host-resolver-rules=MAP lab.test 127.0.0.1']
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()
