"""The pages of `bayesknee serve` in a real browser: for eyes, screen readers, keyboards and telephones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import NEEDS_CHROMIUM, browser
from tests.browser.surfer import WIDTHS, Surfer, serving
from tests.support.paths import NETWORKS

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM, pytest.mark.filterwarnings("default")]
START = {"interview.who": "patient", "scope.place": "behind", "scope.known": "nothing", "setting": "primary_care"}
PATIENTS = "/compare#a.is.age=55&a.is.calf_swollen=yes&b.is.age=55&subject=deep_vein_thrombosis"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that somebody writes."""
    made = tmp_path_factory.mktemp("written")
    shutil.copy(NETWORKS / "tiny" / "network.yaml", made)
    return made


@pytest.fixture(scope="module")
def anybody(folder: Path) -> Iterator[Surfer]:
    with serving("--watch", str(folder)) as address, browser() as driver:
        yield Surfer(driver, address)


@pytest.fixture
def surfer(anybody: Surfer) -> Iterator[Surfer]:
    anybody.size(WIDTHS[0])
    anybody.complaints()
    anybody.open()
    yield anybody
    anybody.allow_scripts(allowed=True)


def begin(surfer: Surfer, **other: str) -> None:
    for name, value in {**START, **other}.items():
        surfer.choose(name, value)
    surfer.press("Begin")


def to_the_first_list(surfer: Surfer) -> None:
    begin(surfer)
    surfer.find("#number").send_keys("55")
    surfer.press("Answer")
    surfer.press("Male")
    surfer.press("Running")


def check(surfer: Surfer) -> None:
    """Nothing that axe-core objects to, at either width; no complaint of the browser, and no other host."""
    for width in WIDTHS:
        surfer.size(width)
        assert surfer.faults() == [], (surfer.heading, width)
    surfer.size(WIDTHS[0])
    assert surfer.complaints() == []
    assert surfer.hosts() <= {surfer.address.removeprefix("http://")}


def test_each_page_is_without_fault_at_both_widths(surfer: Surfer) -> None:
    check(surfer)
    to_the_first_list(surfer)
    check(surfer)
    surfer.mark(lump_noticed="yes", calf_swollen="yes")
    surfer.press("None of the others holds")
    check(surfer)
    surfer.press("Yes, that is so")
    surfer.mark(previous_clot="yes", breathless="yes")
    surfer.press("Record what is marked")
    assert surfer.has('.flags[role="alert"]')
    check(surfer)
    surfer.find("#words").send_keys("hurts most")
    surfer.press("Search")
    surfer.press("Where it hurts most")
    check(surfer)
    surfer.press("Leave it as it was")
    surfer.press("The result so far")
    surfer.driver.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    check(surfer)
    surfer.press("Report: print or save")
    check(surfer)
    surfer.open(PATIENTS)
    surfer.wait_for("table")
    check(surfer)


def test_the_colours_of_a_dark_page_can_be_read(surfer: Surfer) -> None:
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    surfer.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        assert surfer.faults() == []
        to_the_first_list(surfer)
        surfer.mark(calf_swollen="yes")
        assert surfer.faults() == []
        surfer.press("The result so far")
        assert surfer.faults() == []
    finally:
        surfer.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_works_by_the_keyboard_alone(surfer: Surfer) -> None:
    surfer.keys(Keys.TAB)
    assert surfer.focused.text == "To the main part"
    surfer.find('input[name="interview.who"]').send_keys(Keys.SPACE)
    for name in ("scope.place", "scope.known", "setting"):
        surfer.find(f'input[name="{name}"]').send_keys(Keys.SPACE)
    surfer.follow(lambda: surfer.button("Begin").send_keys(Keys.ENTER))
    assert surfer.focused.text == surfer.heading == "How old are you (in whole years)?"
    surfer.keys(Keys.TAB)
    assert surfer.focused.get_attribute("id") == "number"
    surfer.follow(lambda: surfer.keys("55", Keys.ENTER))
    assert surfer.focused.text == surfer.heading  # a screen reader reads the question
    surfer.keys(Keys.TAB)
    surfer.follow(lambda: surfer.keys(Keys.ENTER))
    assert surfer.text.count("change") == 6


