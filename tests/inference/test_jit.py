"""What is kept of compiled code, and for how long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bayesknee.inference.jit import forget_outdated


@pytest.mark.parametrize(("changed", "kept"), [("kernels.py", False), ("neighbour.py", False), (None, True)])
def test_compiled_code_older_than_a_file_of_its_folder_is_forgotten(
    tmp_path: Path, changed: str | None, *, kept: bool
) -> None:
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    index, other = cache / "kernels.run-7.py311.nbi", cache / "kernels.walk-9.py311.nbi"
    for file in (tmp_path / "kernels.py", tmp_path / "neighbour.py", index, other):
        file.touch()
        os.utime(file, (1000, 1000))
    if changed:
        os.utime(tmp_path / changed, (2000, 2000))
    forget_outdated(tmp_path / "kernels.py", "run")
    assert index.exists() is kept
    assert other.exists()


def test_where_nothing_was_kept_nothing_is_forgotten(tmp_path: Path) -> None:
    forget_outdated(tmp_path / "kernels.py", "run")
    assert not list(tmp_path.iterdir())
