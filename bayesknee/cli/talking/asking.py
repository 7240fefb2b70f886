"""The course of an interview at a terminal: shows what `Interview` puts, hands over what is answered, saves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bayesknee.cli.talking.choices import COMMAND, Choice
from bayesknee.cli.talking.talk import Talk
from bayesknee.display.interview import (
    answers_told,
    end_text,
    outside_text,
    question_text,
    raised_text,
    recorded_text,
    red_flag_text,
    start_text,
    step_told,
    summary_text,
    told_text,
)
from bayesknee.errors import AnswerClashError, EvidenceError
from bayesknee.interview import Interview, Prompt, Reply
from bayesknee.interview.checklists import checklist
from bayesknee.knowledge.bands import or_more
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.unsure_answers import PROBABLY, PROBABLY_NOT

WHY, BACK, CHANGE, SKIP, STOP, QUIT, UNSURE, HELP, KEEP, TAKE, ON, DONE, NONE, REST, AGAIN, READ = (
    f"{COMMAND}{word}"
    for word in (
        *("why", "back", "change", "skip", "stop", "quit", "unsure", "help"),
        *("keep", "take", "on", "done", "none", "unknown", "again", "read"),
    )
)
_COMMANDS: Final = (
    Choice(WHY, "why", "w", below=True),
    Choice(BACK, "back", "b", below=True),
    Choice(CHANGE, "change an answer", "c", below=True),
    Choice(SKIP, "skip, to come back", "s", below=True),
    Choice(STOP, "end here, with the result", "e", below=True),
    Choice(QUIT, "quit", "x", below=True),
)
_HELP: Final = Choice(HELP, "help", "h", below=True)
_LEAVE: Final = Choice(BACK, "leave it as it was", "b", below=True)
_YES_NO: Final = (
    Choice("yes", "yes", "y"),
    Choice("no", "no", "n"),
    Choice(PROBABLY, "probably", "p"),
    Choice(PROBABLY_NOT, "probably not", "o"),
    Choice(UNKNOWN, "don't know", "d"),
)
_DO_NOT_KNOW: Final = Choice(UNKNOWN, "don't know", "d")
_NOT_SURE: Final = Choice(UNSURE, "not sure: choose the likeliest", "u")
_OF_LISTS: Final = (
    Choice(DONE, "done", "f", below=True),
    Choice(NONE, "none of the others holds", "r", below=True),
    Choice(REST, "don't know the others", "v", below=True),
)
_REST: Final = {NONE: "no", REST: UNKNOWN}
_MARKS: Final = ("yes", "no", UNKNOWN)
NOTHING_MARKED: Final = (
    "Nothing is marked, so nothing would be recorded. Mark lines, say that none holds or that you don't know, or skip."
)


class QuitError(Exception):
    """The person leaves."""


class Asking:
    """One interview at a terminal.

    Args:
        interview: what is asked.
        talk: how.
        save: called after all that changes the interview.
        details: whether the end tells figures of the stop rule, ids and codes.
    """

    def __init__(self, interview: Interview, talk: Talk, save: Callable[[], None], *, details: bool = False) -> None:
        self._interview = interview
        self._talk = talk
        self._save = save
        self._details = details
        self._left: dict[str, Mapping[str, object]] = {}  # by list that was left unanswered: to begin with next time
        self._handlers: dict[str, Callable[[], None]] = {
            WHY: self._why,
            BACK: self._back,
            CHANGE: self._change,
            SKIP: self._skip,
            STOP: self._stop,
            QUIT: self._quit,
            HELP: self._help,
        }

    def run(self, more: Mapping[str, object]) -> None:
        """Asks until the person quits.

        Args:
            more: answers by id that came with the command, beside those of a session.

        Raises:
            QuitError: the person quits.
            TalkEndedError, KeyboardInterrupt: as `Talk`.
        """
        self._talk.tell(start_text(self._interview))
        self._tell(Reply(red_flags=self._interview.red_flags, raised=self._interview.raised))
        for name, answer in more.items():
            self._take(name, answer)
        while True:
            prompt = self._interview.question
            if prompt is not None:
                commands = [_HELP, *_COMMANDS] if prompt.help else _COMMANDS
                self._handle(prompt, self._ask(prompt, commands, question_text(self._interview, prompt)))
            elif self._interview.outside and not self._interview.state.beyond_scope and not self._interview.state.ended:
                self._end_outside()
            else:
                self._end()

    def _handle(self, prompt: Prompt, answer: object) -> None:
        if answer in (SKIP, STOP, QUIT) and self._left.get(prompt.id):
            self._explain("What you marked does not count yet: finish the list first, or clear its marks.")
        elif isinstance(answer, str) and answer in self._handlers:
            self._handlers[answer]()
        else:
            self._take(prompt.id, answer)

    # --- asking ----------------------------------------------------------------------------------------------------

    def _ask(self, prompt: Prompt, commands: Sequence[Choice], above: str) -> object:
        if prompt.kind == "tick_all":
            return self._mark(prompt, commands, above)
        if prompt.kind == "number":
            return self._number(prompt, commands, above)
        if prompt.is_yes_no:
            return self._choose([*_YES_NO, *commands], above)
        states = [Choice(option.value, option.label, names=option.names) for option in prompt.options]
        if not prompt.may_be_unsure:
            return self._choose([*states, *commands], above)
        while True:
            answer = self._choose([*states, _NOT_SURE, _DO_NOT_KNOW, *commands], above)
            if answer != UNSURE:
                return answer
            likeliest = self._talk.choose("The likeliest:", [*states, _LEAVE], above, BACK)
            if likeliest != BACK:
                return f"{PROBABLY} {likeliest}"

    def _choose(self, choices: Sequence[Choice], above: str) -> str:
        return self._talk.choose("Your answer:", choices, above, BACK)

    def _mark(self, prompt: Prompt, commands: Sequence[Choice], above: str) -> object:
        """What is said of the lines of a list, once it was shown as it would count; or a command."""
        lines = [
            Choice(option.value, option.label, help=option.question, heading=option.heading)
            for option in prompt.options
        ]
        marks = self._before(prompt)
        while True:
            found = self._talk.mark([*lines, *_OF_LISTS, *commands], marks, above, BACK)
            marks = dict(found.marks)
            if found.value in {command.value for command in commands}:
                self._left[prompt.id] = marks
                return found.value
            rest = _REST.get(found.value)
            answers = {**prompt.only((), rest), **marks} if rest else marks
            if not answers:
                self._explain(NOTHING_MARKED)
            elif self._is_right(prompt, answers, above):
                self._left.pop(prompt.id, None)
                return answers

    def _is_right(self, prompt: Prompt, answers: Mapping[str, object], above: str) -> bool:
        """What was marked is told by name before it counts; denied warning signs are asked once more."""
        told = recorded_text(prompt, answers)
        denied = any(answers.get(name) == "no" for name in prompt.warnings)
        question = "Is that so, also of the warning signs?" if denied else "Is that so?"
        choices = [
            Choice(ON, "yes, go on", "g", below=True, names=("yes", "y")),  # below: in view, however long the list is
            Choice(AGAIN, "no, change the list", "c", below=True, names=("no", "n")),
        ]
        return self._talk.choose(question, choices, above + told, AGAIN) == ON

    def _before(self, prompt: Prompt) -> dict[str, str]:
        """The marks of a list to begin with: as it was left, else as it was answered."""
        answers = self._left.get(prompt.id) or self._interview.state.answers
        found = {option.value: answers[option.value] for option in prompt.options if option.value in answers}
        return {name: answer for name, answer in found.items() if isinstance(answer, str)}

    def _number(self, prompt: Prompt, commands: Sequence[Choice], above: str) -> object:
        def problem(text: str) -> str:
            if not text.strip():
                return f"type a number: {told}"
            try:
                self._interview.check(prompt.id, text)
            except EvidenceError as error:
                return str(error)
            return ""

        told = ", or ".join([or_more(prompt.lowest, prompt.unit), *(each.label for each in prompt.named)])
        return self._talk.write(f"{told}:", problem, [_DO_NOT_KNOW, *commands], above, BACK)

    # --- what is answered ------------------------------------------------------------------------------------------

    def _take(self, name: str, answer: object) -> None:
        """An answer, new or changed; where it clashes with others, which of them stays is asked."""
        try:
            self._counts(name, answer)
        except AnswerClashError as clash:
            if self._may_set_aside(clash):
                self._counts(name, answer, set_aside=True)
        except EvidenceError as error:  # what is ticked in one list may clash by itself
            self._explain(f"That does not go together, so nothing has changed: {error}.")

    def _counts(self, name: str, answer: object, *, set_aside: bool = False) -> None:
        reply = self._interview.change(name, answer, set_aside=set_aside)
        self._save()
        self._tell(reply)

    def _may_set_aside(self, clash: AnswerClashError) -> bool:
        network = self._interview.engine.network
        new, earlier = (answers_told(network, each) for each in (clash.new, clash.earlier))
        self._say(f"That does not go together. Now: {new}. Before: {earlier}.", "yellow")
        choices = [
            Choice(KEEP, "keep what was said before", "k"),
            Choice(TAKE, "take the new answer, and set the earlier one aside", "t"),
        ]
        return self._talk.choose("Which one holds?", choices, escape=KEEP) == TAKE

    def _tell(self, reply: Reply) -> None:
        network = self._interview.engine.network
        if reply.set_aside:
            self._say(f"Set aside, and not counted: {answers_told(network, (reply.set_aside))}.")
        if reply.restored:
            self._say(f"Counted again: {answers_told(network, (reply.restored))}.")
        for reason in reply.red_flags:
            self._talk.tell(red_flag_text(network, reason))
        if reply.raised:
            self._talk.tell(raised_text(reply.raised))
        if reply.red_flags and not self._interview.finished:
            self._offer_to_stop()
        elif reply != Reply():
            self._talk.wait()

    def _offer_to_stop(self) -> None:
        """After a red flag what is asked further may help less than going where it says."""
        choices = [
            Choice(ON, "go on with the questions", "g"),
            Choice(STOP, "end here, with the result, to be printed or handed on", "e"),
        ]
        choices += [Choice(BACK, "that answer was a slip: back to it", "b")] if self._interview.state.steps else []
        chosen = self._talk.choose("And now?", choices, escape=BACK if self._interview.state.steps else "")
        if chosen != ON:
            self._handlers[chosen]()

    # --- commands --------------------------------------------------------------------------------------------------

    def _why(self) -> None:
        self._explain(self._interview.why())

    def _help(self) -> None:
        if self._interview.question is not None:
            self._explain(self._interview.question.help)

    def _explain(self, text: str) -> None:
        self._say(text)
        self._talk.wait()

    def _back(self) -> None:
        if not self._interview.state.steps:
            self._say("This is the first question.")
            return
        last = self._interview.state.steps[-1]
        if checklist(self._interview.engine.network, last.question):
            self._left[last.question] = {name: answer for name, answer in last.answers.items() if answer in _MARKS}
        self._interview.back()
        self._save()

    def _change(self) -> None:
        state, network = self._interview.state, self._interview.engine.network
        choices = [Choice(step.question, step_told(network, step)) for step in state.steps]
        choices += [Choice(name, answers_told(network, {name: answer})) for name, answer in state.given.items()]
        if not choices:
            self._explain("Nothing was answered yet.")
            return
        name = self._talk.choose(
            "Which answer?", [*choices, Choice(BACK, "none of them", "b", below=True)], escape=BACK
        )
        if name == BACK:
            return
        prompt = self._interview.prompt_of(name)
        answer = self._ask(prompt, [_LEAVE], told_text(prompt.question, style="bold"))
        self._left.pop(name, None)
        if answer != BACK:
            self._take(name, answer)

    def _skip(self) -> None:
        self._interview.skip()
        self._save()

    def _stop(self) -> None:
        self._interview.stop()
        self._save()

    def _quit(self) -> None:
        raise QuitError

    def _end(self) -> None:
        """The result, and below it its gist, which a low terminal still shows together with what can be done."""
        result = end_text(self._interview, details=self._details)
        self._talk.tell(result, by_pages=False)
        choices = [
            Choice(QUIT, "quit", "x"),
            Choice(CHANGE, "change an answer", "c"),
            Choice(ON, "ask more", "g"),
            Choice(READ, "read all of the result, page by page", "r"),
        ]
        while (chosen := self._talk.choose("And now?", choices, summary_text(self._interview))) == READ:
            self._talk.read(result)
        self._go_on_or(chosen)

    def _end_outside(self) -> None:
        """The network is not for this patient, and it takes a decision to go on all the same."""
        self._talk.tell(outside_text(self._interview))
        choices = [
            Choice(QUIT, "quit", "x"),
            Choice(BACK, "back", "b"),
            Choice(CHANGE, "change an answer", "c"),
            Choice(ON, "go on all the same, though the figures are not for this patient", "g"),
        ]
        self._go_on_or(self._talk.choose("And now?", choices, escape=BACK))

    def _go_on_or(self, chosen: str) -> None:
        if chosen != ON:
            self._handlers[chosen]()
            return
        self._interview.go_on()
        self._save()
        if self._interview.finished:
            self._explain("There is nothing left to ask.")

    def _say(self, text: str, style: str = "") -> None:
        self._talk.tell(told_text(text, style=style))