def test_enter_never_answers_a_question_by_itself(surfer: Surfer) -> None:
    to_the_first_list(surfer)
    surfer.keys(Keys.ENTER, Keys.ENTER)
    assert surfer.heading == "Which of these do you have?"
    surfer.follow(lambda: surfer.find('input[name="line.locking"]').send_keys(Keys.ENTER))
    assert "Nothing is marked" in surfer.text


@pytest.mark.parametrize("width", WIDTHS)
def test_it_works_without_scripts(surfer: Surfer, width: int) -> None:
    surfer.allow_scripts(allowed=False)
    surfer.size(width)
    surfer.open()
    to_the_first_list(surfer)
    surfer.mark(lump_noticed="yes", calf_swollen="yes")
    surfer.press("None of the others holds")
    surfer.press("Yes, that is so")
    assert surfer.heading == "And which of these hold for you, or have since this began?"
    surfer.press("End here")
    assert surfer.heading == "Result"
    assert "Not ruled out: Blood clot in a deep vein" in surfer.text
    surfer.press("Report: print or save")
    surfer.click(surfer.button("Show it"))
    surfer.driver.switch_to.frame(surfer.wait_for("iframe"))
    surfer.wait_for("h1")
    assert "This rests on" in surfer.text
    surfer.driver.switch_to.default_content()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_worst_spot_is_told_by_tapping_the_drawing(surfer: Surfer, width: int) -> None:
    surfer.size(width)
    to_the_first_list(surfer)
    surfer.find("#words").send_keys("hurts most")
    surfer.press("Search")
    surfer.press("Where it hurts most")
    region = surfer.find('.region[data-value="back_of_knee"] path')
    assert region.rect["width"] >= 24  # what a finger hits, by WCAG 2.2
    surfer.follow(lambda: surfer.click(region))
    assert "Where it hurts most: behind the knee" in surfer.text


def test_another_answer_moves_the_bars_at_once(surfer: Surfer) -> None:
    to_the_first_list(surfer)
    surfer.mark(calf_swollen="yes")
    surfer.press("Record what is marked")
    surfer.press("The result so far")
    assert not surfer.has(".before")
    surfer.follow(lambda: surfer.find('select[name="edit.calf_swollen"]').send_keys("no", Keys.TAB))
    assert surfer.has(".before")
    assert "was " in surfer.text
    assert surfer.focused.tag_name != "body"  # it stays where it went


def test_the_way_back_of_the_browser_shows_what_was_there(surfer: Surfer) -> None:
    to_the_first_list(surfer)
    surfer.follow(surfer.driver.back)
    assert surfer.heading.startswith("Which sport")
    surfer.follow(surfer.driver.forward)
    assert surfer.heading == "Which of these do you have?"
    surfer.mark(lump_noticed="yes")
    surfer.press("Record what is marked")
    assert "Lump or fullness behind the knee" in surfer.text


def test_the_report_is_shown_by_itself_and_can_be_printed(surfer: Surfer) -> None:
    to_the_first_list(surfer)
    surfer.press("End here")
    surfer.press("Report: print or save")
    surfer.driver.switch_to.frame(surfer.wait_for("iframe"))
    surfer.wait_for("h1")
    surfer.driver.switch_to.default_content()
    surfer.driver.execute_script("window.frames.report.print = () => { document.title = 'printed'; }")
    surfer.click(surfer.button("Print it"))
    assert surfer.driver.title == "printed"


def test_two_patients_travel_in_the_address(surfer: Surfer) -> None:
    surfer.open(PATIENTS)
    surfer.wait_for("#a-calf_swollen")
    assert "Calf or lower leg swollen: yes" in surfer.text
    surfer.follow(lambda: surfer.find("#b-add").send_keys("Locking", Keys.TAB))
    assert "b.is.locking=unknown" in surfer.driver.current_url
    address = surfer.driver.current_url.removeprefix(surfer.address)
    surfer.open(address)
    surfer.wait_for("#b-locking")


def test_an_author_sees_what_was_saved_without_a_reload(surfer: Surfer, folder: Path) -> None:
    surfer.open("/author")
    check(surfer)
    file = folder / "network.yaml"
    text = file.read_text(encoding="utf-8")
    surfer.follow(lambda: file.write_text(text.replace("kind: history", "kind: historie", 1), encoding="utf-8"))
    assert "got 'historie'" in surfer.text
    check(surfer)
    surfer.follow(lambda: file.write_text(text, encoding="utf-8"))
    assert "No fault" in surfer.text
