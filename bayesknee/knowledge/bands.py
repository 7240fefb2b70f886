"""Questions that a number answers: the bands that are their states, and cut-offs that hang on other answers."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from immutabledict import immutabledict

from bayesknee.errors import Problem, unknown_name

BandEnd: TypeAlias = float | str  # a number, or the name of a cut-off
Band: TypeAlias = tuple[BandEnd, BandEnd]

_NO_YES: Final = frozenset({"no", "yes"})
_OPEN: Final = (float("-inf"), float("inf"))


@dataclass(frozen=True)
class CutOff:
    """A number between two bands that hangs on another answer: on its number, or on its state.

    By a number it is `factor` times that, and at least `least` and at most `most`. By a state it is what `by` says.

    Attributes:
        per: the question that it hangs on.
        factor: what the number of that question is multiplied with; None where `by` tells it.
        least, most: the lowest and the highest that it can be.
        by: the cut-off by state of that question.
        source: a key of the references, or `judged`, with a note that says why.
    """

    per: str
    source: str
    factor: float | None = None
    least: float = _OPEN[0]
    most: float = _OPEN[1]
    by: Mapping[str, float] = immutabledict()
    note: str = ""

    def at(self, number: float) -> float:
        """The cut-off where the question that it hangs on has this number."""
        return min(max((self.factor or 0.0) * number, self.least), self.most)

    @property
    def words(self) -> str:
        """How it is worked out: `10 x age, at least 500`."""
        if self.factor is None:
            return f"by {self.per}"
        ends = [(self.least, "at least"), (self.most, "at most")]
        return ", ".join(
            [f"{self.factor:g} x {self.per}", *(f"{told} {end:g}" for end, told in ends if end not in _OPEN)]
        )


class Banded:
    """What risk factors and findings share that may be given as a number.

    Attributes:
        bands: for a question that is given as a number, (low, high) by state: low included, high not. An end is a
            number or the name of a cut-off.
        cut_offs: ends of bands that hang on other answers, by name.
        unit: of that number.
        out_of_scope: why a number below the bands is refused.
        state_names: by state, what people call it; the first is shown.
    """

    id: str
    label: str
    states: tuple[str, ...]
    bands: Mapping[str, Band]
    cut_offs: Mapping[str, CutOff]
    unit: str
    out_of_scope: str
    state_names: Mapping[str, tuple[str, ...]]

    @property
    def lowest(self) -> float:
        """The lowest number that it takes; 0 without bands."""
        return min((low for low, _ in self.bands.values() if not isinstance(low, str)), default=0.0)

    @property
    def highest(self) -> float:
        """The number below which all that it takes lie; 0 without bands."""
        return max((high for _, high in self.bands.values() if not isinstance(high, str)), default=0.0)

    @property
    def scope(self) -> str:
        """Which numbers it takes, in words: `12 years or more`; where they end goes without saying."""
        return or_more(self.lowest, self.unit)

    @property
    def hangs_on(self) -> tuple[str, ...]:
        """The other questions that its cut-offs hang on."""
        return tuple(dict.fromkeys(cut_off.per for cut_off in self.cut_offs.values()))

    def state_words(self, state: str) -> str:
        """A state as people read it; a band by its bounds, where these are its only name."""
        if names := self.state_names.get(state):
            return names[0]
        return self._bounds(state) if self.is_named_by_bounds else state.replace("_", " ")

    @property
    def is_named_by_bounds(self) -> bool:
        """Whether a state says no more than its bounds: they are fixed, and the states are not no and yes."""
        return bool(self.bands) and not self.cut_offs and not _NO_YES.issuperset(self.bands)

    def _bounds(self, state: str) -> str:
        low, high = self.bands[state]
        if high == self.highest and not isinstance(low, str):
            return or_more(low, self.unit)
        return f"{low:g} to under {high:g} {self.unit}".rstrip()


def or_more(low: float, unit: str) -> str:
    """`12 years or more`."""
    return f"{' '.join(filter(None, (f'{low:g}', unit)))} or more"


def band_problems(
    path: tuple[str, ...], question: Banded, questions: Mapping[str, Banded], broken: Container[str]
) -> Iterator[Problem]:
    """What is wrong with the bands and cut-offs of a question.

    Args:
        path: of the question, in the files.
        question: a risk factor or finding.
        questions: all of the network, by id.
        broken: ids that could not be read; to name one is no fault.
    """
    if question.bands and question.bands.keys() != set(question.states):
        got = ", ".join(question.states)
        yield Problem((*path, "states"), got, f"the states of the bands: {', '.join(question.bands)}", "leave them out")
    for key in ("cut_offs", "unit", "out_of_scope"):
        if getattr(question, key) and not question.bands:
            yield Problem((*path, key), f"{key} without bands", "bands of a number", "add bands, or leave it out")
    if question.bands and _NO_YES.issuperset(question.bands) and not question.unit:
        expected = "a unit, since 0 and 1 stand for no and yes"
        yield Problem((*path, "unit"), "no unit", expected, "add it, or name the states otherwise")
    faults = list(_cut_off_problems(path, question, questions, broken))
    yield from faults or _ends((*path, "bands"), question, questions, broken)


def _cut_off_problems(
    path: tuple[str, ...], question: Banded, questions: Mapping[str, Banded], broken: Container[str]
) -> Iterator[Problem]:
    named = {end for band in question.bands.values() for end in band if isinstance(end, str)}
    for name in sorted(named - question.cut_offs.keys()):
        yield unknown_name((*path, "bands"), name, question.cut_offs, "a number, or the name of a cut-off")
    for name, cut_off in question.cut_offs.items():
        place = (*path, "cut_offs", name)
        if name not in named and question.bands:
            yield Problem(place, f"{name}, which no band ends at", "a cut-off between two bands", "name it in bands")
        if cut_off.per in broken:
            continue
        if cut_off.per not in questions or cut_off.per == question.id:
            known = [each for each in questions if each != question.id]
            yield unknown_name((*place, "per"), cut_off.per, known, "another question")
        else:
            yield from _hangs_on(place, cut_off, questions[cut_off.per])


def _hangs_on(place: tuple[str, ...], cut_off: CutOff, other: Banded) -> Iterator[Problem]:
    """A cut-off by a number hangs on one that is asked as a number; one by states tells each of them."""
    if (cut_off.factor is None) == (not cut_off.by):
        yield Problem(place, "both or neither of factor and by", "one of the two", "say how it is worked out")
    elif other.cut_offs:
        got = f"{cut_off.per}, whose bands have cut-offs as well"
        yield Problem((*place, "per"), got, "a question whose states hang on no other", "name another question")
    elif cut_off.factor is not None and not other.bands:
        got = f"a factor for {cut_off.per}, which is not asked as a number"
        yield Problem((*place, "per"), got, "a question with bands", "give the cut-off by state: by: {state: number}")
    elif cut_off.factor is not None and cut_off.factor <= 0.0:
        yield Problem((*place, "factor"), f"{cut_off.factor:g}", "a factor above 0", "correct it")
    elif cut_off.least > cut_off.most:
        got = f"least {cut_off.least:g}, most {cut_off.most:g}"
        yield Problem((*place, "least"), got, "least <= most", "swap them")
    for state in cut_off.by:
        if state not in other.states:
            yield unknown_name((*place, "by", state), state, other.states, f"a state of {cut_off.per}")
    if missing := [state for state in other.states if cut_off.by and state not in cut_off.by]:
        expected = "a cut-off for each state"
        yield Problem((*place, "by"), f"nothing for {', '.join(missing)}", expected, "add what is missing")


def _ends(
    path: tuple[str, ...], question: Banded, questions: Mapping[str, Banded], broken: Container[str]
) -> Iterator[Problem]:
    """Bands meet, and each has its lower end below its upper end, wherever the cut-offs may lie."""
    if any(cut_off.per in broken for cut_off in question.cut_offs.values()):
        return
    ranges = {name: cut_off_range(cut_off, questions) for name, cut_off in question.cut_offs.items()}
    before: BandEnd | None = None
    for place, (state, (low, high)) in enumerate(question.bands.items()):
        lowest, highest = _range(low, ranges)[1], _range(high, ranges)[0]
        if lowest >= highest:
            expected = "a lower end below the upper end"
            yield Problem((*path, state), f"[{_shown(low)}, {_shown(high)}]", expected, "swap them")
        if before is not None and _differ(before, low):
            expected = f"a start at {_shown(before)}"
            yield Problem((*path, state), f"a start at {_shown(low)}", expected, "let the bands meet")
        outer = [end for end, at in ((low, 0), (high, len(question.bands) - 1)) if place == at]
        if any(isinstance(end, str) for end in outer):
            got = "a cut-off as an outer end"
            yield Problem((*path, state), got, "a number, beyond which an answer is a slip", "write a number")
        before = high


def _differ(one: BandEnd, other: BandEnd) -> bool:
    """Whether two ends differ; a number that could not be read differs from none."""
    if isinstance(one, str) or isinstance(other, str):
        return one != other
    return one < other or one > other


def _shown(end: BandEnd) -> str:
    return end if isinstance(end, str) else f"{end:g}"


def _range(end: BandEnd, ranges: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    return ranges[end] if isinstance(end, str) else (end, end)


def cut_off_range(
    cut_off: CutOff, questions: Mapping[str, Banded], possible: tuple[str, ...] | None = None
) -> tuple[float, float]:
    """The lowest and the highest that a cut-off may be.

    Args:
        cut_off: with its question in `questions`.
        questions: risk factors and findings by id.
        possible: the states that its question may be in; None for all of them.
    """
    other = questions[cut_off.per]
    states = other.states if possible is None else possible
    if cut_off.factor is None:
        found = [cut_off.by[state] for state in states]
    else:
        found = [cut_off.at(end) for state in states for end in other.bands[state] if not isinstance(end, str)]
    return min(found), max(found)
