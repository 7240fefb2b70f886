"""`python -m tests.docs` draws the pictures of README.md and of the first page of the site anew."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image

from bayesknee import Engine, plots
from bayesknee.plots import save
from tests.docs.terminal_picture import COURSES, PICTURES, interview_picture

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
DOTS: Final = 90
GREYS: Final = 16
# The patient at the top of docs/index.md.
ANSWERS: Final = {
    "age": 52,
    "sex": "male",
    "smoking": "yes",
    "onset": "gradual",
    "duration": "six_weeks_to_a_year",
    "lump_noticed": "yes",
    "pain_bending": "yes",
    "pain_straightening": "yes",
    "calf_swollen": "yes",
    "spreads_to_calf": "yes",
    "pain_score": "severe",
}


def main() -> None:
    """Draws them."""
    diagnosis = Engine("posterior_knee").diagnose(ANSWERS)
    IMAGES.mkdir(exist_ok=True)
    save(plots.posterior(diagnosis), IMAGES / "posterior.png", dpi=DOTS)
    save(plots.ledger(diagnosis, "bakers_cyst", against="deep_vein_thrombosis"), IMAGES / "ledger.png", dpi=DOTS)
    dots = IMAGES / "frequencies.png"
    save(plots.frequencies(0.04, 0.8, 0.85, names=("a clot", "a swollen calf")), dots, dpi=DOTS)
    with Image.open(dots) as picture:  # a thousand edges in all greys would take five times the room
        picture.convert("L").quantize(GREYS).save(dots, optimize=True)
    for name, (course, size) in PICTURES.items():
        (IMAGES / f"{name}.svg").write_text(interview_picture(COURSES[course], size), encoding="utf-8")


if __name__ == "__main__":
    main()
