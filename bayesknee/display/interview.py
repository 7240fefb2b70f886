"""What an interview shows at a terminal: the question, what a red flag says, and the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.diagnosis.triage import Reason
from bayesknee.diagnosis.wording import answer_count, labels, not_known_text
from bayesknee.display.terminal import console_for, rendered, sticky
from bayesknee.display.text import TextOptions, closing_parts, result_parts
from bayesknee.interview.interview import Interview
from bayesknee.interview.prompts import Prompt
from bayesknee.interview.state import Step
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.knowledge.opening import SETTING
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.patient.evidence import Answer
from bayesknee.words import LEVEL_WORDS


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
    return not_known_text(interview.unknown_flags)


def end_text(interview: Interview, file: TextIO | None = None, *, details: bool = False) -> str:
    """The result at the end of an interview; with `details` also the figures of the stop rule, ids and codes."""
    console = console_for(file)
    return rendered(console, *_end(interview, console, details=details))


def _end(interview: Interview, console: Console, *, details: bool) -> Iterator[RenderableType]:
    diagnosis = interview.diagnosis
    if details or interview.state.ended:  # what somebody chose not to answer is no figure of a rule
        yield Text(sticky(f"\nWhy no more questions: {'; '.join(interview.why_finished)}"), style="dim")
    yield Text(f"\nThis rests on {answer_count(diagnosis)}.", style="dim")
    yield Text()
    options = TextOptions(details=details)
    flags = interview.unknown_flags
    yield from result_parts(diagnosis, console, options, "`bayesknee diagnose --all` lists them", flags)
    yield from closing_parts(diagnosis, options, labels(diagnosis.network, skipped(interview)))


def skipped(interview: Interview) -> tuple[str, ...]:
    """Ids of the questions that were skipped, alone or with a list, and have no answer."""
    network, state = interview.engine.network, interview.state
    lists = network.opening.tick_all
    names = [name for each in state.skipped for name in (lists[each].members if each in lists else (each,))]
    return tuple(name for name in dict.fromkeys(names) if name in network.questions and name not in state.answers)
