"""What an interview shows at a terminal: the question, what a red flag says, and the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.diagnosis.triage import Reason
from bayesknee.diagnosis.wording import answer_count, not_known_text, not_ruled_out_line, scope_lines
from bayesknee.display.terminal import console_for, rendered, sticky
from bayesknee.display.text import TextOptions, closing_parts, result_parts
from bayesknee.interview.checklists import EXAMINATION, checklist
from bayesknee.interview.interview import Interview
from bayesknee.interview.preliminaries import is_preliminary, preliminary_text
from bayesknee.interview.prompts import Prompt
from bayesknee.interview.state import Step
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.patient.evidence import Answer
from bayesknee.words import LEVEL_WORDS, percent

MOST_TOLD: Final = 3  # of a kind in the gist of a result; judged: all of it is to fit a screen of 24 lines
FEW_LEFT: Final = 2  # or fewer: an estimate that is off by two or three questions cannot count them
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
    """Where the interview is, what is urgent so far, the question in full, and in a few words why it is asked."""
    where = [f"Question {interview.asked + 1}, {left_told(interview.expected_left)}"]
    where += [prompt.topic_name] if prompt.topic_name else []
    parts = [Text(), Text(" - ".join(where), style="dim")]
    if (now := interview.diagnosis.triage).alarming:
        parts.append(Text(f"So far: {now.words}", style="bold red"))
    parts.append(Text(prompt.question, style="bold"))
    if reason := interview.reason():
        parts.append(Text(reason, style="dim"))
    return rendered(console_for(file), *parts)


def left_told(left: int) -> str:
    """How many questions are left, which is an estimate: `about 8 to go`."""
    return f"about {left} to go" if left > FEW_LEFT else "nearly done"


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


def raised_text(reasons: Iterable[Reason], file: TextIO | None = None) -> str:
    """A level that what is probable or a score calls for, with what sets it, told as soon as it does."""
    first, *rest = reasons
    head = Text(f"! {LEVEL_WORDS[first.level]}", style="bold red")
    told = (Padding(Text(sticky(each.text), style="red"), (0, 0, 0, 2)) for each in (first, *rest))
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
    group = checklist(network, step.question)
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


def summary_text(interview: Interview, file: TextIO | None = None) -> str:
    """The gist of the result: how urgent and why, what is not known or ruled out, what is likely, what next."""
    return rendered(console_for(file), *_gist(interview))


def _gist(interview: Interview) -> Iterator[RenderableType]:
    now = interview.diagnosis
    network, result, triage = now.network, now.result, now.triage
    yield Text()
    if interview.outside:
        yield Text(f"Outside: {OUTSIDE}.", style="bold red")
    yield Text(f"How urgent: {triage.words}", style="bold red" if triage.alarming else "bold")
    first, *others = triage.decisive
    yield _hanging(f"Why: {triage.told(first)}{_and_more(len(others))}")
    if told := not_known_text(interview.unknown_flags[:MOST_TOLD]):
        yield _hanging(f"{told.removesuffix('.')}{_and_more(len(interview.unknown_flags) - MOST_TOLD)}", "bold")
    if dangers := [not_ruled_out_line(network, danger) for danger in result.not_ruled_out]:
        lines = [line.partition(": ")[2] for line in dangers[:MOST_TOLD]]
        yield _hanging(f"Not ruled out: {'; '.join(lines)}{_and_more(len(dangers) - MOST_TOLD)}", "bold red")
    chances = [(network.conditions[name].name, chance) for name, chance in now.posterior.items()][:MOST_TOLD]
    told = ", then ".join(f"{name} {percent(chance)}" for name, chance in chances)
    yield _hanging(f"Most likely: {told}.")
    yield from map(_hanging, _what_next(interview))
    for warning in now.warnings[:1]:
        yield _hanging(f"Warning: {warning.message}", "bold red")
    yield Text("All of the result stands above.", style="dim")


def _what_next(interview: Interview) -> Iterator[str]:
    """The examination or test that could change most, or tells most of a danger; what usually helps where it can."""
    now = interview.diagnosis
    found = [*(each.asked for each in now.result.decisive or ()), *(each.asked for each in now.result.telling)]
    if found and now.evidence.answers:
        yield f"What next: {found[0].question} [{found[0].asked_of}]"
    elif not now.triage.alarming and now.evidence.answers:
        helps = now.network.conditions[next(iter(now.posterior))].what_helps
        yield f"What usually helps: {helps}"


def _hanging(text: str, style: str = "") -> RenderableType:
    return Padding(Text(sticky(text), style=style), (0, 0, 0, 2))


def _and_more(count: int) -> str:
    return f" And {count} more." if count > 0 else ""


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
    if EXAMINATION in interview.state.skipped:
        yield Text("\nSkipped: the examination")
    yield from closing_parts(diagnosis, options)
