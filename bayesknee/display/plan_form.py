"""A plan as text: a form to tick, with the warning signs first; on demand, what the answers are worth."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.diagnosis.asking.question_plan import PlannedQuestion, QuestionPlan
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.display.terminal import console_for, numbered, rendered, sticky, unbroken, warning_lines
from bayesknee.interview.prompts import prompt_of
from bayesknee.knowledge.model import NO_YES, Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_words import label
from bayesknee.words import percent

_NUMBER: Final = 4
_INDENT: Final = 2
_BOXES_APART: Final = "   "
WARNING_SIGNS: Final = "Warning signs"
READ_FIRST: Final = (
    "These are read first. If you feel very ill, tell somebody who works here at once; do not wait for your turn."
)
OTHERS: Final = "Other questions"


def plan_text(
    diagnosis: Diagnosis,
    plan: QuestionPlan,
    file: TextIO | None = None,
    warning_signs: Collection[str] = (),
    *,
    details: bool = False,
) -> str:
    """The form: the warning signs, then the questions of the plan, topic by topic.

    Args:
        diagnosis: what is known already.
        plan: the questions.
        file: of the terminal; standard output if left out.
        warning_signs: ids of the questions that come first.
        details: whether a table for the analyst follows: how sure the diagnosis gets with each question.
    """
    return rendered(console_for(file), *_parts(diagnosis, plan, warning_signs, details=details))


def _parts(
    diagnosis: Diagnosis, plan: QuestionPlan, warning_signs: Collection[str], *, details: bool
) -> Iterator[RenderableType]:
    network = diagnosis.network
    yield Text(network.title, style="bold")
    yield from warning_lines(each.message for each in diagnosis.warnings)  # above the form, so that it can be torn off
    yield from (Text() for _ in diagnosis.warnings[:1])
    first, rest = parts_of_form(network, plan, warning_signs)
    if not first and not rest:
        yield Text("Nothing is left to ask that fits.")
        return
    yield Text("Please tick one box for each question.\n")
    numbers = numbers_of(first, rest)
    if first:
        yield Text(WARNING_SIGNS, style="bold")
        yield Text(f"{READ_FIRST}\n")
        yield from _form(network, first, numbers)
        yield Text(f"\n{OTHERS}\n" if rest else "", style="bold")
    yield from _form(network, rest, numbers)
    if details and plan.questions:
        yield Text(f"\nHow sure the diagnosis gets ({network.id} {network.version}, {plan.objective})", style="bold")
        yield Padding(_table(network, plan), (0, 0, 0, _INDENT))
        yield Text(f"\n{sticky(_explained(plan))}")
    if network.caution:
        yield Text(f"\n{network.caution}", style="italic")


def _explained(plan: QuestionPlan) -> str:
    told = "Right: the probability that the leading condition is a cause, once all questions so far are answered."
    if plan.exact < len(plan.questions):
        told += f" Exact up to question {plan.exact}, then an estimate with its standard error (seed {plan.seed})."
    return told


# --- form -------------------------------------------------------------------------------------------------------------


def _form(network: Network, order: Sequence[str], numbers: Mapping[str, int]) -> Iterator[RenderableType]:
    topic = ""
    for name in order:
        question = network.questions[name]
        if question.topic != topic:
            topic = question.topic
            yield Text(network.topics[topic], style="bold")
        table = numbered(_NUMBER)
        asked = asked_on_paper(question, numbers)
        if is_short(question):
            table.add_row(f"{numbers[name]:2}", f"{asked}{_BOXES_APART}{_boxes(question)}")
        else:
            table.add_row(f"{numbers[name]:2}", asked)
            if told := explained_states(network, name):
                table.add_row("", Text(told, style="dim"))
            table.add_row("", _boxes(question))
        yield Padding(table, (0, 0, 0, _INDENT))


def parts_of_form(network: Network, plan: QuestionPlan, warning_signs: Collection[str]) -> tuple[list[str], list[str]]:
    """The warning signs, and the other questions of the plan, by id, each in the order of the form."""
    first = _in_order(network, warning_signs)
    return first, [name for name in in_form_order(network, plan) if name not in first]


def numbers_of(*parts: Sequence[str]) -> Mapping[str, int]:
    """The number that each question has on the form, through all of its parts."""
    return {name: number for number, name in enumerate((name for part in parts for name in part), start=1)}


def in_form_order(network: Network, plan: QuestionPlan) -> list[str]:
    """The questions by topic, in the order of the network; but each after those that gate it."""
    return _in_order(network, [question.finding for question in plan.questions])


def _in_order(network: Network, names: Collection[str]) -> list[str]:
    planned = [name for name in network.questions if name in names]
    topics = list(network.topics)
    order: dict[str, None] = {}

    def add(name: str) -> None:
        for gate in network.questions[name].only_if:
            if gate in planned:
                add(gate)
        order[name] = None

    for name in sorted(planned, key=lambda each: topics.index(network.questions[each].topic)):
        add(name)
    return list(order)


def is_short(question: Question) -> bool:
    """Whether its boxes are but no, yes and not known, which stand behind the question."""
    return set(question.states) == set(NO_YES)


def asked_on_paper(question: Question, numbers: Mapping[str, int]) -> str:
    """The question, after what it hangs on, by the numbers that questions have on the form."""
    gates = [
        f"{' or '.join(state.replace('_', ' ') for state in states)} in {numbers[gate]}"
        for gate, states in question.only_if.items()
        if gate in numbers
    ]
    who = "" if question.asked_of == "patient" else f" [{question.asked_of}]"
    only_if = f"Only if {' and '.join(gates)}: " if gates else ""
    return f"{only_if}{question.question}{who}"


def explained_states(network: Network, name: str) -> str:
    """What the states mean, where they are more than no and yes: on paper nobody can be asked."""
    prompt = prompt_of(network, name)
    return prompt.help if prompt.kind == "choice" and not prompt.is_yes_no else ""


def _boxes(question: Question) -> str:
    """A box for each answer, which stays together with it; a number where the states are bands."""
    number = [f"_____ {question.unit}".rstrip()] if question.bands else []
    if question.is_named_by_bounds:
        return number[0]
    states = [question.state_words(state) for state in question.states]
    return _BOXES_APART.join([*number, *(unbroken(f"[ ] {state}") for state in [*states, "don't know"])])


# --- table ------------------------------------------------------------------------------------------------------------


def _table(network: Network, plan: QuestionPlan) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("#", "Gain", "Right"):
        table.add_column(name, justify="right")
    table.add_column("Question", overflow="fold")
    table.add_row("0", "", percent(plan.accuracy), "")
    for number, each in enumerate(plan.questions, start=1):
        table.add_row(str(number), f"{each.gain:.3f}", _right(each), label(network, each.finding))
    return table


def _right(each: PlannedQuestion) -> str:
    error = f" +- {100 * each.standard_error:.1f}" if each.standard_error else ""
    return percent(each.accuracy).replace(" %", f"{error} %")
