"""Every code block of README.md, CONTRIBUTING.md and docs/ is run; what it shows is compared with the output it has.

How a block is run depends on its language:

- `console`: lines that begin with `$ ` are commands; what follows each is its output, where a line `...` stands for any
  lines. The commands find `bayesknee`, and as in the checkout `networks/` and `tests/networks/`.
- `python`: with `>>>` as a doctest, else as a script; all blocks of a page share their names.
- `yaml`, `json`: read. One that begins with `# NAME` is written into a file of that name, which later commands find.
- `sh`: sets a machine up; `.ci/run` runs these, and here it is only checked that it does.
- `powershell`: the same on Windows; here it is checked that it says the same.
- `math`, `text`: shown, not run.

Indented blocks are YAML. `pytest tests/docs --update-golden` puts the output that the examples have now into the pages.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

import bayesknee
from bayesknee.knowledge.reading.yaml_tree import parse_tree
from tests.support.paths import ROOT

README: Final = ROOT / "README.md"
CONTRIBUTING: Final = ROOT / "CONTRIBUTING.md"
DOCS: Final = ROOT / "docs"
PAGES: Final = [README, CONTRIBUTING, *sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)]
# Many commands, each a process.
LONG: Final = (
    "clinician.md",
    "cohort.md",
    "evaluation.md",
    "interop.md",
    "learning.md",
    "questions.md",
    "researcher.md",
    "sensitivity.md",
    "tables.md",
    "terminal.md",
)
FENCED: Final = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED: Final = re.compile(r"(?:^\n)((?:^    .*\n|^\n)+)", re.MULTILINE)
SET_UP, ON_WINDOWS = "sh", "powershell"


@dataclass(frozen=True)
class Block:
    """A code block and where its text lies in the page."""

    language: str
    text: str
    start: int
    line: int


def blocks(page: str) -> Iterator[Block]:
    """All code blocks of a page, in order."""
    for found in FENCED.finditer(page):
        yield Block(found[1], found[2], found.start(2), page.count("\n", 0, found.start()) + 1)
    prose = FENCED.sub(lambda found: re.sub(r"[^\n]", "x", found[0]), page)
    for found in INDENTED.finditer(prose):
        if found[1].strip():
            text = re.sub(r"^    ", "", found[1], flags=re.MULTILINE)
            yield Block("yaml", text, found.start(1), page.count("\n", 0, found.start(1)) + 1)


class Page:
    """Runs the blocks of a page one after the other in a folder of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._names: dict[str, Any] = {"__name__": "__main__"}
        for place in ("networks", "tests/networks"):
            (folder / place).parent.mkdir(exist_ok=True)
            (folder / place).symlink_to(ROOT / place, target_is_directory=True)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", "80")

    def now(self, block: Block) -> str:
        """The text of the block with the output that it has now."""
        kinds: dict[str, Callable[[str], str]] = {
            "console": self._console,
            "python": self._python,
            "yaml": self._yaml,
            "json": lambda text: json.dumps(json.loads(text)) and text,
            "math": lambda text: text,
            "text": lambda text: text,
            SET_UP: lambda text: text,
            ON_WINDOWS: lambda text: text,
        }
        assert block.language in kinds, f"line {block.line}: a code block of the language {block.language!r}"
        return kinds[block.language](block.text)

    def _console(self, text: str) -> str:
        first, *examples = re.split(r"^\$ ", text, flags=re.MULTILINE)
        assert not first, "a console block begins with a command"
        return "".join(self._command(example) for example in examples)

    def _command(self, example: str) -> str:
        """A command and its output; lines that end with a backslash go on."""
        lines = example.splitlines(keepends=True)
        end = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\\n"))
        command, shown = "".join(lines[:end]), "".join(lines[end:])
        done = subprocess.run(
            ["bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PATH": f"{_bin(self._folder)}:{os.environ['PATH']}"},
            check=False,
        )
        return f"$ {command}{shown if matches(shown, done.stdout) else shortened(shown, done.stdout)}"

    def _python(self, text: str) -> str:
        if ">>>" not in text:
            exec(compile(text, "a code block", "exec"), self._names)  # noqa: S102 (our own pages)
            return text
        return _Doctest().now(text, self._names)

    def _yaml(self, text: str) -> str:
        _, problems = parse_tree(text.encode(), "a code block")
        assert not problems
        if named := re.match(r"# ([\w./]+)\n", text):
            file = self._folder / named[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return text


class _Doctest(doctest.DocTestRunner):
    """Runs examples and remembers what those gave that failed."""

    def __init__(self) -> None:
        super().__init__(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        self._got: dict[int, str] = {}

    def now(self, text: str, names: dict[str, Any]) -> str:
        """`text` with the output that its examples have now."""
        test = doctest.DocTestParser().get_doctest(text, names, "a code block", None, 0)
        test.globs = names  # shared, where the parser took a copy
        self.run(test, clear_globs=False)
        lines = text.splitlines(keepends=True)
        for example in reversed(test.examples):
            if example.lineno in self._got:
                start = example.lineno + example.source.count("\n")
                lines[start : start + example.want.count("\n")] = [self._got[example.lineno]]
        return "".join(lines)

    def report_failure(self, out: object, test: object, example: doctest.Example, got: str) -> None:
        del out, test
        self._got[example.lineno] = got

    def report_unexpected_exception(self, out: object, test: object, example: doctest.Example, exc_info: Any) -> None:  # noqa: ANN401
        del out, test, example
        raise exc_info[1]


def _bin(folder: Path) -> Path:
    """A folder with the command `bayesknee` of this very Python."""
    place = folder / ".bin"
    if not place.exists():
        place.mkdir()
        package = Path(bayesknee.__file__).parents[1]
        script = f'#!/bin/sh\nPYTHONPATH="{package}" exec "{sys.executable}" -m bayesknee "$@"\n'
        (place / "bayesknee").write_text(script, encoding="utf-8")
        (place / "bayesknee").chmod(0o755)
    return place


def matches(shown: str, got: str) -> bool:
    """Whether the output is as shown; a line `...` stands for any lines."""
    pattern = re.escape(shown).replace(re.escape("...\n"), "(?:.*\n)*")
    return re.fullmatch(pattern, got) is not None


def shortened(shown: str, got: str) -> str:
    """The output, cut where what was shown ended in `...`."""
    if not shown.endswith("\n...\n"):
        return got
    return "".join([*got.splitlines(keepends=True)[: shown.count("\n") - 1], "...\n"])


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow if page.name in LONG else ()) for page in PAGES],
    ids=lambda page: page.name,
)
def test_examples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool) -> None:
    text = page.read_text(encoding="utf-8")
    runner = Page(tmp_path, monkeypatch)
    found = list(blocks(text))
    now = {block: runner.now(block) for block in found}
    if not update_golden:
        for block, output in now.items():
            assert block.text == output, f"{page.name}, line {block.line}: the output is not as shown"
        return
    for block, output in sorted(now.items(), key=lambda item: -item[0].start):
        if block.text != output:
            text = text[: block.start] + output + text[block.start + len(block.text) :]
    page.write_text(text, encoding="utf-8")


