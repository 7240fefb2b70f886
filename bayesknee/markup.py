"""Markup from templates, which take the objects themselves. Needs jinja2, which is loaded when something is rendered.

What notebooks show takes its colours from the page, so that it reads well on light and dark ones. Styles stand in the
tags, for notebooks and the sites that show them drop style sheets. All text is escaped.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from bayesknee.errors import printable
from bayesknee.lazy_types import Environment
from bayesknee.words import percent

_MARKS: Final = re.compile(r"[\\`*|]|~(?=~)|\](?=[(\[:])|&(?=[#\w]+;)|(?<!\w)_|_(?!\w)")
_AT_THE_START: Final = re.compile(r"^(\d*)([-+=.)#])(?=\s|$|[-=#])")  # of a heading or a list

BAR: Final = "#56B4E9"
DANGER: Final = "#D55E00"


def render(template: str, **values: Any) -> str:  # noqa: ANN401 (whatever the template shows)
    """A notebook's view of something, in HTML."""
    return _environment().get_template(f"notebook/{template}.html").render(values)


def render_report(template: str, **values: Any) -> str:  # noqa: ANN401 (whatever the template shows)
    """A whole file: HTML or Markdown, by how the name of the template ends."""
    from jinja2 import Environment, PackageLoader, select_autoescape

    escape = select_autoescape(["html"])
    loader = PackageLoader("bayesknee")
    environment = Environment(loader=loader, autoescape=escape, keep_trailing_newline=True)  # noqa: S701 (it escapes HTML)
    environment.filters["markdown"] = markdown
    return environment.get_template(template).render(values)


def markdown(text: str) -> str:
    """A text as Markdown that shows it as it is, on one line: no markup, no HTML, no end of a table's cell."""
    line = _MARKS.sub(r"\\\g<0>", printable(" ".join(text.split())))
    return _AT_THE_START.sub(r"\g<1>\\\g<2>", line).replace("<", "&lt;").replace(">", "&gt;")


@lru_cache(maxsize=1)  # there is one
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader

    made = Environment(loader=PackageLoader("bayesknee"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters["percent"] = percent
    made.globals |= {"color": BAR, "danger": DANGER}
    return made
