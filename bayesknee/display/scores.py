"""What became of a file of patients, in words."""

from __future__ import annotations

from bayesknee.cohort.score_files import FileScores


def scores_text(result: FileScores) -> str:
    """The counts of rows, and where they went."""
    lines = [f"{_rows(result.scored)} scored: {result.output}"]
    if result.rejects is not None:
        lines.append(f"{_rows(result.rejected)} rejected: {result.rejects} says why")
    if result.caution:
        lines.append(result.caution)
    if not result.looked_for_conflicts:
        lines.append("Whether answers contradict each other was not looked for; --warnings does, some 0.1 s a patient.")
    return "".join(f"{line}\n" for line in lines)


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"
