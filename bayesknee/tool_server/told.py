"""What the tools give back: small, as a language model reads all of it; urgency first, warnings always."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """A part of a result."""

    model_config = ConfigDict(frozen=True)


class UrgencyTold(Told):
    """How urgent it is. Tell the person this first."""

    level: str = Field(description="emergency, same_day, urgent, routine or self_care.")
    words: str = Field(description="What the level calls for.")
    reasons: list[str] = Field(description="Why: red flags, scores, conditions over their limit.")
    set_aside: list[str] = Field(description="Red flags that other answers set aside, with the reason.")
    open: list[str] = Field(description="Warning signs that nobody knows of; it is more urgent if one is there.")
    not_asked: list[str] = Field(description="Warning signs that nobody asked about; more urgent if one is there.")


class WarningTold(Told):
    """A warning about these answers. Pass it on."""

    kind: str = Field(description="base_rate, conflict, poor_fit, set_aside or not_checked.")
    message: str
    answers: list[str]


class DangerTold(Told):
    """A condition that must not be missed, and is not ruled out."""

    condition: str
    name: str
    probability: float
    limit: float = Field(description="The probability below which it may be left alone.")


class AnswerTold(Told):
    """An answer as it was taken."""

    finding: str
    label: str
    answer: str = Field(description="In words, with a number as given.")
    quote: str = Field(description="The words that it was taken from, for a person to check.")


class BasisTold(Told):
    """What the figures rest on."""

    network: str
    version: str
    sha256: str
    program: str = Field(description="Version of the program.")
    setting: str
    exact: bool = Field(description="False if the figures are approximate.")
    caution: str = Field(description="Pass it on with any figure.")


class PatientTold(Told):
    """What every result about a patient begins with."""

    urgency: UrgencyTold
    warnings: list[WarningTold]
    not_ruled_out: list[DangerTold]
    basis: BasisTold
    heard: list[AnswerTold] = Field(description="All answers that were counted. Nothing else was.")
    implied: list[str] = Field(description="What these answers imply of other questions.")


class ConditionTold(Told):
    """A condition. More than one can be true: probabilities need not add up to 1."""

    condition: str
    name: str
    probability: float
    base_rate: float = Field(description="Before any answer, in this setting.")
    error: float | None = Field(None, description="Of an approximate probability.")
    speaks_for: str = Field("", description="The answers that raise it, the strongest first.")
    speaks_against: str = Field("", description="The answers that lower it, the strongest first.")


class UsefulQuestion(Told):
    """A question, examination or test that is worth something."""

    finding: str
    question: str
    asked_of: str
    why: str


class DiagnoseResult(PatientTold):
    """How probable each condition is."""

    conditions: list[ConditionTold] = Field(description="The most probable first.")
    others: str = Field(description="How many more there are, and how probable together.")
    could_change: list[UsefulQuestion] = Field(description="Examinations and tests that could change what is done.")
    ask_next: list[UsefulQuestion] = Field(description="Questions that tell most now; see next_question.")


class OptionTold(Told):
    """A way to answer."""

    state: str
    words: str


class LineTold(Told):
    """A line of a list: a finding of its own, answered yes or no."""

    finding: str
    label: str
    question: str
    warning_sign: bool


class QuestionTold(Told):
    """A question to put as it is worded."""

    id: str = Field(description="Id of a finding, of a list (its lines are the findings), or `scope.` and a name.")
    kind: str = Field(description="choice, number, or tick_all: a list of which each line is said, denied or left out.")
    question: str
    help: str
    options: list[OptionTold]
    lines: list[LineTold]
    unit: str = Field(description="Of a number.")
    why: str
    expected_left: int = Field(description="About how many questions are left.")


class NextQuestionResult(PatientTold):
    """The question to put next, or why enough is known."""

    finished: bool
    why_finished: list[str]
    question: QuestionTold | None


class NumberTold(Told):
    """A number of the network that carried what an answer did."""

    what: str
    value: float
    low: float
    high: float
    grade: str = Field(description="A (systematic review) to D (judged).")
    source: str


class EffectTold(Told):
    """What an answer did."""

    finding: str
    answer: str
    quote: str
    factor: float | None = Field(description="By how much it multiplied the odds; above 1 speaks for it.")
    numbers: list[NumberTold]


class TurnTold(Told):
    """A change of one answer after which another condition comes first."""

    finding: str
    instead: str
    probability: float | None = Field(description="Of that answer, where it was not given yet.")
    leader: str


class ExplainResult(PatientTold):
    """What each answer did to a condition."""

    condition: str
    name: str
    against: str | None
    base_rate: float
    probability: float
    effects: list[EffectTold] = Field(description="The largest first; the factors multiply to the whole change.")
    more_effects: int = Field(description="How many smaller ones are left out.")
    turned_by: list[TurnTold]


class ChangeTold(Told):
    """A probability with the answers as they are, and with the changed ones."""

    condition: str
    name: str
    now: float
    then: float


class WhatIfResult(PatientTold):
    """What would follow. The first fields tell the case as it is; `then` fields are assumed, and not the patient's."""

    assumed: list[str] = Field(description="The answers that were assumed or taken back.")
    urgency_then: UrgencyTold
    warnings_then: list[WarningTold]
    not_ruled_out_then: list[DangerTold]
    changes: list[ChangeTold] = Field(description="The largest change first.")


class GateTold(Told):
    """A finding that must be in one of these states for the question to make sense."""

    finding: str
    states: list[str]


class FindingTold(Told):
    """What can be answered."""

    finding: str
    label: str
    question: str
    help: str
    asked_of: str = Field(description="patient, clinician or test.")
    states: list[OptionTold] = Field(description="Besides `unknown`, which each finding takes.")
    unit: str = Field(description="Where it takes a number: its unit.")
    takes_number: bool
    only_if: list[GateTold]


class FindFindingsResult(Told):
    """The findings that fit the words best."""

    findings: list[FindingTold]
    more: int = Field(description="How many further findings have some of the words.")
