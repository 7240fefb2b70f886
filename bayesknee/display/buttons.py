"""An interview by buttons, in a notebook: the question, what may be answered, and the differential as it moves.

Needs ipywidgets, which comes with the extra `notebook`. All decisions are the interview's own; this shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from html import escape
from typing import Any, Final

from bayesknee.diagnosis import wording
from bayesknee.diagnosis.wording import scope_lines
from bayesknee.display.interview import OUTSIDE, left_told, recorded, unknown_flags_told
from bayesknee.errors import AnswerClashError, BayeskneeError, MissingExtraError
from bayesknee.interview.interview import Interview, Reply
from bayesknee.interview.prompts import Prompt
from bayesknee.knowledge.bands import or_more
from bayesknee.lazy_types import ToggleButtons, VBox, Widget
from bayesknee.markup import DANGER, render
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.patient.unsure_answers import PROBABLY, PROBABLY_NOT
from bayesknee.words import LEVEL_WORDS

UNSURE: Final = ((PROBABLY, "Probably yes"), (PROBABLY_NOT, "Probably not"), (UNKNOWN, "Not known"))
NOT_KNOWN: Final = ((UNKNOWN, "Not known"),)
# What a line of a list may be; nothing is marked to begin with, and what stays so was not asked.
MARKS: Final = (("Not asked", ""), ("Yes", "yes"), ("No", "no"), ("Not known", UNKNOWN))


def interview_buttons(interview: Interview) -> VBox:
    """A widget that carries an interview through; `interview` is then as far as it has come.

    Args:
        interview: one that begins, or that has come some way.

    Raises:
        MissingExtraError: ipywidgets is not installed.
    """
    try:
        import ipywidgets  # noqa: F401 (whether it is there)
    except ImportError:
        raise MissingExtraError(
            "the interview by buttons needs ipywidgets; install the extra `notebook`: pip install 'bayesknee[notebook]'"
        ) from None
    return _Panel(interview).box


class _Panel:
    """The widget: drawn anew after each answer."""

    def __init__(self, interview: Interview) -> None:
        from ipywidgets import VBox

        self._interview = interview
        self._before = dict(interview.diagnosis.posterior)
        self._told: list[str] = []  # HTML
        self._again: Callable[[], Reply] | None = None  # the answer that clashed, with what clashes set aside
        self._changing = ""
        self._lines: dict[str, ToggleButtons] = {}  # of the list that is shown, by finding
        self._to_confirm: Mapping[str, object] = {}  # what would be recorded of it, shown before it counts
        self.box = VBox()
        self._draw()

    # --- what happens ----------------------------------------------------------------------------------------------

    def _take(self, name: str, value: object) -> None:
        """An answer to the present question, or to an earlier one that is being changed."""
        take = (
            partial(self._interview.change, name, value) if self._changing else partial(self._interview.answer, value)
        )
        self._again = partial(take, set_aside=True)
        self._do(take)

    def _do(self, action: Callable[[], Reply | None]) -> None:
        before = dict(self._interview.diagnosis.posterior)
        try:
            reply = action()
        except AnswerClashError as clash:
            self._told = [_alert(str(clash))]
        except BayeskneeError as error:
            self._told, self._again = [_alert(str(error))], None
        else:
            self._before, self._again, self._changing, self._to_confirm = before, None, "", {}
            self._told = list(_told(self._interview, reply)) if reply is not None else []
        self._draw()

    def _change(self, name: str) -> None:
        self._changing, self._told, self._again, self._to_confirm = name, [], None, {}
        self._draw()
        earlier = self._interview.state.answers
        self._mark({line: earlier[line] for line in self._lines if line in earlier})

    def _back(self) -> None:
        last = self._interview.state.steps[-1]
        self._do(self._interview.back)
        self._mark(last.answers)

    def _mark(self, answers: Mapping[str, object]) -> None:
        """Marks the lines of the list that is shown as they were answered."""
        known = {value for _, value in MARKS}
        for name, line in self._lines.items():
            line.value = answer if (answer := answers.get(name, "")) in known else ""

    def _tell_why(self) -> None:
        self._told = [f"<p><em>{escape(self._interview.why())}</em></p>"]
        self._draw()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        from ipywidgets import HTML, VBox

        old = self.box.children
        flags = [_alert(flag.text) for flag in self._interview.red_flags]
        flags += [_alert(f"{LEVEL_WORDS[each.level]}: {each.text}") for each in self._interview.raised]
        told = [HTML(text) for text in (*self._opening(), *flags, *self._told)]
        if self._again is not None:
            told.append(_button("Set the earlier answers aside", partial(self._do, self._again), style="warning"))
        # While it is asked, what moves; at the end, all that a diagnosis tells.
        shown = "diagnosis" if self._prompt is None else "differential"
        view = HTML(render(shown, diagnosis=self._interview.diagnosis, before=self._before, wording=wording))
        self.box.children = (*told, VBox(list(self._question())), view, *self._answers())
        for each in old:
            _close(each)

    def _opening(self) -> Iterator[str]:
        """What the network is for, until something is answered; and whenever it is not for this patient."""
        interview = self._interview
        if not interview.state.steps:
            yield from (f"<p><small>{escape(line)}</small></p>" for line in scope_lines(interview.engine.network))
        if interview.outside:
            yield _alert(f"This is not for you: {OUTSIDE}.")
            for each in interview.outside:
                yield f"<p>{escape(each.label)}. {escape(each.reason)} <strong>{escape(each.go_to)}</strong></p>"

    @property
    def _prompt(self) -> Prompt | None:
        return self._interview.prompt_of(self._changing) if self._changing else self._interview.question

    def _question(self) -> Iterator[Widget]:
        from ipywidgets import HTML

        prompt = self._prompt
        if prompt is None and self._is_outside:
            yield HTML("<p>The figures are not for this patient.</p>")
        elif prompt is None:
            reasons = "; ".join(self._interview.why_finished)
            yield HTML(f"<p><strong>The interview is over.</strong> {escape(reasons)}</p>")
            if unknown := unknown_flags_told(self._interview):
                yield HTML(f"<p><strong>{escape(unknown)}</strong></p>")
        else:
            yield HTML(self._heading(prompt))
            yield from self._inputs(prompt)
        yield _row(self._controls(prompt))

    def _heading(self, prompt: Prompt) -> str:
        where = "A change" if self._changing else f"Question {self._interview.asked + 1}"
        left = "" if self._changing else f", {left_told(self._interview.expected_left)}"
        topic = f" &middot; {escape(prompt.topic_name)}" if prompt.topic_name else ""
        help_told = prompt.help if prompt.kind != "tick_all" else ""  # each line of a list carries its own
        reason = "" if self._changing else self._interview.reason()
        told = "".join(f"<br><small>{escape(text)}</small>" for text in (reason, help_told) if text)
        return f"<p><small>{where}{left}{topic}</small><br><strong>{escape(prompt.question)}</strong>{told}</p>"

    def _inputs(self, prompt: Prompt) -> Iterator[Widget]:
        if prompt.kind == "tick_all":
            yield from self._list(prompt)
        elif prompt.kind == "number":
            yield from self._number(prompt)
        else:
            options = [(option.value, option.label.capitalize()) for option in prompt.options]
            unsure = (UNSURE if prompt.is_yes_no else NOT_KNOWN) if prompt.may_be_unsure else ()
            if prompt.is_yes_no:
                options.reverse()  # yes first
            yield _row(_button(text, partial(self._take, prompt.id, value)) for value, text in (*options, *unsure))

    def _list(self, prompt: Prompt) -> Iterator[Widget]:
        """A list to mark; then what would be recorded of it, by name, to be confirmed."""
        if self._to_confirm:
            yield from self._confirmation(prompt)
            return
        marked = self._marked()  # marks stay where the list is drawn anew
        self._lines = {option.value: _marks(marked.get(option.value, "")) for option in prompt.options}
        for option in prompt.options:
            yield _line(option.label, option.question, self._lines[option.value])
        yield _row(
            [
                _button("Record what is marked", partial(self._confirm, prompt, None), style="primary"),
                _button("None of the others holds", partial(self._confirm, prompt, "no")),
                _button("The others are not known", partial(self._confirm, prompt, UNKNOWN)),
            ]
        )

    def _confirm(self, prompt: Prompt, rest: str | None) -> None:
        """Shows what would be recorded: what is marked, and all other lines as `rest`, if that is said."""
        marked = self._marked()
        self._to_confirm = marked if rest is None else {**prompt.only((), rest), **marked}
        self._told = [] if self._to_confirm else ["<p>Nothing is marked, so nothing would be recorded.</p>"]
        self._draw()

    def _confirmation(self, prompt: Prompt) -> Iterator[Widget]:
        from ipywidgets import HTML

        answers = self._to_confirm
        told = "<br>".join(
            f"<strong>{escape(head)}:</strong> {escape(text)}" for head, text in recorded(prompt, answers)
        )
        denied = any(answers.get(name) == "no" for name in prompt.warnings)
        question = "Is that so, also of the warning signs?" if denied else "Is that so?"
        yield HTML(f"<p>{told}</p><p><strong>{question}</strong></p>")
        take, again = partial(self._take, prompt.id, answers), partial(self._look_again, answers)
        yield _row([_button("Yes, go on", take, style="primary"), _button("No, change the list", again)])

    def _look_again(self, answers: Mapping[str, object]) -> None:
        self._to_confirm = {}
        self._draw()
        self._mark(answers)

    def _marked(self) -> dict[str, str]:
        return {name: str(line.value) for name, line in self._lines.items() if line.value}

    def _number(self, prompt: Prompt) -> Iterator[Widget]:
        from ipywidgets import Text

        told = or_more(prompt.lowest, prompt.unit)
        field = Text(placeholder=told, description=prompt.unit, continuous_update=False)

        def take(_: object = None) -> None:
            if field.value.strip():
                self._take(prompt.id, field.value.strip())

        field.observe(take, "value")  # on Enter, or when the field is left
        named = [_button(each.label.capitalize(), partial(self._take, prompt.id, each.value)) for each in prompt.named]
        yield _row([field, _button("Answer", take, style="primary"), *named, *self._not_known(prompt)])

    def _not_known(self, prompt: Prompt) -> Iterable[Widget]:
        return [_button("Not known", partial(self._take, prompt.id, UNKNOWN))] if prompt.may_be_unsure else []

    @property
    def _is_outside(self) -> bool:
        """Whether it stops because the network is not for this patient."""
        state = self._interview.state
        return bool(self._interview.outside) and not state.beyond_scope and not state.ended

    def _controls(self, prompt: Prompt | None) -> Iterator[Widget]:
        interview = self._interview
        if self._changing:
            yield _button("Leave it as it was", partial(self._change, ""))
            return
        if prompt is not None:
            yield _button("Why this question?", self._tell_why, style="info")
            yield _button("Later", partial(self._do, interview.skip))
        if interview.asked:
            yield _button("Back", self._back)
        yield (
            _button("Go on all the same" if self._is_outside else "Go on", partial(self._do, interview.go_on))
            if prompt is None
            else _button("End", partial(self._do, interview.stop))
        )

    def _answers(self) -> Iterator[Widget]:
        """What was answered, each with a button that changes it, folded in."""
        from ipywidgets import HTML, Accordion, VBox

        network = self._interview.engine.network
        answers = self._interview.diagnosis.evidence.answers
        rows = []
        for name, answer in answers.items():
            text = f"{label(network, name)}: {answer_text(network, name, answer)}"
            rows.append(_row([_button("Change", partial(self._change, name)), HTML(escape(text))]))
        if rows:
            yield Accordion([VBox(rows)], titles=(f"Answers so far ({len(rows)})",))


def _told(interview: Interview, reply: Reply) -> Iterator[str]:
    network = interview.engine.network
    for verb, names in (("set aside", reply.set_aside), ("counts again", reply.restored)):
        for name in names:
            yield f"<p>{verb}: {escape(label(network, name))}</p>"


def _alert(text: str) -> str:
    style = f"border-left:0.4em solid {DANGER};padding-left:0.5em"
    return f'<p role="alert" style="{style}"><strong>{escape(text)}</strong></p>'


def _marks(value: str) -> ToggleButtons:
    from ipywidgets import ToggleButtons

    return ToggleButtons(options=MARKS, value=value, style={"button_width": "6em"})


def _line(label_text: str, question: str, marks: ToggleButtons) -> Widget:
    """A line of a list with its explanation and what it may be."""
    from ipywidgets import HTML, HBox, Layout

    told = HTML(f"{escape(label_text)}<br><small>{escape(question)}</small>", layout=Layout(width="28em"))
    return HBox([told, marks], layout=Layout(flex_flow="row wrap", align_items="center"))


def _button(text: str, action: Callable[[], Any], style: str = "") -> Widget:
    from ipywidgets import Button, Layout

    button = Button(description=text, button_style=style, layout=Layout(width="auto"))
    button.on_click(lambda _: action())
    return button


def _row(parts: Iterable[Widget]) -> Widget:
    from ipywidgets import HBox, Layout

    return HBox(list(parts), layout=Layout(flex_flow="row wrap", align_items="center"))


def _close(widget: Widget) -> None:
    """A widget that is not shown any more, and all in it: else each answer would leave some behind."""
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()
