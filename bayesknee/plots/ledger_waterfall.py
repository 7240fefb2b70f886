"""The ledger as a waterfall: how the answers moved a condition from its base rate to where it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.ledger import Account, Entry
from bayesknee.diagnosis.wording import account_name, entry_text
from bayesknee.knowledge.network import Network
from bayesknee.log_odds import expit, logit
from bayesknee.plots.canvas import BLACK, GREY, Row, Words, line_ticks, most_rows, put_words, rows_axes
from bayesknee.plots.condition_styles import style_of

MOST_ROWS: Final = 16
# Dense ones and sparse ones: as many are marked as find room.
ODDS_TICKS: Final = (
    (0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999),
    (0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999),
)
RATIO_TICKS: Final = (
    (1e-4, 1e-3, 0.01, 0.1, 0.2, 1 / 3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 100.0, 1e3, 1e4),
    (1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4),
)
LEAST_SPAN: Final = math.log(4.0)
CERTAIN: Final = 3.0  # how far beyond the others a bar goes that has no end


def ledger(diagnosis: Diagnosis, subject: str, ax: Axes | None = None, *, against: str | None = None) -> Axes:
    """What each answer did to a condition, largest first; the bars lead from the base rate to the probability now.

    The bars do not depend on the order of the answers and add up exactly. Equal lengths are equal factors: the axis is
    one of log odds, marked with probabilities, or in a contrast one of log ratios.

    What speaks for the condition has its colour, what speaks against it is hatched; in a contrast the latter has the
    colour of the other one. In small axes the smaller shares are put together.

    Args:
        diagnosis: what to explain.
        subject: id of a condition or group.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.
        against: id of another, for why the one and not the other.

    Returns:
        The axes.

    Raises:
        ConditionError: no such condition or group, or both the same.
    """
    ledger = diagnosis.ledger
    account = ledger[subject] if against is None else ledger.contrast(subject, against)
    steps = list(_steps(diagnosis, account, most_rows(ax, MOST_ROWS + 2) - 2))
    looks = _looks(diagnosis.network, subject, against)
    low, high = _limits(steps)
    words = Words(
        "Probability (equal lengths are equal factors of the odds)" if against is None else "The one to the other",
        [line_ticks(ticks, low, high) for ticks in _ticks(ratio=against is not None)],
        [Row(float(row), step.label, step.note, bold=step.total) for row, step in enumerate(steps)],
        f"Why {account_name(diagnosis.network, account)}",
        handles=[Patch(**look) for look in looks],
    )
    ax = rows_axes(ax, words)
    ax.set_xlim(low, high)
    for row, step in enumerate(steps):
        _draw(ax, row, step, looks)
    for row, step in enumerate(steps[:-1]):
        ax.plot([step.end, step.end], [row, row + 1], color=GREY, linewidth=0.8, linestyle=":")
    put_words(ax, words)
    return ax


@dataclass(frozen=True)
class _Stride:
    """A row: a bar from `start` to `end`, both natural logarithms; a mark where they are the same."""

    label: str
    start: float
    end: float
    note: str
    total: bool = False


def _steps(diagnosis: Diagnosis, account: Account, most: int) -> Iterator[_Stride]:
    entries = account.entries if len(account.entries) <= most else account.entries[: most - 1]
    place = account.prior
    yield _Stride("before the answers", place, place, _place_text(account, place), total=True)
    limit = CERTAIN + max([abs(place), *(abs(entry.share) for entry in entries if math.isfinite(entry.share))])
    for entry in entries:
        share = max(-limit, min(limit, entry.share))
        yield _Stride(entry_text(diagnosis.network, entry), place, place + share, _share_text(entry))
        place += share
    if rest := account.entries[len(entries) :]:
        share = sum(entry.share for entry in rest)
        yield _Stride(f"{len(rest)} more answers", place, place + share, factor_text(share))
        place += share
    yield _Stride("with all answers", place, place, _place_text(account, account.posterior), total=True)


def _share_text(entry: Entry) -> str:
    """The factor, and the grade of the number that carried most of it."""
    if not entry.numbers:
        return factor_text(entry.share)
    first = entry.numbers[0]
    return f"{factor_text(entry.share)}  ({'judged' if first.judged else f'grade {first.stated.number.grade}'})"


def factor_text(share: float) -> str:
    """A natural logarithm as `x 6.1` or `/ 3.2`."""
    if math.isinf(share):
        return "makes it certain" if share > 0 else "makes it impossible"
    return f"{'x' if share >= 0.0 else '/'} {math.exp(abs(share)):.3g}"


def _place_text(account: Account, place: float) -> str:
    if account.against is not None:
        return f"{_ratio(math.exp(place))}" if abs(place) < math.inf else ""
    return f"{100.0 * expit(place):.3g} %" if abs(place) < 700.0 else ""


def _looks(network: Network, subject: str, against: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the bars to the right, and of those to the left, which are hatched."""
    color = style_of(network, subject).color
    labels = ("speaks for it", "against it") if against is None else ("for the one", "for the other")
    hatched: dict[str, Any] = {"hatch": "////", "label": labels[1]}
    if against is None:
        hatched |= {"facecolor": "white", "edgecolor": color, "hatchcolor": color, "linewidth": 1.0}
    else:
        hatched |= {"facecolor": style_of(network, against).color, "edgecolor": "white", "hatchcolor": "white"}
    return {"facecolor": color, "label": labels[0]}, hatched


def _draw(ax: Axes, row: int, step: _Stride, looks: Sequence[dict[str, Any]]) -> None:
    if step.total:
        ax.plot(step.end, row, marker="D", color=BLACK, markersize=6, clip_on=False)
    else:
        ax.barh(row, step.end - step.start, left=step.start, height=0.6, **looks[step.end < step.start])


def _limits(steps: Sequence[_Stride]) -> tuple[float, float]:
    ends = [place for step in steps for place in (step.start, step.end)]
    middle, span = (max(ends) + min(ends)) / 2.0, max(max(ends) - min(ends), LEAST_SPAN)
    return middle - 0.55 * span, middle + 0.55 * span


def _ticks(*, ratio: bool) -> Iterator[dict[float, str]]:
    if ratio:
        return ({math.log(ratio): _ratio(ratio) for ratio in ticks} for ticks in RATIO_TICKS)
    return ({logit(chance): f"{100 * chance:.4g} %" for chance in ticks} for ticks in ODDS_TICKS)


def _ratio(ratio: float) -> str:
    return f"{ratio:.3g} : 1" if ratio >= 1.0 else f"1 : {1.0 / ratio:.3g}"
