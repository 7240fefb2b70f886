"""What a reader must be warned of whatever leads: answers that contradict each other or fit nothing, flags set aside.

Also base rates that are not the network's. The texts are the same in all outputs: terminal, JSON, notebooks, tables and
reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.explaining.conflict import UNUSUAL, Conflict, Surprise, least_expected, surprise_of
from bayesknee.errors import InferenceError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.network import is_single
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.plain import attributes
from bayesknee.words import short_percent

WarningKind: TypeAlias = Literal["base_rate", "conflict", "poor_fit", "set_aside", "not_checked"]

# Patients drawn before all of `Surprise` are: enough to tell most patients from unusual ones. Where more than `CLEAR`
# of them gave answers as improbable, at most 1 in a million unusual patients is passed over.
FIRST_DRAWS: Final = 100
CLEAR: Final = 10.0 * UNUSUAL


@dataclass(frozen=True)
class PatientWarning:
    """A warning about one patient.

    Attributes:
        kind: `base_rate`: one was given in place of the network's. `conflict`: answers contradict each other, and no
            condition explains it. `poor_fit`: they fit nothing in the network. `set_aside`: a red flag holds, and other
            answers set it aside. `not_checked`: to look for a conflict and a poor fit would be beyond the budget.
        message: in words, with the answers.
        answers: those that it is about, as `finding=state`.
    """

    kind: WarningKind
    message: str
    answers: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


def base_rate_warnings(compiled: CompiledNetwork) -> Iterator[PatientWarning]:
    """That a base rate is not the network's: one warning for each that was given."""
    others = " The base rates of the others give way in proportion." if is_single(compiled.network) else ""
    for each in compiled.base_rates:
        name, given, stated = compiled.network.conditions[each.condition].name, each.value, each.stated
        told = f"Base rate of {name} set to {short_percent(given)}; the network says {short_percent(stated)}."
        yield PatientWarning("base_rate", f"{told}{others}")


def warnings_of(
    belief: Belief, conflict: Callable[[], Conflict], surprise: Callable[[], Surprise]
) -> tuple[PatientWarning, ...]:
    """The warnings about a patient: red flags set aside, a conflict, a poor fit; see `PatientWarning`.

    Args:
        belief: the posterior and the answers.
        conflict: gives how badly the findings fit together.
        surprise: gives how unusual they are.
    """
    triage = belief.triage
    aside = tuple(PatientWarning("set_aside", triage.told(flag), flag.answers) for flag in triage.set_aside)
    try:
        return (*aside, *_of_conflict(belief, conflict()), *_of_fit(belief, surprise))
    except InferenceError:
        told = "Whether the answers fit together was not checked: it would take more than the budget allows."
        return (*aside, PatientWarning("not_checked", told))


def _of_conflict(belief: Belief, conflict: Conflict) -> Iterator[PatientWarning]:
    if conflict.matters:
        told = f"The answers contradict each other, and no condition explains it{_named(belief, conflict.answers)}"
        yield PatientWarning("conflict", f"{told}. Check them.", _as_given(belief, conflict.answers))


def _of_fit(belief: Belief, surprise: Callable[[], Surprise]) -> Iterator[PatientWarning]:
    if surprise_of(belief, FIRST_DRAWS).share > CLEAR or not (found := surprise()).matters:
        return
    names = least_expected(belief)
    told = (
        f"The answers fit nothing in this network well: of {found.draws:,} patients drawn from it who were asked the "
        f"same, {found.as_rare} gave answers as improbable together"
    )
    yield PatientWarning("poor_fit", f"{told}{_named(belief, names)}. Check them.", _as_given(belief, names))


def _named(belief: Belief, names: Iterable[str]) -> str:
    """`; above all: Fever: no; Temperature: yes`, or nothing where no answers are named."""
    network, answers = belief.network, belief.evidence.answers
    told = "; ".join(f"{label(network, name)}: {answer_text(network, name, answers[name])}" for name in names)
    return f"; above all: {told}" if told else ""


def _as_given(belief: Belief, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name}={belief.evidence.answers[name]}" for name in names)
