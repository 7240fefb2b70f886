"""What is asked before all else, and is no evidence: who answers, whether the network is for the patient, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import InterviewError, quoted
from bayesknee.interview.prompts import Option, Prompt
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.knowledge.opening import SETTING

# Names with a dot, which no id of a network has.
WHO: Final = "interview.who"
SCOPE: Final = "scope."
PATIENT: Final = ("patient",)
BOTH: Final = ("patient", "clinician")
_WHO_ANSWERS: Final[Mapping[str, tuple[str, ...]]] = immutabledict(patient=PATIENT, clinician=BOTH)
_WHO_LABELS: Final = immutabledict(
    patient="The patient alone",
    clinician="A clinician, with the patient: questions first, then an examination",
)


def is_preliminary(name: str) -> bool:
    """Whether a question is asked before all else, so that its answer is no evidence."""
    return name in (SETTING, WHO) or name.startswith(SCOPE)


def preliminary_ids(network: Network) -> tuple[str, ...]:
    """The ids of all such questions that a network may have, in the order in which they are asked."""
    return (WHO, *(f"{SCOPE}{name}" for name in network.scope.questions), SETTING)


def asked_of_by(answer: str) -> tuple[str, ...]:
    """Whom questions may be asked of, by the answer to `WHO`."""
    return _WHO_ANSWERS[answer]


def preliminary_prompt(network: Network, name: str) -> Prompt:
    """The prompt for one of `preliminary_ids`."""
    if name == WHO:
        options = tuple(Option(value, label) for value, label in _WHO_LABELS.items())
        return Prompt(WHO, "choice", "Who answers?", options, may_be_unsure=False)
    if name == SETTING:
        return _prompt_for_setting(network)
    question = network.scope.questions[name.removeprefix(SCOPE)]
    options = tuple(Option(answer.id, answer.label) for answer in question.answers.values())
    return Prompt(name, "choice", question.question, options, help=question.help, may_be_unsure=False)


def _prompt_for_setting(network: Network) -> Prompt:
    options = tuple(Option(setting.id, setting.name) for setting in network.settings.values())
    descriptions = " ".join(
        f"{setting.name}: {setting.description}" for setting in network.settings.values() if setting.description
    )
    question = "Which kind of clinic or practice is this?"
    return Prompt(SETTING, "choice", question, options, help=descriptions, may_be_unsure=False)


def check_preliminary(network: Network, name: str, value: object) -> str:
    """The answer to one of `preliminary_ids`.

    Raises:
        SettingError: there is no such care setting.
        InterviewError: it is none of the options.
    """
    if name == SETTING:
        return check_setting(network, str(value))
    options = [option.value for option in preliminary_prompt(network, name).options]
    if value not in options:
        raise InterviewError(f"{name}: got {quoted(value)}; expected {' or '.join(options)}; choose one of them")
    return str(value)


def preliminary_text(network: Network, name: str, answer: object) -> str:
    """An answer in words: `Where is the pain mainly? Behind the knee`; of a care setting, its name."""
    if name == SETTING:
        return network.settings[str(answer)].name
    prompt = preliminary_prompt(network, name)
    label = next((option.label for option in prompt.options if option.value == answer), str(answer))
    return f"{prompt.question} {label}"


WHY: Final[Mapping[str, str]] = immutabledict(
    {
        WHO: "Who is there decides which questions are asked.",
        SETTING: "How frequent each cause is depends on where people are seen.",
    }
)
WHY_SCOPE: Final = "The figures hold only for those whom the network is for."
