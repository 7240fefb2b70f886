"""How the site is built: `sphinx-build -W -b html -c docs . docs/_build`, from the root of a checkout.

The source is the checkout itself, of which only the pages named below are read, so that a link from one page to another
is the same on the site, on disk and in a forge's view of the repository. Nothing is fetched while it is built.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bayesknee import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "bayesknee"
author = "bayesknee maintainers"
project_copyright = author
version = release = __version__

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "notebooks/*.ipynb",
    "networks/*/README.md",
    "networks/*/cases/README.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = [".*", "bayesknee", "build", "dist", "docs/_build", "docs/_templates", "tests", "venv"]
templates_path = ["_templates"]

extensions = [
    "myst_nb",  # Markdown pages and notebooks
    "sphinx.ext.autodoc",  # the API, from docstrings
    "sphinx.ext.napoleon",  # which are in Google's style
    "sphinx.ext.mathjax",  # formulas
    "sphinx.ext.viewcode",  # and the code beside them
    "sphinx_click",  # the command line, from its own help
]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_fence_as_directive = ["math"]  # the fence that forges show as a formula
myst_heading_anchors = 3  # links to headings, as forges make them
nb_execution_mode = "off"  # the tests run the notebooks, and compare what they show with what stands in them
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {  # loaded only when they are used, so at run time there is nothing to look up
    "Axes": "matplotlib.axes.Axes",
    "DataFrame": "pandas.DataFrame",
    "DiscreteBayesianNetwork": "pgmpy.models.DiscreteBayesianNetwork",
}
suppress_warnings = ["ref.python"]  # of short names that fit several things: any of them will do
default_role = "py:obj"  # a name in backquotes leads to what it names, where the site has it
napoleon_numpy_docstring = False
napoleon_use_ivar = True

highlight_language = "none"  # of blocks that do not say what they are: formulas in plain letters

html_theme = "furo"
html_title = f"bayesknee {release}"
html_copy_source = False
html_additional_pages = {"index": "redirect.html"}  # of the site's root, for the first page stands in docs/

INDENT: Final = re.compile(r" *")


def formulas_as_they_stand(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """An indented paragraph of a docstring is a formula or an example: shown letter by letter, not read as markup."""
    shown: list[str] = []
    before, literal = 0, False
    for number, line in enumerate(lines):
        indent = len(INDENT.match(line)[0]) if line.strip() else None  # type: ignore[index]  # it matches anything
        if indent is not None:
            begins = number > 0 and not lines[number - 1].strip() and indent >= before + 4
            if begins and not literal and not "".join(shown).rstrip().endswith("::"):
                shown += [" " * before + "::", ""]
            literal = indent >= before + 4 if literal or begins else False
            before = before if literal else indent
        shown.append(line)
    lines[:] = shown


def setup(app: Sphinx) -> None:
    """Before napoleon, which indents the parts of a docstring in its own way."""
    app.connect("autodoc-process-docstring", formulas_as_they_stand, priority=100)
