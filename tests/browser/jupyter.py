"""JupyterLab in a real browser without a window: a notebook is opened, run and looked at."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.paths import ROOT

SECONDS: Final = 120


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """JupyterLab over a folder; its address. It listens on this machine only."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--IdentityProvider.token=", "--expose-app-in-browser", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / ".jupyter")}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urlopen(f"{address}/api") as answer:  # noqa: S310 (our own server)
                answer.read()
                return
        except URLError:
            time.sleep(0.2)
    raise TimeoutError(f"JupyterLab does not answer at {address}")


class Lab:
    """A notebook in the browser."""

    def __init__(self, driver: WebDriver, address: str, notebook: str) -> None:
        self.driver = driver
        # JupyterLab redraws the page while it loads: what was found a moment ago may be gone, and is looked for again.
        self._wait = WebDriverWait(driver, SECONDS, ignored_exceptions=[StaleElementReferenceException])
        driver.get(f"{address}/lab/tree/{notebook}?reset")
        self.wait_for(".jp-Notebook .jp-CodeCell")
        self.wait_for_text("| Idle")  # the kernel
        self.execute("notebook:run-all-cells")

    def execute(self, command: str, **arguments: str) -> None:
        """A command of JupyterLab."""
        self.driver.execute_script("window.jupyterapp.commands.execute(arguments[0], arguments[1])", command, arguments)

    def wait_for(self, selector: str) -> WebElement:
        """The first element that fits, once there is one to be seen."""
        found: list[WebElement] = self._wait.until(
            lambda driver: [each for each in driver.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()]
        )
        return found[0]

    def text(self, selector: str) -> str:
        """What is written in the first such element."""
        return str(self.wait_for(selector).text)

    def click(self, label: str) -> None:
        """Presses the button with this label."""
        path = f"//button[normalize-space()='{label}']"

        def press(driver: WebDriver) -> bool:
            for button in driver.find_elements(By.XPATH, path)[:1]:
                driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
                button.click()
                return True
            return False

        self._wait.until(press)

    def wait_for_text(self, text: str) -> None:
        """Until it is on the page."""
        self._wait.until(lambda driver: text in driver.find_element(By.TAG_NAME, "body").text)
