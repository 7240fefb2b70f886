"""The five tools. Their docstrings and the descriptions of their fields are what a language model reads of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from pydantic import Field

from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.explaining.counterfactual import leader_changes
from bayesknee.diagnosis.result import OtherCauses
from bayesknee.diagnosis.wording import decisive_text, event_name, others_text
from bayesknee.documents import before_and_now, find_questions, turning_answers
from bayesknee.errors import EvidenceError, InterviewError, quoted, unknown_text
from bayesknee.interview import Interview, Policy
from bayesknee.interview.preliminaries import SCOPE
from bayesknee.interview.prompts import Prompt
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.patient.answer_reader import meant_name
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.patient.evidence import Answer
from bayesknee.tool_server import patient_parts as parts
from bayesknee.tool_server.given import ENUM_OF, AssumedAnswer, HeardAnswer, Id, heard_of, quotes_of, values_of
from bayesknee.tool_server.told import (
    ChangeTold,
    DiagnoseResult,
    ExplainResult,
    FindFindingsResult,
    FindingTold,
    GateTold,
    LineTold,
    NextQuestionResult,
    OptionTold,
    QuestionTold,
    TurnTold,
    UsefulQuestion,
    WhatIfResult,
)

# How much is told; judged: a language model reads all of it, and what follows seldom matters.
MOST_CONDITIONS: Final = 20
MOST_QUESTIONS: Final = 3
MOST_EFFECTS: Final = 12
MOST_TURNS: Final = 5
MOST_FOUND: Final = 50  # findings of one search

Heard = Annotated[
    list[HeardAnswer],
    Field(description="All that is known of the patient, as nothing is kept between calls. Only what was said."),
]
SettingId = Annotated[
    str | None,
    Field(
        description="Where the patient is seen, which selects the base rates. Leave it out for the default.",
        json_schema_extra={ENUM_OF: "settings"},
    ),
]
SkippedIds = Annotated[
    list[Id] | None,
    Field(description="Ids of questions and lists that were put, and not or only partly answered; each time."),
]
Subject = Annotated[str, Field(description="Id of a condition or group.", json_schema_extra={ENUM_OF: "subjects"})]
Someone = Annotated[str, Field(json_schema_extra={ENUM_OF: "asked_of"})]


@dataclass(frozen=True)
class Tools:
    """The tools of one network. They may be called from several threads at once.

    Attributes:
        network: what they know.
        setting: the care setting where a call names none.
    """

    network: Network
    setting: str
    _engines: dict[str, Engine] = field(default_factory=dict, init=False, repr=False, compare=False)

    def _engine(self, setting: str | None) -> Engine:
        """The engine of a setting, which is built once; two threads may build the same, which does no harm."""
        name = check_setting(self.network, setting or self.setting)
        if name not in self._engines:
            self._engines[name] = Engine(self.network, name)
        return self._engines[name]

    def _diagnosed(
        self, evidence: Sequence[HeardAnswer], setting: str | None, skipped: Sequence[str] | None = None
    ) -> Diagnosis:
        return self._engine(setting).diagnose(heard_of(self.network, evidence), skipped=skipped or ())

    def find_findings(
        self,
        words: Annotated[str, Field(max_length=200, description="A few words of what the person said.")],
        limit: Annotated[int, Field(ge=1, le=MOST_FOUND)] = 8,
        asked_of: Annotated[
            str | None, Field(description="Only what is asked of these.", json_schema_extra={ENUM_OF: "asked_of"})
        ] = None,
    ) -> FindFindingsResult:
        """Find the findings that fit what a person said, with the states that each can be in.

        Gives back for each finding: its id, its question, its states, of whom it is asked, and what must hold for it to
        make sense. Read the question before you take one: it must ask exactly what the person answered. If none does,
        take none. A search that finds nothing says nothing about the patient.
        """
        found = list(find_questions(self.network, words, asked_of=asked_of))
        told = [_finding(each) for each in found[:limit]]
        return FindFindingsResult(findings=told, more=max(0, len(found) - limit))

    def diagnose(self, evidence: Heard, setting: SettingId = None, skipped: SkippedIds = None) -> DiagnoseResult:
        """Tell how urgent a case is and how probable each condition is, exactly, from what was said.

        Gives back, in the order in which to tell it: urgency with reasons, warnings, what is dangerous and not ruled
        out, the conditions with what speaks for and against the first ones, what examinations or tests could change,
        and what to ask next; also each answer as it was counted, with its quote. Enter only what was said: silence is
        not `no`. Do not change the figures, and do not add your own.
        """
        diagnosis = self._diagnosed(evidence, setting, skipped)
        result = diagnosis.result
        causes = {cause.condition: cause for cause in result.causes}
        more = result.others.conditions[: max(0, MOST_CONDITIONS - len(causes))]
        told = [name for name in diagnosis.posterior if name in causes or name in more]
        ranked = diagnosis.rank_questions().first(MOST_QUESTIONS) if diagnosis.exact else ()
        return DiagnoseResult(
            **parts.patient_parts(diagnosis, quotes_of(self.network, evidence)),
            conditions=[parts.condition(diagnosis, name, causes.get(name)) for name in told],
            others=_others(diagnosis, result.others.conditions[len(more) :]),
            could_change=[*_decisive(diagnosis), *parts.useful(diagnosis, (*result.telling, *result.parting))],
            ask_next=parts.useful(diagnosis, ranked),
        )

    def next_question(
        self,
        evidence: Heard,
        setting: SettingId = None,
        asked_of: Annotated[
            list[Someone] | None, Field(description="Whom it may be put to. Leave it out for the patient alone.")
        ] = None,
        scope: Annotated[
            dict[str, str] | None,
            Field(description="Answers to questions whose id begins with `scope.`, by that id: they are no evidence."),
        ] = None,
        skipped: SkippedIds = None,
    ) -> NextQuestionResult:
        """Tell which question to put next, or that enough is known and why.

        Put it to the person as it is worded, with its options, and record only what they answer. Of a list, record a
        line as `yes` or `no` only if they said so of that very line; `none of these` said to the list as a whole is
        `no` to each line. Call it again with all answers. Tell urgency at once when it changes.
        """
        policy = Policy(asked_of=tuple(asked_of or ("patient",)))
        interview = Interview(self._engine(setting), heard_of(self.network, evidence), policy)
        _take_scope(interview, scope or {})
        state = replace(interview.state, skipped=tuple(skipped or ()))
        interview = Interview(self._engine(setting), state=state, policy=policy)
        return NextQuestionResult(
            **parts.patient_parts(interview.diagnosis, quotes_of(self.network, evidence)),
            finished=interview.finished,
            why_finished=list(interview.why_finished),
            question=_question(interview, interview.question) if interview.question else None,
        )

    def explain(
        self,
        condition: Subject,
        evidence: Heard,
        against: Annotated[Subject | None, Field(description="Explain why rather than this other condition.")] = None,
        setting: SettingId = None,
    ) -> ExplainResult:
        """Tell what each answer did to the probability of a condition, and which numbers carried it.

        Gives back for each answer the factor by which it multiplied the odds, with the numbers behind it, their range,
        grade and source, and the changes of one answer after which another condition would come first.
        """
        diagnosis = self._diagnosed(evidence, setting)
        quotes = quotes_of(self.network, evidence)
        ledger = diagnosis.ledger
        account = ledger[condition] if against is None else ledger.contrast(condition, against)
        chances = before_and_now(diagnosis, condition)
        return ExplainResult(
            **parts.patient_parts(diagnosis, quotes),
            condition=condition,
            name=event_name(self.network, condition),
            against=against,
            base_rate=chances["prior"],
            probability=chances["probability"],
            effects=[parts.effect(diagnosis, entry, quotes) for entry in account.entries[:MOST_EFFECTS]],
            more_effects=max(0, len(account.entries) - MOST_EFFECTS),
            turned_by=list(_turns(diagnosis, condition, against)),
        )

    def what_if(
        self,
        evidence: Heard,
        changes: Annotated[list[AssumedAnswer] | None, Field(description="Answers to assume.")] = None,
        take_back: Annotated[list[Id] | None, Field(description="Ids of answers to leave out.")] = None,
        setting: SettingId = None,
    ) -> WhatIfResult:
        """Tell what would follow if answers were different, new or not there. Nothing of it is the patient's.

        Gives back the case as it is, and urgency, warnings, what is not ruled out and the probabilities as they would
        be. Say that it is assumed. Never enter an assumed answer as evidence later.
        """
        if not changes and not take_back:
            raise EvidenceError(
                "nothing is assumed; expected changes, take_back or both; for a case as it is, diagnose"
            )
        now = self._diagnosed(evidence, setting)
        kept = _without(now, take_back or ())
        assumed = [meant_name(self.network, each.finding) for each in changes or ()]
        others = {name: answer for name, answer in kept.items() if name not in assumed}
        then = self._engine(setting).diagnose({**others, **values_of(self.network, changes or ())})
        return WhatIfResult(
            **parts.patient_parts(now, quotes_of(self.network, evidence)),
            assumed=[*_assumed(then, assumed), *_taken_back(self.network, take_back or ())],
            urgency_then=parts.urgency(then),
            warnings_then=parts.warnings(then),
            not_ruled_out_then=parts.dangers(then),
            changes=list(_changes(now, then)),
        )


def _finding(question: Question) -> FindingTold:
    gates = getattr(question, "only_if", {})
    return FindingTold(
        finding=question.id,
        label=question.label,
        question=question.question,
        help=question.help,
        asked_of=question.asked_of,
        states=[OptionTold(state=state, words=question.state_words(state)) for state in question.states],
        unit=question.unit,
        takes_number=bool(question.bands),
        only_if=[GateTold(finding=gate, states=list(states)) for gate, states in gates.items()],
    )


def _others(belief: Belief, names: Sequence[str]) -> str:
    """The conditions that are not told one by one; together they cannot be more probable than their sum."""
    probabilities = [belief.posterior[name] for name in names]
    return others_text(
        OtherCauses(tuple(names), min(1.0, sum(probabilities)), max(probabilities, default=0.0), is_bound=True)
    )


def _decisive(diagnosis: Diagnosis) -> Iterator[UsefulQuestion]:
    for each in diagnosis.result.decisive or ():
        asked, why = each.asked, decisive_text(diagnosis, each)
        yield UsefulQuestion(finding=asked.id, question=asked.question, asked_of=asked.asked_of, why=why)


def _take_scope(interview: Interview, scope: Mapping[str, str]) -> None:
    for name, answer in scope.items():
        if not name.startswith(SCOPE):
            raise InterviewError(f"scope: got {quoted(name)}; expected an id that begins with {SCOPE}; see evidence")
        interview.change(name, answer)


def _question(interview: Interview, prompt: Prompt) -> QuestionTold:
    is_list = prompt.kind == "tick_all"
    lines = [
        LineTold(
            finding=option.value,
            label=option.label,
            question=option.question,
            warning_sign=option.value in prompt.warnings,
        )
        for option in prompt.options
        if is_list
    ]
    options = [OptionTold(state=each.value, words=each.label) for each in prompt.options if not is_list]
    return QuestionTold(
        id=prompt.id,
        kind=prompt.kind,
        question=prompt.question,
        help="" if is_list else prompt.help,
        options=options,
        lines=lines,
        unit=prompt.unit,
        why=interview.why(),
        expected_left=interview.expected_left,
    )


def _turns(diagnosis: Diagnosis, condition: str, against: str | None) -> Iterator[TurnTold]:
    """The changes of given answers, then the new answers, after which another condition comes first."""
    for change in leader_changes(diagnosis)[:MOST_TURNS]:
        yield TurnTold(finding=change.finding, instead=change.instead, probability=None, leader=change.leader)
    for new in turning_answers(diagnosis, condition, against)[:MOST_TURNS]:
        leader = max((condition, str(against)), key=new.posterior.__getitem__)
        yield TurnTold(finding=new.finding, instead=new.state, probability=new.probability, leader=leader)


def _without(diagnosis: Diagnosis, names: Sequence[str]) -> Mapping[str, Answer]:
    """The answers without these.

    Raises:
        EvidenceError: one of these was not given.
    """
    answers = diagnosis.evidence.answers
    for name in names:
        if name not in answers:
            raise EvidenceError(unknown_text("answer to take back", name, answers, "among the evidence"))
    return {name: answer for name, answer in answers.items() if name not in names}


def _assumed(belief: Belief, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"{label(belief.network, name)}: {answer_text(belief.network, name, belief.evidence.answers[name])}"


def _taken_back(network: Network, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"{label(network, name)}: taken back"


def _changes(now: Belief, then: Belief) -> Iterator[ChangeTold]:
    """The probabilities before and after, the largest change first."""
    changed = sorted(now.posterior, key=lambda name: -abs(then.posterior[name] - now.posterior[name]))
    for name in changed[:MOST_CONDITIONS]:
        title = now.network.conditions[name].name
        yield ChangeTold(condition=name, name=title, now=now.posterior[name], then=then.posterior[name])
