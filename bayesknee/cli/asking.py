"""The course of an interview at a terminal: shows what `Interview` puts, hands over what is answered, saves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bayesknee.cli.options import print_text
from bayesknee.cli.talk import COMMAND, Choice, Talk
from bayesknee.display.interview import (
    answers_told,
    end_text,
    question_text,
    red_flag_text,
    start_text,
    step_told,
    told_text,
)
from bayesknee.errors import AnswerClashError, EvidenceError
from bayesknee.interview import Interview, Prompt, Reply
from bayesknee.interview.answers import PROBABLY, PROBABLY_NOT
from bayesknee.patient.answer_reader import UNKNOWN

WHY, BACK, CHANGE, SKIP, STOP, QUIT, UNSURE, HELP, KEEP, TAKE, ON = (
    f"{COMMAND}{word}"
    for word in ("why", "back", "change", "skip", "stop", "quit", "unsure", "help", "keep", "take", "on")
)
_COMMANDS: Final = (
    Choice(WHY, "why is this asked?", "w", below=True),
    Choice(BACK, "back to the question before", "b", below=True),
    Choice(CHANGE, "change an earlier answer", "c", below=True),
    Choice(SKIP, "skip: ask it again at the end", "s", below=True),
    Choice(STOP, "stop here and show the result", "e", below=True),
    Choice(QUIT, "quit", "x", below=True),
)
_HELP: Final = Choice(HELP, "explain the question", "h", below=True)
_LEAVE: Final = Choice(BACK, "leave it as it was", "z", below=True)
_YES_NO: Final = (
    Choice("yes", "yes", "y"),
    Choice("no", "no", "n"),
    Choice(PROBABLY, "probably", "p"),
    Choice(PROBABLY_NOT, "probably not", "o"),
    Choice(UNKNOWN, "don't know", "d"),
)
_DO_NOT_KNOW: Final = Choice(UNKNOWN, "don't know", "d")
_NOT_SURE: Final = Choice(UNSURE, "not sure: choose the likeliest", "u")
_SOME_UNSURE: Final = Choice(UNSURE, "don't know about some of the rest: tick them next", below=True)
_REST_UNKNOWN: Final = Choice(UNKNOWN, "don't know about the rest", below=True)


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
        print_text(start_text(self._interview))
        self._tell(Reply(red_flags=self._interview.red_flags))
        for name, answer in more.items():
            self._take(name, answer)
        while True:
            prompt = self._interview.question
            if prompt is None:
                self._end()
            else:
                print_text(question_text(self._interview, prompt))
                commands = [_HELP, *_COMMANDS] if prompt.help else _COMMANDS
                self._handle(prompt, self._ask(prompt, commands))

    def _handle(self, prompt: Prompt, answer: object) -> None:
        if answer in (SKIP, STOP, QUIT) and self._left.get(prompt.id):
            self._explain("What you ticked does not count yet: finish the list first, or untick it.")
        elif isinstance(answer, str) and answer in self._handlers:
            self._handlers[answer]()
        else:
            self._take(prompt.id, answer)

    # --- asking ----------------------------------------------------------------------------------------------------

    def _ask(self, prompt: Prompt, commands: Sequence[Choice]) -> object:
        if prompt.kind == "tick_all":
            return self._tick(prompt, commands)
        if prompt.kind == "number":
            return self._number(prompt, commands)
        if prompt.is_yes_no:
            return self._talk.choose("Your answer:", [*_YES_NO, *commands])
        states = [Choice(each.value, each.label) for each in prompt.options]
        if not prompt.may_be_unsure:
            return self._talk.choose("Your answer:", [*states, *commands])
        answer = self._talk.choose("Your answer:", [*states, _NOT_SURE, _DO_NOT_KNOW, *commands])
        return f"{PROBABLY} {self._talk.choose('The likeliest:', states)}" if answer == UNSURE else answer

    def _tick(self, prompt: Prompt, commands: Sequence[Choice]) -> object:
        members = [Choice(each.value, each.label) for each in prompt.options]
        before = self._before(prompt)
        ticked = [name for name, answer in before.items() if answer == "yes"]
        unknown = [name for name, answer in before.items() if answer == UNKNOWN]
        rest = UNKNOWN if len(ticked) + len(unknown) == len(members) else UNSURE
        below = [_SOME_UNSURE, _REST_UNKNOWN, *commands]
        found = self._talk.tick(prompt.question, [*members, *below], [*ticked, *([rest] if unknown else ())])
        ticked = [each.value for each in members if each.value in found]
        if command := next((each.value for each in commands if each.value in found), ""):
            self._left[prompt.id] = dict.fromkeys(ticked, "yes")
            return command
        self._left.pop(prompt.id, None)
        if UNKNOWN in found:
            return prompt.ticked_else_unknown(ticked)
        unticked = [each for each in members if each.value not in found]
        if UNSURE in found and unticked:
            unsure = self._talk.tick("Which of these do you not know?", unticked, unknown)
            return dict.fromkeys(ticked, "yes") | dict.fromkeys(unsure, UNKNOWN)
        return ticked

    def _before(self, prompt: Prompt) -> Mapping[str, object]:
        """What is said of the members of a list to begin with: as it was left, else as it was answered."""
        answers = self._left.get(prompt.id) or self._interview.state.answers
        return {each.value: answers[each.value] for each in prompt.options if each.value in answers}

    def _number(self, prompt: Prompt, commands: Sequence[Choice]) -> object:
        words = {each.word: each.value for each in commands}
        instead = [*(each.value for each in prompt.named), UNKNOWN, *words]
        told = f"{prompt.lowest:g} to under {prompt.highest:g} {prompt.unit}; or {', '.join(instead)}"

        def problem(text: str) -> str:
            if text.lower() in words or text.lower() == UNKNOWN:
                return ""
            try:
                self._interview.check(prompt.id, text)
            except EvidenceError as error:
                return str(error)
            return ""

        self._say(told)
        text = self._talk.write("Your answer:", problem)
        return words.get(text.lower(), text.lower())

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
        return self._talk.choose("Which one holds?", choices) == TAKE

    def _tell(self, reply: Reply) -> None:
        network = self._interview.engine.network
        if reply.set_aside:
            self._say(f"Set aside, and not counted: {answers_told(network, (reply.set_aside))}.")
        if reply.restored:
            self._say(f"Counted again: {answers_told(network, (reply.restored))}.")
        for reason in reply.red_flags:
            print_text(red_flag_text(network, reason))
        if reply != Reply():
            self._talk.wait()

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
        if last.question in self._interview.engine.network.opening.tick_all:
            self._left[last.question] = dict(last.answers)
        self._interview.back()
        self._save()

    def _change(self) -> None:
        state, network = self._interview.state, self._interview.engine.network
        choices = [Choice(each.question, step_told(network, each)) for each in state.steps]
        choices += [Choice(name, answers_told(network, {name: answer})) for name, answer in state.given.items()]
        if not choices:
            self._say("Nothing was answered yet.")
            return
        name = self._talk.choose("Which answer?", [*choices, Choice(BACK, "none of them", "z", below=True)])
        if name == BACK:
            return
        prompt = self._interview.prompt_of(name)
        if prompt.kind != "tick_all":  # a list comes with its question
            print_text(told_text(prompt.question, style="bold"))
        answer = self._ask(prompt, [_LEAVE])
        if answer == BACK:
            self._left.pop(name, None)
        else:
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
        print_text(end_text(self._interview, details=self._details))
        choices = [
            Choice(QUIT, "quit", "x"),
            Choice(CHANGE, "change an answer", "c"),
            Choice(ON, "ask more", "m"),
        ]
        chosen = self._talk.choose("And now?", choices)
        if chosen == ON:
            self._interview.go_on()
            self._save()
            if self._interview.finished:
                self._say("There is nothing left to ask.")
        else:
            self._handlers[chosen]()

    def _say(self, text: str, style: str = "") -> None:
        print_text(told_text(text, style=style))
