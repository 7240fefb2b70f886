"""All that a patient may answer, one question after the other: slow, and for tiny networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bayesknee import Diagnosis
from bayesknee.patient.askable import askable
from bayesknee.patient.evidence import check_evidence


def all_answered(diagnosis: Diagnosis, names: Iterable[str]) -> Iterator[tuple[float, Diagnosis]]:
    """What comes of asking until none of these can be asked, each with its chance."""
    names = list(names)
    open_now = askable(diagnosis.network, diagnosis.evidence, names)
    if not open_now:
        yield 1.0, diagnosis
        return
    (question,) = diagnosis.rank_questions(within=[open_now[0]])
    for outcome in question.outcomes:
        after = diagnosed(diagnosis, {**diagnosis.evidence.answers, question.finding: outcome.state})
        for chance, final in all_answered(after, names):
            yield outcome.probability * chance, final


def diagnosed(diagnosis: Diagnosis, answers: Mapping[str, object]) -> Diagnosis:
    """The diagnosis of other answers, by the same network in the same setting."""
    return Diagnosis.of(diagnosis.compiled, check_evidence(diagnosis.network, answers))
