"""`bayesknee serve` in a real browser: somebody who clicks, types and looks, with scripts or without."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.paths import ROOT

SECONDS: Final = 60
WIDTHS: Final = (1280, 360)
GONE: Final = "return !document.querySelector('[data-stale]') && !document.querySelector('[aria-busy]')"
# Rules of what helps everybody are among those that are asked for, beside those of WCAG 2.2 A and AA.
AXE: Final = """
const done = arguments[arguments.length - 1];
axe.run(document, {iframes: false}).then(found => done(found.violations.map(
  each => `${each.id}: ${each.help}: ${each.nodes.map(node => node.html.slice(0, 200)).join(' | ')}`)));
"""


@contextmanager
def serving(*words: str) -> Iterator[str]:
    """A server; its address."""
    command = [sys.executable, "-m", "bayesknee", "serve", "--port", "0", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert server.stderr is not None
    try:
        line = server.stderr.readline()
        assert "listening at " in line, line
        yield line.split("listening at ")[1].split(";")[0]
    finally:
        server.terminate()
        server.communicate(timeout=30)


class Surfer:
    """Somebody at a browser."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver, self.address = driver, address
        ignored = [StaleElementReferenceException, JavascriptException]
        self._wait = WebDriverWait(driver, SECONDS, poll_frequency=0.05, ignored_exceptions=ignored)

    def open(self, path: str = "/") -> None:
        """Opens a page, whatever was there before."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}{path}")

    def allow_scripts(self, *, allowed: bool) -> None:
        """Lets pages run scripts, or not; what this class looks at works either way."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not allowed})

    def size(self, width: int) -> None:
        """The width of the window, in pixels; a narrow one is a telephone's."""
        shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)

    @property
    def heading(self) -> str:
        """What the page is headed by."""
        return str(self.find("h1").text)

    @property
    def text(self) -> str:
        """All that is to be read."""
        return str(self.find("body").text)

    def find(self, selector: str) -> WebElement:
        """The first element that fits."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def has(self, selector: str) -> bool:
        """Whether an element fits."""
        return bool(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def button(self, text: str) -> WebElement:
        """The first button with this text."""
        return self.driver.find_element(By.XPATH, f"//button[normalize-space()={text!r}]")

    def mark(self, **lines: str) -> None:
        """Marks lines of a list."""
        for line, value in lines.items():
            self.click(self.find(f'input[name="line.{line}"][value="{value}"]'))

    def choose(self, name: str, value: str) -> None:
        """Chooses one of several."""
        self.click(self.find(f'input[name="{name}"][value="{value}"]'))

    def click(self, element: WebElement) -> None:
        """Clicks with the mouse."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def press(self, text: str) -> None:
        """Presses a button, and waits for what comes."""
        self.follow(lambda: self.click(self.button(text)))

    def follow(self, action: Any) -> None:  # noqa: ANN401 (whatever can be called)
        """Does something that leads to another page, and waits for it."""
        self.driver.execute_script("document.querySelector('main').dataset.stale = 'yes'")
        action()
        self._wait.until(self._is_new)

    def _is_new(self, driver: webdriver.Chrome) -> bool:
        return bool(driver.execute_script(GONE) and driver.find_elements(By.TAG_NAME, "h1"))

    def wait_for(self, selector: str) -> WebElement:
        """The first element that fits, once there is one."""
        return self._wait.until(lambda driver: driver.find_element(By.CSS_SELECTOR, selector))

    def keys(self, *keys: str) -> None:
        """Types, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def focused(self) -> WebElement:
        """What has the focus."""
        return self.driver.switch_to.active_element

    def faults(self) -> list[str]:
        """What axe-core finds on the page as it is, and whether it is wider than the window."""
        self.driver.execute_script(axe_source())
        found: list[str] = self.driver.execute_async_script(AXE)
        width, window = self.driver.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        return [*found, *([f"{width} pixels wide in a window of {window}"] if width > window else [])]

    def complaints(self) -> list[str]:
        """What the console of the browser has said since it was last asked, such as of refused styles."""
        return [str(line["message"]) for line in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def hosts(self) -> set[str]:
        """The hosts from which anything was loaded for this page."""
        script = "return performance.getEntriesByType('resource').map(each => new URL(each.name).host)"
        return set(self.driver.execute_script(script))


def axe_source() -> str:
    """axe-core, which comes with the package for Playwright; that itself is not used."""
    found = find_spec("axe_playwright_python")
    assert found is not None, "axe-playwright-python is not installed; it is among the extra `test`"
    folders = list(found.submodule_search_locations or ())
    return (Path(folders[0]) / "axe.min.js").read_text(encoding="utf-8")
