"""The sum over risk factors by parts, for compiled code: which messages a patient takes, and where they are.

Messages are those of `bayesknee.inference.prior.cutset`. Each depends on what is known of a few risk factors, so it is
made once for all patients with these answers; compiled code multiplies them and sums over the cutset.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.jit import Index
from bayesknee.inference.prior.cutset import Part
from bayesknee.inference.prior.factors import outer
from bayesknee.patient.codes import distinct_rows
from bayesknee.patient.evidence import Likelihood


class PartProgram(NamedTuple):
    """The sum over the cutset, the same for all patients.

    Attributes:
        first: by part of the first side, which of its sets goes with each set of the side's conditions.
        second: the same of the second side.
        first_of: which set of the first side each set of conditions has.
        second_of: which of the second.
        conditions_of: which set of conditions each set of causes has.
        share: P(its forms | its conditions).
    """

    first: Index
    second: Index
    first_of: Index
    second_of: Index
    conditions_of: Index
    share: Vector


class PartWeights(NamedTuple):
    """What is known of risk factors, by distinct pattern of answers.

    Attributes:
        cutset: P(state, answers) / P(complaint), shape (ways, states).
        cutset_of: which of these a pattern has.
        scale: P(answers) of risk factors that touch no condition, by pattern.
        messages: the messages, flat; each has the sets of its part, then the states of the cutset.
        message_of: where those of a pattern begin, shape (patterns, parts of both sides).
    """

    cutset: Vector
    cutset_of: Index
    scale: Vector
    messages: Vector
    message_of: Index


class PartMessages:
    """Prepares the sum over risk factors by parts.

    Args:
        tables: of the network, whose prior must have sides.
        places: which set of the tables each set has, in the order of the result.

    Attributes:
        program: the sum.
        largest: how many numbers all messages of a patient have.
    """

    def __init__(self, tables: SubsetTables, places: Integers) -> None:
        self._prior = prior = tables.before_findings
        self._parts = [part for side in prior.sides for part in side.parts]
        self._cutset = tuple(slice(0, prior.parents.states[number]) for number in prior.cutset)
        self._states = math.prod(states.stop for states in self._cutset)
        self.largest = sum(part.sets.size for part in self._parts) * self._states
        sets, shares = tables.sets, tables.shares
        first, second = (each[prior.places] for each in prior.side_sets.halves)
        smaller, larger = (
            np.array(side.places, np.int64).reshape(len(side.parts), len(half.causes))
            for side, half in zip(prior.sides, (prior.side_sets.first, prior.side_sets.second), strict=True)
        )
        conditions_of = sets.sets_of_conditions if sets.has_forms else np.arange(sets.size)
        self.program = PartProgram(
            smaller,
            larger,
            first.astype(np.int64),
            second.astype(np.int64),
            conditions_of[places].astype(np.int64),
            shares[places] if sets.has_forms else np.ones(sets.size),
        )

    def weights(self, ways: Mapping[str, Vector], patterns: Index, names: Sequence[str]) -> PartWeights:
        """What patterns of answers come to.

        Args:
            ways: by risk factor, the ways in which it is known, as a likelihood of each state.
            patterns: the number of the way of each, shape (patterns, risk factors).
            names: of the risk factors.
        """
        blocks = self._prior.blocks
        silent = [number for number, block in blocks.items() if not block.children and number not in self._prior.cutset]
        scale = np.ones(len(patterns))
        for number in silent:
            made, which = self._distinct([number], ways, patterns, names)
            scale *= np.array([blocks[number].weights(known[number]).sum() for known in made])[which]
        made, cutset_of = self._distinct(self._prior.cutset, ways, patterns, names)
        cutset = [outer(blocks[number].weights(known[number]) for number in self._prior.cutset) for known in made]
        messages, message_of, start = [np.empty(0)], np.empty((len(patterns), len(self._parts)), np.int64), 0
        for place, part in enumerate(self._parts):
            made, which = self._distinct(part.blocks, ways, patterns, names)
            messages += [self._message(part, known) for known in made]
            size = part.sets.size * self._states
            message_of[:, place] = start + size * which
            start += size * len(made)
        return PartWeights(
            np.array(cutset) / self._prior.complaint, cutset_of, scale, np.concatenate(messages), message_of
        )

    def _distinct(
        self, numbers: Sequence[int], ways: Mapping[str, Vector], patterns: Index, names: Sequence[str]
    ) -> tuple[list[dict[int, tuple[Likelihood | None, ...]]], Index]:
        """The distinct answers about some blocks, by number; and which of these each pattern has."""
        ids = [name for number in numbers for name in self._prior.blocks[number].ids]
        if not ids:
            return [dict.fromkeys(numbers, ())], np.zeros(len(patterns), np.int64)
        rows, which = distinct_rows(patterns[:, [names.index(name) for name in ids]])
        return [dict(self._answers(numbers, dict(zip(ids, row, strict=True)), ways)) for row in rows.tolist()], which

    def _answers(
        self, numbers: Sequence[int], row: Mapping[str, int], ways: Mapping[str, Vector]
    ) -> Iterator[tuple[int, tuple[Likelihood | None, ...]]]:
        for number in numbers:
            likelihoods = [tuple(ways[name][row[name]].tolist()) for name in self._prior.blocks[number].ids]
            yield number, tuple(None if min(each) == max(each) == 1.0 else each for each in likelihoods)

    def _message(self, part: Part, known: Mapping[int, tuple[Likelihood | None, ...]]) -> Vector:
        """The message of a part, flat; 0 where answers rule each other out."""
        if not all(any(each) for answers in known.values() for each in answers if each):
            return np.zeros(part.sets.size * self._states)
        given = self._prior.given({})
        for number, answers in known.items():
            if any(answers):
                given = self._prior.also(given, number, answers)
        return np.asarray(self._prior.message(part, given, self._cutset).reshape(-1))
