"""LHC-Forms, the National Library of Medicine's renderer, draws the adaptive form, and somebody answers it by hand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
import pytest
import uvicorn
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bayesknee import Engine, Interview
from bayesknee.fhir.adaptive import POLICY
from bayesknee.fhir.items import question_of
from bayesknee.interview.prompts import Prompt
from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from tests.browser.chromium import NEEDS_CHROMIUM, browser
from tests.fhir.foreign_tools import FOREIGN, LFORMS, NEEDS_LFORMS
from tests.fhir.reading import CODES, posterior_of, put_last
from tests.support.paths import NETWORKS

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM, NEEDS_LFORMS, pytest.mark.filterwarnings("default")]
CODED: Final = NETWORKS / "coded"
SECONDS: Final = 30
QUESTIONS: Final = 10  # at least; the network has so many for a clinician who is told little
ADAPT: Final = "const done = arguments[arguments.length - 1]; {}.then(done, error => done(String(error)))"
# What somebody clicks or types, by question; of a list by line, of which what is left out was not asked.
ANSWERS: Final[dict[str, Any]] = {
    "interview.who": "clinician",
    "scope.place": "elbow",
    "setting": "emergency",
    "age": 52.5,
    "complaints": {"pain_on_grip": "yes"},
    "sex": "female",
    "bones_thin": "unknown",
    "tennis": "yes",
    "backhand_pain": "probably",
    "onset": "gradual",
    "swelling_noticed": "no",
    "temperature": 37.2,
    "effusion_felt": "no",
}


@contextmanager
def serving() -> Iterator[str]:
    """The server, and the files of LHC-Forms beside it, for a page of another origin would be refused."""
    app = Starlette(
        routes=[
            Mount("/lforms", StaticFiles(directory=LFORMS)),
            Route("/form", lambda _: FileResponse(FOREIGN / "form.html")),
            Mount("/", make_app(Networks.load([str(CODED)], BUDGET))),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Client:
    """Somebody before LHC-Forms."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver, self.address = driver, address

    def adapt(self, call: str) -> Any:  # noqa: ANN401 (a resource)
        """Lets the page ask for the next question; the response that it got."""
        found = self.driver.execute_async_script(ADAPT.format(call))
        assert isinstance(found, dict), found
        return found

    def answer(self, link: str, value: object) -> None:
        """Clicks the answer of an item, or types its number."""
        if isinstance(value, float):
            self._found(f"input[id^='{link}/']").send_keys(str(value))
        else:
            self._found(f"label[id^='{link}/'][id$='|{CODES.get((question_of(link), str(value)), value)}']").click()

    def _found(self, selector: str) -> WebElement:
        waiting = WebDriverWait(self.driver, SECONDS, poll_frequency=0.05)
        return waiting.until(lambda driver: driver.find_element(By.CSS_SELECTOR, selector))


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving() as address, browser() as driver:
        driver.set_script_timeout(SECONDS)
        driver.get(f"{address}/form")
        yield Client(driver, address)


def test_an_interview_in_lhc_forms_is_that_of_python(client: Client) -> None:
    interview = Interview(Engine(CODED), policy=POLICY)
    shell = f"{client.address}/fhir/Questionnaire/coded-elbow-adaptive"
    response = client.adapt(f"begin({json.dumps(shell)})")
    while (prompt := interview.question) is not None:
        assert response["status"] == "in-progress"
        links = put_last(response)
        assert question_of(next(iter(links))) == prompt.id
        value = ANSWERS[prompt.id] if prompt.id in ANSWERS else lines_of(prompt)
        for name, said in value.items() if isinstance(value, dict) else [(prompt.id, value)]:
            client.answer(next(link for link in links if question_of(link) == name), said)
        interview.answer(value)
        response = client.adapt("next()")
    assert response["status"] == "completed"
    assert interview.asked >= QUESTIONS
    shown = client.driver.find_element(By.ID, "form").text
    assert f"How urgent: {interview.diagnosis.triage.words}" in shown
    assert all(warning.text in shown for warning in interview.red_flags)
    bundle = httpx.post(f"{client.address}/fhir/QuestionnaireResponse/$diagnose", json=response).json()
    assert posterior_of(bundle, interview.diagnosis) == dict(interview.diagnosis.posterior)


def lines_of(prompt: Prompt) -> dict[str, str]:
    """The answers to an examination, line by line."""
    return {option.value: ANSWERS[option.value] for option in prompt.options}
