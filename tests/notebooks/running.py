"""Runs the notebooks from top to bottom, each in a kernel of its own that knows nothing."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any, Final, TypeAlias
from unittest.mock import patch

from tests.support.paths import ROOT

NOTEBOOKS: Final = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST: Final = 300_000  # bytes of a notebook with its outputs
SECONDS: Final = 300
COLOURS: Final = 64
PICTURES: Final = frozenset({"image/png", "image/svg+xml"})
WIDGETS: Final = "application/vnd.jupyter.widget-view+json"
METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What asserts is for the tests: JupyterLab folds it away to its first line, which must not tell results that students
# are to find; the site leaves it out.
FIRST_LINE: Final = "# Checks what the text says.\n"
CHECK: Final = {"jupyter": {"source_hidden": True}, "tags": ["remove-cell"]}
Notebook: TypeAlias = Any  # `nbformat.NotebookNode`; it takes over a second to import, so that is done where it is used


def read(path: Path) -> Notebook:
    """The notebook as it is in the file."""
    import nbformat

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def run(path: Path) -> Notebook:
    """The notebook with the outputs of a run.

    Raises:
        CellExecutionError: a cell that fails.
    """
    from nbclient import NotebookClient

    notebook = read(path)
    # The kernel is told where this very package is, in case it is not installed for it.
    with patch.dict(os.environ, {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::FutureWarning"}):
        client = NotebookClient(
            notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}},
            record_timing=False,
        )  # fmt: skip
        asyncio.run(client.async_execute())
    return tidy(notebook)


def tidy(notebook: Notebook) -> Notebook:
    """Without what differs from one run or machine to the next: times, versions, names of cells and widgets.

    Checks are marked as such.
    """
    import nbformat

    notebook.metadata = nbformat.from_dict(METADATA)  # type: ignore[no-untyped-call]
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
        cell.metadata = nbformat.from_dict(CHECK if is_check(cell) else {})  # type: ignore[no-untyped-call]
        if cell.cell_type == "code":
            cell.outputs = [_tidy_output(output) for output in _joined(cell.outputs)]
    return notebook


def is_check(cell: Notebook) -> bool:
    """Whether it makes sure that what the notebook tells is so."""
    return bool(cell.cell_type == "code" and re.search(r"^\s*assert\b", cell.source, re.MULTILINE))


def _joined(outputs: list[Notebook]) -> list[Notebook]:
    """What was printed bit by bit as one output: how many bits it comes in is chance."""
    joined: list[Notebook] = []
    for output in outputs:
        if joined and output.output_type == "stream" == joined[-1].output_type and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _tidy_output(output: Notebook) -> Notebook:
    data = output.get("data", {})
    if WIDGETS in data:  # a live widget is not kept: its state would be as large as the notebook
        del data[WIDGETS]
    if "image/png" in data:
        data["image/png"] = _smaller(data["image/png"])
    return output


def _smaller(png: str) -> str:
    """A picture of few colours, in base 64, at a third of its size: with as many colours as lines and letters need."""
    from PIL import Image

    made = BytesIO()
    with Image.open(BytesIO(base64.b64decode(png))) as picture:
        picture.convert("RGB").quantize(COLOURS).save(made, "PNG", optimize=True)
    return base64.b64encode(made.getvalue()).decode()


def write(path: Path) -> None:
    """Runs the notebook and puts the outputs into its file."""
    import nbformat

    notebook = run(path)
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")  # type: ignore[no-untyped-call]


def shown(notebook: Notebook) -> list[dict[str, Any]]:
    """What the cells show, in their order; of a picture only that there is one, for they differ with matplotlib."""
    return [_data(output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def _data(output: Notebook) -> dict[str, Any]:
    if output.output_type == "stream":
        return {output.name: output.text}
    data = dict(output.get("data", {}))
    return {kind: "" for kind in PICTURES if kind in data} or data


def machine_paths(text: str) -> list[str]:
    """Paths of the machine it ran on, which have no place in what others read."""
    places = [str(ROOT), sys.prefix, str(Path.home()) + "/", "/tmp/", "/home/", "/Users/", "site-packages"]  # noqa: S108
    return [place for place in places if re.search(re.escape(place), text)]