def test_a_shown_output_that_is_wrong_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Page(tmp_path, monkeypatch)
    for language, text in (("console", "$ echo one\ntwo\n"), ("python", ">>> 1 + 1\n3\n")):
        assert runner.now(Block(language, text, 0, 1)) == text.replace("two", "one").replace("3", "2")
    whole = "$ echo one; echo two\none\n...\n"
    assert runner.now(Block("console", whole, 0, 1)) == whole


def test_set_up_commands_are_those_that_ci_runs() -> None:
    """`.ci/run` takes them from README.md by these words; others could break unseen."""
    commands = {
        page: [each.text for each in blocks(page.read_text(encoding="utf-8")) if each.language == SET_UP]
        for page in PAGES
    }
    first, second = commands.pop(README)
    assert "bayesknee diagnose" in first
    assert first.count("\n") == 1
    assert "pytest" in second
    assert second.count("\n") == 1
    assert commands.pop(DOCS / "set_up.md") == [first, second]
    before_handing_in, site = commands.pop(CONTRIBUTING)
    assert before_handing_in == ".ci/run\n.ci/lowest\n"
    assert all(line in (ROOT / ".ci" / "run").read_text(encoding="utf-8") for line in site.strip().split(" && "))
    assert not any(commands.values())


@pytest.mark.parametrize("page", [README, DOCS / "set_up.md"], ids=lambda page: page.name)
def test_on_windows_it_is_the_same_command(page: Path) -> None:
    found = [*blocks(page.read_text(encoding="utf-8"))]
    (windows,) = (each.text for each in found if each.language == ON_WINDOWS)
    first = next(each.text for each in found if each.language == SET_UP)
    same = {"python3 ": "py ", ".venv/bin/": ".venv\\Scripts\\", " && ": "; "}
    for here, there in same.items():
        first = first.replace(here, there)
    assert windows == first


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
