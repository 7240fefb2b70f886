"""The rules that one rule of a finding or sign must keep: what it may name, and how its numbers go together.

As in `bayesknee.knowledge.checks`, a rule must stay silent on a NaN.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate, product
from typing import Final, NamedTuple

from immutabledict import immutabledict

from bayesknee.errors import Problem, quoted, unknown_name
from bayesknee.knowledge.model import (
    NO_YES,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Greatest,
    Mixture,
    NoisyOr,
    Path,
    Reading,
    condition_of,
    row_key,
    stated_as,
)

# Of a sum of probabilities: far above its rounding, far below a slip in a digit. A larger one would let
# posteriors be off by as much.
SUM_TOLERANCE: Final = 1e-9
ROUNDING: Final = 1e-12  # of a sum of probabilities: what differs by more is another figure
MOST_PARENTS: Final = 5  # of a table: 32 rows are as many as an author can source one by one. Judged
# What an author does whose figure is below the leak; to leave the cause out would be to say that it changes nothing.
LOWERS: Final = "what makes it rarer takes a mixture or a table, since leaving it out would say that it changes nothing"


class Nodes(NamedTuple):
    """What a rule may name.

    Attributes:
        conditions, signs: ids.
        broken: ids that were defined but could not be read; to name one is no fault.
        complaint: whether some condition is always present.
        forms: of each condition that has some, as `condition.form`.
    """

    conditions: Collection[str]
    signs: Collection[str]
    broken: frozenset[str]
    complaint: bool
    forms: Mapping[str, Collection[str]] = immutabledict()

    @property
    def causes(self) -> tuple[str, ...]:
        """The ways in which conditions can be causes."""
        return tuple(cause for name in self.conditions for cause in self.forms.get(name, (name,)))

    @property
    def conditions_and_forms(self) -> tuple[str, ...]:
        """What stands for a condition, or a form of one."""
        return (*self.conditions, *(form for forms in self.forms.values() for form in forms))

    def unknown(self, path: Path, names: Collection[str]) -> Iterator[Problem]:
        """The names that are no condition or sign, as keys at this path."""
        known = [*self.conditions_and_forms, *self.signs]
        for name in names:
            if name not in known and condition_of(name) not in self.broken:
                yield unknown_name((*path, name), name, known, "a condition or sign of the network")


def finding_problems(path: Path, finding: Finding, nodes: Nodes) -> Iterator[Problem]:
    """What is wrong with the states and the model of a finding at this path."""
    if isinstance(finding.model, Reading | NoisyOr) and finding.states != NO_YES:
        remedy = "use a greatest, a mixture or a table for other states"
        yield Problem((*path, "states"), ", ".join(finding.states), "no, yes", remedy)
    yield from model_problems(path, finding.model, finding.states, nodes)


def model_problems(path: Path, model: FindingModel, states: tuple[str, ...], nodes: Nodes) -> Iterator[Problem]:
    """What is wrong with the model of a finding or sign at this path."""
    if isinstance(model, Reading):
        return _reading((*path, "reads"), model, nodes)
    if isinstance(model, NoisyOr):
        return _noisy_or((*path, "noisy_or"), model, nodes)
    if isinstance(model, Greatest):
        return _greatest((*path, "greatest"), model, states, nodes)
    if isinstance(model, Mixture):
        return _mixture((*path, "mixture"), model, states, nodes)
    return _table((*path, "table"), model, states, nodes)


def distribution_problems(path: Path, distribution: Distribution, states: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with a distribution over these states."""
    given = distribution.numbers
    for state in given:
        if state not in states:
            yield unknown_name((*path, state), state, states, "a state of this variable")
    missing = [state for state in states if state not in given]
    total = sum(number.value for number in given.values())
    if missing and not (len(states) == 2 and len(missing) == 1):
        yield Problem(path, f"no {', '.join(missing)}", "a probability for each state", "add what is missing")
    elif not missing and abs(total - 1.0) > SUM_TOLERANCE:
        yield Problem(path, f"a sum of {total:.12g}", "probabilities that sum to 1", "correct one of them")


# --- causes ----------------------------------------------------------------------------------------------------------


def _noisy_or(path: Path, rule: NoisyOr, nodes: Nodes) -> Iterator[Problem]:
    yield from nodes.unknown((*path, "causes"), rule.causes)
    for name, number in rule.causes.items():
        if number.value < rule.leak.value:
            yield Problem(
                (*path, "causes", name),
                f"P {number.value} below the leak {rule.leak.value}",
                "P(yes | only this cause) with the leak included, so not below it",
                f"raise it or lower the leak; {LOWERS}",
            )
    # Where each form has a line of its own, that of the condition says nothing.
    counted = {name: each for name, each in rule.causes.items() if not _is_overridden(name, rule.causes, nodes)}
    if not any(not number.value <= rule.leak.value for number in counted.values()):
        yield Problem((*path, "causes"), "no cause above the leak", "a cause of it", "add one, or drop the entry")


def _is_overridden(name: str, causes: Collection[str], nodes: Nodes) -> bool:
    forms = nodes.forms.get(name, ())
    return bool(forms) and all(form in causes for form in forms)


