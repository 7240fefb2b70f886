"""What an interview shows at a terminal: the question, what a red flag says, and the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.triage import Reason
from bayesknee.diagnosis.wording import answer_count
from bayesknee.display.next_questions import next_questions_parts
from bayesknee.display.terminal import console_for, rendered, sticky
from bayesknee.display.text import diagnosis_parts
from bayesknee.interview.interview import Interview
from bayesknee.interview.prompts import Prompt
from bayesknee.interview.state import Step
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.knowledge.opening import SETTING
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.patient.evidence import Answer
from bayesknee.words import LEVEL_WORDS, percent

WORTH_DESCRIBING: Final = 0.1  # judged: descriptions of what is less likely would worry more than help
MOST_DESCRIBED: Final = 3  # paragraphs that fit on a screen, beside those of what is dangerous; judged
MOST_TESTS: Final = 3  # judged: the few that are worth a visit
WORTH_TELLING: Final = 1e-4  # bits for a burden of 1: an examination that would tell less is not named


def start_text(interview: Interview, file: TextIO | None = None) -> str:
    """What is said before the first question."""
    network = interview.engine.network
    parts: list[RenderableType] = [Text(f"{network.title} ({network.id} {network.version})", style="bold")]
    if network.caution:
        parts.append(Text(network.caution, style="italic"))
    return rendered(console_for(file), *parts)


def question_text(interview: Interview, prompt: Prompt, file: TextIO | None = None) -> str:
    """Where the interview is, and the question in full, but that of a list, which goes with the list."""
    where = [f"Question {interview.asked + 1}, about {interview.expected_left} to go"]
    where += [prompt.topic_name] if prompt.topic_name else []
    question = () if prompt.kind == "tick_all" else (Text(prompt.question, style="bold"),)
    return rendered(console_for(file), Text(), Text(" - ".join(where), style="dim"), *question)


def told_text(told: str, file: TextIO | None = None, style: str = "") -> str:
    """A remark between questions, indented."""
    return rendered(console_for(file), Padding(Text(sticky(told), style=style), (0, 0, 0, 2)))


def red_flag_text(network: Network, reason: Reason, file: TextIO | None = None) -> str:
    """A red flag, told as soon as it holds."""
    head = Text(f"! {LEVEL_WORDS[reason.level]}", style="bold red")
    source = Text(f"(source: {citation(network, reason.source)})", style="dim")
    told = (Padding(each, (0, 0, 0, 2)) for each in (Text(reason.text, style="red"), source))
    return rendered(console_for(file), Text(), head, *told)


def answers_told(network: Network, answers: Mapping[str, Answer]) -> str:
    """Answers by what people call the questions: `Main sport: running; Age: ...`."""
    return "; ".join(
        f"{network.settings[str(answer)].name}"
        if name == SETTING
        else f"{label(network, name)}: {answer_text(network, name, answer)}"
        for name, answer in answers.items()
    )


def step_told(network: Network, step: Step) -> str:
    """An answered question in a line; of one to tick, what was ticked."""
    group = network.opening.tick_all.get(step.question)
    if group is None:
        return answers_told(network, dict(step.answers))
    # All but a plain no is told: an item may have been changed to something else by itself.
    told = {name: answer for name, answer in step.answers.items() if answer != "no"}
    words = []
    if len(told) == len(step.answers) and UNKNOWN in told.values():  # nothing counts as no
        told = {name: answer for name, answer in told.items() if answer != UNKNOWN}
        words = ["don't know the rest" if told else "don't know"]
    words = [*(_ticked(network, name, answer) for name, answer in told.items()), *words]
    return f"{group.question.partition('?')[0]}: {', '.join(words) or 'none'}"


def _ticked(network: Network, name: str, answer: Answer) -> str:
    return label(network, name) if answer == "yes" else f"{label(network, name)} ({answer_text(network, name, answer)})"


def unknown_flags_told(interview: Interview) -> str:
    """The warning signs that nobody knows of; empty where there are none."""
    labels = "; ".join(each.label for each in interview.unknown_flags)
    return f"Not known, and more urgent if so: {labels}." if labels else ""


def end_text(interview: Interview, file: TextIO | None = None) -> str:
    """The end: what is likely, how urgent it is, what is not ruled out, what to do next, what helps."""
    console = console_for(file)
    return rendered(console, *_end(interview, console))


def _end(interview: Interview, console: Console) -> Iterator[RenderableType]:
    diagnosis = interview.diagnosis
    yield Text()
    yield Text(sticky(f"Why no more questions: {'; '.join(interview.why_finished)}"), style="dim")
    yield Text(f"This rests on {answer_count(diagnosis)}.", style="dim")
    yield Text()
    yield from diagnosis_parts(diagnosis, console, rest="`bayesknee diagnose --all` lists them")
    if unknown := unknown_flags_told(interview):
        yield Text(f"\n{unknown}", style="bold")
    yield from _tests(interview)
    yield from _described(diagnosis)
    if diagnosis.network.caution:
        yield Text()
        yield Text(diagnosis.network.caution, style="italic")


def _tests(interview: Interview) -> Iterator[RenderableType]:
    """What those who are not there would tell most: of what is dangerous and not ruled out, where anything is."""
    diagnosis = interview.diagnosis
    absent = [each for each in ("clinician", "test") if each not in interview.policy.asked_of]
    if not absent:
        return
    objective, of = ("danger", " of what is not ruled out") if diagnosis.not_ruled_out else (DEFAULT_OBJECTIVE, "")
    ranked = diagnosis.rank_questions(asked_of=absent, objective=objective)
    telling = [each for each in ranked if each.value >= WORTH_TELLING]
    yield from next_questions_parts(
        diagnosis, telling[:MOST_TESTS], f"What an examination or a test would tell most{of}"
    )


def _described(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """What is likely, and what is dangerous and not ruled out, with what usually helps."""
    likely = [name for name, p in diagnosis.posterior.items() if p >= WORTH_DESCRIBING][:MOST_DESCRIBED]
    dangerous = [each.condition for each in diagnosis.not_ruled_out if each.condition not in likely]
    if likely or dangerous:
        of = " or not ruled out" if dangerous else ""
        yield Text(f"\nAbout what is likely{of} (general information)", style="bold")
    for name in (*likely, *dangerous):
        condition = diagnosis.network.conditions[name]
        yield Text(sticky(f"\n  {condition.name}, {percent(diagnosis.posterior[name])}"), style="bold")
        yield Padding(Text(condition.description), (0, 0, 0, 2))
        yield Padding(Text(f"What usually helps: {condition.what_helps}"), (0, 0, 0, 2))
