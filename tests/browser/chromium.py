"""Chromium without a window, where it is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER: Final = shutil.which("chromedriver")
NEEDS_CHROMIUM: Final = pytest.mark.skipif(
    not CHROMIUM or not DRIVER,
    reason="no chromium and chromedriver here; on Debian: apt-get install chromium chromium-driver",
)


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium; what its console says is kept for `get_log`."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,1600"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER or ""))
    try:
        yield driver
    finally:
        driver.quit()
