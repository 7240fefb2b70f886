"""Posteriors with every number of the network redrawn, where conditions are many: one plan, the draws side by side.

Which conditions and findings there are to go through does not depend on the numbers, so a plan serves all draws, and
its tables have the draws where others have patients. See `bayesknee.inference.enumeration.redraw` for what a draw is.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.cpds import MixtureNumbers
from bayesknee.inference.drawn_numbers import USUAL_DRAWS, Drawn, drawn_mixture, drawn_numbers, drawn_reading
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.network_arrays import (
    NetworkArrays,
    NoisyOrNode,
    level_effects,
    make_effect,
    without_common,
)
from bayesknee.inference.elimination.patients import Patients, common_of, node_evidence
from bayesknee.inference.elimination.structure import Common, Structure
from bayesknee.inference.prior.parents import PriorDraws, chance
from bayesknee.inference.prior.redraw import RedrawnPrior
from bayesknee.inference.results import Events
from bayesknee.inference.rule_tables import drawn_rule
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import sorted_evidence

# Two or three lie beyond either end of a 95 % interval; with fewer, single draws would set its ends.
FEWEST_DRAWS: Final = 100
NUMBERS_AT_ONCE: Final = 2**22  # in the tables of all conditions, while their intercepts are searched for
# To draw its numbers, and to sum it out. Judged: larger, it grants fewer draws; smaller, they may overrun the budget.
SECONDS_A_CONDITION: Final = 1e-6
ARRAYS: Final = 8  # about as many of one number for each condition and draw are in use at a time


def usual_draws(seconds: float, allowed: float) -> int:
    """The default number of draws, each of which takes so many seconds, in the seconds of a budget.

    Raises:
        InferenceError: less than `FEWEST_DRAWS` would fit.
    """
    if seconds * FEWEST_DRAWS > allowed:
        raise InferenceError(
            f"a draw would take about {seconds:.2g} s, and intervals at least {FEWEST_DRAWS} of them; allowed are "
            f"{allowed:,.2g} s; leave answers out, allow more (seconds= of Engine), or say how many to draw"
        )
    return int(min(USUAL_DRAWS, allowed / seconds))


class EliminationRedraws:
    """The networks that the ranges of one allow, in a setting; those of a seed are always the same."""

    def __init__(self, core: EliminationCore) -> None:
        self._core = core
        model = self._model = core.model
        self._prior = RedrawnPrior(model.network, model.parents, model.intercepts[:, 0], float(model.complaint[0]))

    def chances(self, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        """P(at least one condition of an event | evidence) in each network, shape (draws, events)."""
        self._check_memory(draws)
        answers = _RedrawnAnswers(self._model, evidence, draws, seed)
        size = sum(odds.table.size for odds in self._model.parents.odds_ratios)
        prior = self._prior.draw(draws, seed, max(8, NUMBERS_AT_ONCE // size))
        length = min(self._core.at_once(self._structure(answers)), draws)
        parts = (slice(start, min(start + length, draws)) for start in range(0, draws, length))
        return np.concatenate([self._chances(answers, prior, events, part) for part in parts])

    def usual_draws(self, evidence: Evidence, events: Events) -> int:
        """`USUAL_DRAWS`, or as many as are estimated to fit into the seconds of the budget.

        Raises:
            InferenceError: less than `FEWEST_DRAWS` would.
        """
        structure = self._structure(_RedrawnAnswers(self._model, evidence, 1, 0))
        runs = 1 + sum(len(event) > 1 for event in events)
        seconds = runs * self._core.plan(structure.shape).seconds_more + SECONDS_A_CONDITION * self._model.n
        return usual_draws(seconds, self._core.budget.seconds)

    def _structure(self, answers: _RedrawnAnswers) -> Structure:
        """That of the first draw; weights of mixtures that are alike as they stand need not be so in a draw."""
        return Structure(replace(self._model, redrawn_mixtures=answers.mixtures(slice(1))), answers.common)

    def _check_memory(self, draws: int) -> None:
        allowed = self._core.budget.memory // (8 * ARRAYS * self._model.n)
        if draws > allowed:
            raise InferenceError(
                f"{draws:,} draws of {self._model.n} conditions are more than fit into "
                f"{self._core.budget.memory / 1e6:,.3g} MB; at most {allowed:,} do; draw fewer, or allow more "
                "(memory= of Engine)"
            )

    def _chances(self, answers: _RedrawnAnswers, prior: PriorDraws, events: Events, part: slice) -> Vector:
        patients = answers.patients(self._drawn_model(answers, prior.span(part), part), part)
        found = np.empty((patients.count, len(events)))
        marginals = self._core.posteriors(patients)[1].conditions.T
        several = [column for column, event in enumerate(events) if len(event) > 1]
        for column, event in enumerate(events):
            if len(event) == 1:
                found[:, column] = marginals[:, min(event)]
        if several:
            found[:, several] = self._core.any_of(patients, [events[column] for column in several])
        return found

    def _drawn_model(self, answers: _RedrawnAnswers, prior: PriorDraws, part: slice) -> NetworkArrays:
        model = self._model
        factors = {c: prior.factor(c, without_common(model.parents, c)) for c in model.factors}
        return replace(
            model,
            intercepts=prior.intercepts,
            complaint=prior.complaint,
            simple=np.where(np.isnan(model.simple), np.nan, chance(np.exp(prior.intercepts))),
            factors=factors,
            priors=prior.numbers.priors,
            effects={**model.effects, **answers.effects(part)},
            redrawn_mixtures=answers.mixtures(part),
        )


class _RedrawnAnswers:
    """What a patient answered, with redrawn numbers."""

    def __init__(self, model: NetworkArrays, evidence: Evidence, draws: int, seed: int) -> None:
        self._model = model
        self._known = node_evidence(model, evidence)
        network = model.network
        self._greatest = [name for name in evidence.likelihoods if name in model.greatest]
        self._drawn = {
            name: drawn_numbers(network.signs.get(name) or network.findings[name], draws, seed)
            for name in (*self._known.effects, *self._known.mixtures, *self._greatest)
            if name in network.signs or name in network.findings
        }
        self._likelihoods = {
            name: np.broadcast_to(np.array(likelihood)[:, None], (2, draws))
            for name, likelihood in self._known.effects.items()
            if name not in network.signs
        }
        self._likelihoods |= {
            sign: np.prod([self._drawn_reading(*reading, draws, seed) for reading in readings.items()], axis=0)
            for sign, readings in sorted_evidence(network, evidence.likelihoods).readings.items()
        }

    def _drawn_reading(self, name: str, likelihood: Likelihood, draws: int, seed: int) -> Vector:
        """P(answer | no sign) and P(answer | sign), shape (2, draws)."""
        return drawn_reading(drawn_numbers(self._model.network.findings[name], draws, seed), likelihood)

    @cached_property
    def common(self) -> Common:
        """As `bayesknee.inference.elimination.patients.common_of`; what holds of all draws."""
        told = [name for name, (no, yes) in self._likelihoods.items() if yes.any() and (yes != no).any()]
        plain = common_of(self._model, self._known)
        told += [name for name, _ in plain.mixtures]
        return plain._replace(effects=tuple(sorted(self._model.names[name] for name in told)))

    def effects(self, part: slice) -> dict[str, NoisyOrNode]:
        """The effects that the answers depend on, with their numbers in these draws."""
        effects = {
            name: self._effect(numbers, part) for name, numbers in self._drawn.items() if name in self._known.effects
        }
        for name in self._greatest:
            finding, rule = self._model.network.findings[name], self._model.greatest[name]
            effects |= level_effects(finding, rule, self._model.numbers, drawn_rule(finding, self._drawn[name], part))
        return effects

    def mixtures(self, part: slice) -> dict[str, MixtureNumbers]:
        """The drawn numbers of the answered mixtures."""
        network = self._model.network
        return {
            name: drawn_mixture(
                self._model.mixtures[name],
                network.findings[name].states,
                tuple(network.conditions),
                {path: drawn[part] for path, drawn in self._drawn[name].items()},
            )
            for name in self._known.mixtures
        }

    def _effect(self, drawn: Drawn, part: slice) -> NoisyOrNode:
        stated = {path[-1]: values[part] for path, values in drawn.items() if path[:-1] == ("noisy_or", "causes")}
        return make_effect(
            {self._model.numbers[name]: values for name, values in stated.items()}, drawn["noisy_or", "leak"][part]
        )

    def patients(self, model: NetworkArrays, part: slice) -> Patients:
        """One for each of these draws, with their model. What is the same for all conditions is left out."""
        structure = Structure(model, self.common)
        draws = model.intercepts.shape[1]
        no, yes = np.zeros((model.n, draws)), np.zeros((model.n, draws))
        for c, likelihood in self._known.conditions.items():
            no[c], yes[c] = (math.log(weight) if weight > 0.0 else -math.inf for weight in likelihood)
        observed: dict[int, Vector] = {}
        for name, likelihoods in self._likelihoods.items():
            of_draws, effect = likelihoods[:, part], model.effects[name]
            if model.names[name] in structure.common.effects:
                observed[model.names[name]] = of_draws / of_draws.max(axis=0)
            elif not of_draws[1].any():
                yes[effect.causes] += effect.log_fail
        observed |= structure.observed_of_mixtures(draws)
        return Patients(structure, no, yes, observed, np.zeros(draws))
