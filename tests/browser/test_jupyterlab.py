"""What a notebook shows, looked at in JupyterLab in a real browser: tables with bars, and the interview by buttons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.chromium import NEEDS_CHROMIUM, browser
from tests.browser.jupyter import Lab, lab
from tests.notebooks.running import METADATA

pytestmark = [
    pytest.mark.slow,
    NEEDS_CHROMIUM,
    pytest.mark.filterwarnings("default"),
]
CELLS = (
    """
import bayesknee
from bayesknee.display.buttons import interview_buttons
engine = bayesknee.Engine("posterior_knee")
engine.diagnose({"age": 52, "lump_noticed": "yes", "calf_swollen": "yes"})
""",
    "interview_buttons(bayesknee.Interview(engine))",
)
INK = "return getComputedStyle(arguments[0]).color"
PAPER = "return getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A notebook that has run."""
    import nbformat

    folder = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)  # type: ignore[no-untyped-call]
    nbformat.write(notebook, folder / "a.ipynb")  # type: ignore[no-untyped-call]
    with lab(folder) as address, browser() as driver:
        yield Lab(driver, address, "a.ipynb")


def brightness(color: str) -> float:
    """Of `rgb(r, g, b)`, from 0 to 255."""
    numbers = [float(part) for part in color[color.index("(") + 1 : color.index(")")].split(",")[:3]]
    return sum(numbers) / 3.0


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_a_diagnosis_can_be_read_in_both_themes(page: Lab, theme: str) -> None:
    page.execute("apputils:change-theme", theme=theme)
    dark = theme.endswith("Dark")
    page.wait_for(f"body[data-jp-theme-light='{str(not dark).lower()}']")
    cell = page.wait_for(".jp-RenderedHTML td")
    ink, paper = (brightness(str(page.driver.execute_script(script, cell))) for script in (INK, PAPER))
    assert (ink > paper) == dark
    assert abs(ink - paper) > 100
    bar = page.wait_for(".jp-RenderedHTML td div div")
    assert bar.size["width"] > 5
    assert bar.size["height"] > 5


def test_an_interview_by_buttons(page: Lab) -> None:
    page.wait_for_text("Where is the trouble mainly")
    page.click("Behind the knee, or in the calf")
    page.wait_for_text("Is one of these known")
    page.click("None of these")
    page.wait_for_text("How old are you")
    page.wait_for(".widget-text input").send_keys("45\n")
    page.wait_for_text("Question 4")
    page.click("Male")
    page.wait_for_text("Question 5")
    page.click("Why this question?")
    page.wait_for_text("would take")
    page.click("Back")
    page.wait_for_text("Question 4")
    page.click("End")
    page.wait_for_text("The interview is over.")