def _greatest(path: Path, rule: Greatest, states: tuple[str, ...], nodes: Nodes) -> Iterator[Problem]:
    places: dict[Path, Distribution] = {("causes", name): cause for name, cause in rule.causes.items()}
    places |= {("leak",): rule.leak} if rule.leak else {}
    problems = [
        problem for place, each in places.items() for problem in distribution_problems((*path, *place), each, states)
    ]
    yield from nodes.unknown((*path, "causes"), rule.causes)
    yield from problems
    if problems:
        return
    leak = cumulative(rule.leak, states)
    if leak[0] <= 0.0:
        got = f"P({states[0]}) 0"
        yield Problem((*path, "leak"), got, "a lowest state that is possible", "raise it, or drop that state")
        return
    for name, cause in rule.causes.items():
        yield from _above_the_leak((*path, "causes", name), cumulative(cause, states), leak, states)
    changes = (cumulative(cause, states)[:-1] for cause in rule.causes.values())
    if all(_is_close(cumulated, leak[:-1]) for cumulated in changes):
        got = "no cause that leads higher than the leak"
        yield Problem((*path, "causes"), got, "a cause of it", "add one, or drop the entry")


def cumulative(distribution: Distribution | None, states: tuple[str, ...]) -> tuple[float, ...]:
    """P(at most each state); without a distribution the lowest state is certain."""
    return tuple(accumulate(distribution.vector(states))) if distribution else (1.0,) * len(states)


def _above_the_leak(
    path: Path, cumulated: Sequence[float], leak: Sequence[float], states: tuple[str, ...]
) -> Iterator[Problem]:
    """A cause cannot make low states likelier than the leak does."""
    for state, one, other in zip(states[:-1], cumulated, leak, strict=False):
        if one > other + ROUNDING:
            yield Problem(
                path,
                f"P(at most {state}) {one:.6g} above the {other:.6g} of the leak",
                "the distribution if only this cause is present, the leak included, so no more often as low as that",
                "move some of it to higher states, or the leak to lower ones; what lowers the answer takes a mixture "
                "or a table",
            )
            return


def _is_close(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(abs(a - b) <= ROUNDING for a, b in zip(one, other, strict=True))


# --- others ----------------------------------------------------------------------------------------------------------


def _reading(path: Path, reading: Reading, nodes: Nodes) -> Iterator[Problem]:
    if reading.sign not in nodes.signs and reading.sign not in nodes.broken:
        yield unknown_name((*path, "sign"), reading.sign, nodes.signs, "a sign of the network")
    if reading.sensitivity.value + reading.specificity.value <= 1.0:
        yield Problem(
            (*path, "specificity"),
            f"sensitivity {reading.sensitivity.value} and specificity {reading.specificity.value}",
            "a sum above 1: a reading that is likelier when the sign is there",
            "correct them, or read the opposite sign",
        )


def _mixture(path: Path, mixture: Mixture, states: tuple[str, ...], nodes: Nodes) -> Iterator[Problem]:
    for key in ("distributions", "weights"):
        for name in getattr(mixture, key):
            if name not in nodes.conditions_and_forms and condition_of(name) not in nodes.broken:
                known = nodes.conditions_and_forms
                yield unknown_name((*path, key, name), name, known, "a condition of the network")
    for name, distribution in mixture.distributions.items():
        yield from distribution_problems((*path, "distributions", name), distribution, states)
    missing = [cause for cause in nodes.causes if stated_as(mixture.distributions, cause) is None]
    if mixture.otherwise is not None:
        yield from distribution_problems((*path, "otherwise"), mixture.otherwise, states)
    elif missing or not nodes.complaint:
        got = f"nothing for {', '.join(missing) or 'no condition at all'}"
        yield Problem(path, got, "a distribution for each condition, or otherwise", "add otherwise")
    every = [*mixture.distributions.values(), *([mixture.otherwise] if mixture.otherwise else [])]
    if len({_rounded(distribution, states) for distribution in every}) <= 1:
        got = "the same distribution for all conditions"
        yield Problem(path, got, "a condition that changes it", "add one, or drop the entry")


def _rounded(distribution: Distribution, states: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(round(value, 12) for value in distribution.vector(states))


def _table(path: Path, table: ConditionalTable, states: tuple[str, ...], nodes: Nodes) -> Iterator[Problem]:
    known = [*nodes.conditions, *nodes.signs]
    for name in table.parents:
        if name not in known and name not in nodes.broken:
            yield unknown_name((*path, "parents"), name, known, "a condition or sign of the network")
    if len(set(table.parents)) < len(table.parents):
        yield Problem((*path, "parents"), ", ".join(table.parents), "each parent once", "drop the repeated one")
    if not 1 <= len(table.parents) <= MOST_PARENTS:
        remedy = "use a noisy_or, a greatest or a mixture, which need a line for each cause only"
        yield Problem((*path, "parents"), f"{len(table.parents)} parents", f"1 to {MOST_PARENTS}", remedy)
        return
    yield from _rows((*path, "rows"), table, states)


def _rows(path: Path, table: ConditionalTable, states: tuple[str, ...]) -> Iterator[Problem]:
    wanted = dict.fromkeys(row_key(each) for each in product((False, True), repeat=len(table.parents)))
    for key in table.rows:
        if key not in wanted:
            expected = f"no or yes for {', '.join(table.parents)}, such as {quoted(next(iter(wanted)))}"
            yield Problem((*path, key), quoted(key), expected, "write them in the order of the parents")
    if missing := [key for key in wanted if key not in table.rows]:
        got = f"no row for {'; '.join(missing)}"
        yield Problem(path, got, "a row for each combination of the parents", "add what is missing")
    for key, distribution in table.rows.items():
        yield from distribution_problems((*path, key), distribution, states)
    if not missing and len({_rounded(row, states) for row in table.rows.values()}) <= 1:
        yield Problem(path, "the same distribution in all rows", "a parent that changes it", "correct the rows")
