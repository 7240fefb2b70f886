"""Tables of conditions and risk factors with redrawn numbers, the draws as their last axis, cut to what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bayesknee.inference.prior.factors import Factor
from bayesknee.inference.prior.parents import Parents, PriorDraws
from bayesknee.patient.evidence import Likelihood


def drawn_tables(
    parents: Parents, drawn: PriorDraws, known: Mapping[str, Likelihood], by: int | None = None
) -> tuple[dict[int, Factor], list[Factor]]:
    """What the sum over risk factors multiplies.

    Args:
        parents: how conditions hang on risk factors and each other.
        drawn: the draws.
        known: a likelihood for each state, by risk factor.
        by: the condition whose table is to be its derivative by the intercept; mostly none.

    Returns:
        By block, the common one first, P(state, known), over P(complaint); without an axis of states where just one is
        possible. And P(c | parents) of each condition. A block that touches a single condition is summed out in the
        table of that.
    """
    *numbers, common = parents.block_numbers
    cut: dict[int, int | slice] = {}
    weights: dict[int, Factor] = {}
    for number in (common, *numbers):
        block = parents.block_of[number]
        answers = [known.get(name) for name in block.ids]
        states, _ = block.possible(answers)
        is_sure = number != common and states.stop - states.start == 1
        cut[number] = states.start if is_sure else states
        table = (drawn.numbers.priors[number] * block.likelihood(answers)[:, None])[cut[number]]
        weights[number] = Factor(() if is_sure else (number,), table)
    weights[common] = Factor((common,), weights[common].table / drawn.complaint)
    conditions = range(len(parents.conditions))
    of = [drawn.slope if c == by else drawn.factor for c in conditions]
    return weights, [_factor(parents.private_blocks[c], of[c], c, cut, weights) for c in conditions]


def _factor(
    private: int | None,
    table_of: Callable[[int, Mapping[int, int | slice]], Factor],
    c: int,
    cut: Mapping[int, int | slice],
    weights: dict[int, Factor],
) -> Factor:
    """P(c | parents), with the block that touches c alone summed out, and taken from the weights.

    State by state, as the table over all of them may be so large that most of the time is spent on new memory.
    """
    if private is None or isinstance(states := cut[private], int):
        return table_of(c, cut)
    first, *others = weights.pop(private).table
    variables, total = table_of(c, {**cut, private: states.start})
    total *= first
    for state, weight in enumerate(others, start=states.start + 1):
        total += table_of(c, {**cut, private: state}).table * weight
    return Factor(variables, total)
