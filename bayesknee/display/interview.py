"""What an interview shows at a terminal: the question, what a red flag says, and the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.diagnosis.triage import Reason
from bayesknee.diagnosis.wording import answer_count, not_known_text, scope_lines
from bayesknee.display.terminal import console_for, rendered, sticky
from bayesknee.display.text import TextOptions, closing_parts, result_parts
from bayesknee.interview.interview import Interview
from bayesknee.interview.preliminaries import is_preliminary, preliminary_text
from bayesknee.interview.prompts import Prompt
from bayesknee.interview.state import Step
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.patient.evidence import Answer
from bayesknee.words import LEVEL_WORDS

OUTSIDE: Final = "the patient is outside what this network is for"


def start_text(interview: Interview, file: TextIO | None = None) -> str:
    """What is said before the first question: what the network is for, and what it leaves out."""
    network = interview.engine.network
    parts: list[RenderableType] = [Text(f"{network.title} ({network.id} {network.version})", style="bold")]
    parts += [Text(text) for text in scope_lines(network)]
    if network.caution:
        parts.append(Text(network.caution, style="italic"))
    if interview.state.steps:
        parts.append(Text(f"Welcome back: {answer_count(interview.diagnosis)}, and it goes on where it was left."))
    return rendered(console_for(file), *parts)


def question_text(interview: Interview, prompt: Prompt, file: TextIO | None = None) -> str:
    """Where the interview is, the question in full, and in a few words why it is asked."""
    where = [f"Question {interview.asked + 1}, about {interview.expected_left} to go"]
    where += [prompt.topic_name] if prompt.topic_name else []
    reason = (Text(reason, style="dim"),) if (reason := interview.reason()) else ()
    return rendered(
        console_for(file), Text(), Text(" - ".join(where), style="dim"), Text(prompt.question, style="bold"), *reason
    )


def outside_text(interview: Interview, file: TextIO | None = None) -> str:
    """Why the network is not for this patient, and where to go instead."""
    head = Text(f"\nThis is not for you: {OUTSIDE}.", style="bold red")
    told = (
        Padding(Text(f"{answer.label}. {answer.reason}\n{answer.go_to}"), (0, 0, 0, 2)) for answer in interview.outside
    )
    return rendered(console_for(file), head, *told)


def recorded(prompt: Prompt, answers: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What would be recorded of a list, by name, under a heading each; denied warning signs apart."""
    labels = {option.value: option.label for option in prompt.options}
    denied = [name for name in labels if answers.get(name) == "no"]
    kinds = {
        "Yes": [name for name in labels if answers.get(name) == "yes"],
        "Don't know": [name for name in labels if answers.get(name) == UNKNOWN],
        "No to these warning signs": [name for name in denied if name in prompt.warnings],
        "No": [name for name in denied if name not in prompt.warnings],
        "Not asked": [name for name in labels if name not in answers],
    }
    for head, names in kinds.items():
        if names:
            yield head, "; ".join(labels[name] for name in names)


def recorded_text(prompt: Prompt, answers: Mapping[str, object], file: TextIO | None = None) -> str:
    """The same as text."""
    told = (Padding(Text(f"{head}: {text}"), (0, 0, 0, 2)) for head, text in recorded(prompt, answers))
    return rendered(console_for(file), *told)


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
        preliminary_text(network, name, answer)
        if is_preliminary(name)
        else f"{label(network, name)}: {answer_text(network, name, answer)}"
        for name, answer in answers.items()
    )


def step_told(network: Network, step: Step) -> str:
    """An answered question in a line; of a list, what holds and how many lines were denied, not known or not asked."""
    group = network.opening.tick_all.get(step.question)
    if group is None:
        return answers_told(network, dict(step.answers))
    answers = list(step.answers.values())
    told = [_held(network, name, answer) for name, answer in step.answers.items() if answer not in ("no", UNKNOWN)]
    counts = {"no": answers.count("no"), "don't know": answers.count(UNKNOWN), "not asked": len(step.passed)}
    told += [f"{words} to {count}" for words, count in counts.items() if count]
    return f"{group.question.partition('?')[0]}: {', '.join(told)}"


def _held(network: Network, name: str, answer: Answer) -> str:
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
    if interview.outside:
        told = "; ".join(answer.label for answer in interview.outside)
        yield Text(f"\nOutside: {OUTSIDE}. {told}. The figures are not for this patient.", style="bold red")
    if details or interview.state.ended:  # what somebody chose not to answer is no figure of a rule
        yield Text(sticky(f"\nWhy no more questions: {'; '.join(interview.why_finished)}"), style="dim")
    yield Text(f"\nThis rests on {answer_count(diagnosis)}.", style="dim")
    yield Text()
    options = TextOptions(details=details)
    yield from result_parts(diagnosis, console, options, "`bayesknee diagnose --all` lists them")
    yield from closing_parts(diagnosis, options)
