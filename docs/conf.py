"""How the site is built: `sphinx-build -W -b html -c docs . docs/_build`, from the root of a checkout.

The source is the checkout itself, of which only the pages named below are read, so that a link from one page to another
is the same on the site, on disk and in a forge's view of the repository. Nothing is fetched while it is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NoReturn

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

from bayesknee import __version__

if TYPE_CHECKING:
    from docutils.nodes import math, math_block
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

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
exclude_patterns = [
    ".*",
    "bayesknee",
    "build",
    "dist",
    "docs/_build",
    "docs/_static",
    "docs/_templates",
    "tests",
    "venv",
]
templates_path = ["_templates"]

extensions = [
    "myst_nb",  # Markdown pages and notebooks
    "sphinx.ext.autodoc",  # the API, from docstrings
    "sphinx.ext.napoleon",  # which are in Google's style
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
autodoc_preserve_defaults = True  # by their names
autodoc_type_aliases = {  # loaded only when they are used, so at run time there is nothing to look up
    "ArrayLike": "numpy.typing.ArrayLike",
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
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"  # which browsers show by themselves; others' renderers are fetched when a page is read
html_additional_pages = {"index": "redirect.html"}  # of the site's root, for the first page stands in docs/

SECTIONS: Final = re.compile(r"( *)(Args|Attributes):")
SEVERAL: Final = re.compile(r"( *)(\w+(?:, \w+)+): (.*)")


def indent_of(line: str) -> int:
    """How far a line is indented."""
    return len(line) - len(line.lstrip())


def formulas_as_they_stand(lines: list[str]) -> Iterator[str]:
    """An indented paragraph is a formula or an example: shown letter by letter, not read as markup."""
    text_indent, literal, last = 0, False, ""
    for number, line in enumerate(lines):
        if line.strip():
            deeper = indent_of(line) >= text_indent + 4
            begins = deeper and number > 0 and not lines[number - 1].strip()
            if begins and not literal and not last.endswith("::"):
                yield from (" " * text_indent + "::", "")
            literal = deeper and (literal or begins)
            text_indent = text_indent if literal else indent_of(line)
            last = line
        yield line


def one_name_each(lines: list[str]) -> Iterator[str]:
    """`low, high: the ends.` within arguments or attributes is said of each; Sphinx knows one name at a time."""
    inside, rest = -1, list(lines)
    while rest:
        line = rest.pop(0)
        if found := SECTIONS.fullmatch(line):
            inside = len(found[1])
        elif line.strip() and indent_of(line) <= inside:
            inside = -1
        if inside >= 0 and (found := SEVERAL.fullmatch(line)):
            more = list(takewhile(lambda each: indent_of(each) > len(found[1]), rest))
            del rest[: len(more)]
            for name in found[2].split(", "):
                yield from (f"{found[1]}{name}: {found[3]}", *more)
        else:
            yield line


def returns_as_text(lines: list[str]) -> Iterator[str]:
    """What is returned is told in words; napoleon would take those before a colon for a type."""
    rest = iter(lines)
    for line in rest:
        yield (
            f"{line.removesuffix('Returns:')}:returns: {next(rest, '').strip()}" if line.strip() == "Returns:" else line
        )


def prepared(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """A docstring as napoleon takes it; in the first line of an attribute it takes words before a colon for a type."""
    if what in {"attribute", "data", "property"}:
        lines.insert(0, "")
    for change in (formulas_as_they_stand, one_name_each, returns_as_text):
        lines[:] = list(change(lines))


def options_as_typed(_app: Sphinx, _context: object, lines: list[str]) -> None:
    """In a command's help `--option` keeps its two dashes."""
    lines[:] = [re.sub(r"(?<![`\w-])--[a-z-]+", r"``\g<0>``", line) for line in lines]


def aliases_by_name(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Sphinx shows an alias within a union by what it is to itself."""
    return tuple(text and re.sub(r"TypeAliasForwardRef\('([\w.]+)'\)", r"\1", text) for text in (signature, returned))


def mathml(formula: str, *, alone: bool = False) -> str:
    """A formula as MathML; browsers leave no space after the name of a function, as in ln x."""
    applied = r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>[(\[])"
    return re.sub(applied, '<mspace width="0.17em"></mspace>', tex2mathml(formula, as_block=alone))


def formula_in_text(writer: HTML5Translator, node: math) -> NoReturn:
    """A formula within a line, as MathML."""
    writer.body.append(mathml(node.astext()))
    raise SkipNode


def formula_alone(writer: HTML5Translator, node: math_block) -> NoReturn:
    """A formula on lines of its own, which may be wider than a narrow screen."""
    writer.body.append(f'<div style="overflow-x: auto">{mathml(node.astext(), alone=True)}</div>\n')
    raise SkipNode


def setup(app: Sphinx) -> None:
    """Docstrings go before napoleon, which indents their parts in its own way."""
    app.add_html_math_renderer("mathml", (formula_in_text, None), (formula_alone, None))
    app.connect("autodoc-process-docstring", prepared, priority=100)
    app.connect("autodoc-process-signature", aliases_by_name)
    app.connect("sphinx-click-process-epilog", options_as_typed)
