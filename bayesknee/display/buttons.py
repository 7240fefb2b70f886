"""An interview by buttons, in a notebook: the question, what may be answered, and the differential as it moves.

Needs ipywidgets, which comes with the extra `notebook`. All decisions are the interview's own; this shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from html import escape
from typing import Any, Final

from bayesknee.diagnosis import wording
from bayesknee.display.interview import unknown_flags_told
from bayesknee.errors import AnswerClashError, BayeskneeError, MissingExtraError
from bayesknee.interview.answers import PROBABLY, PROBABLY_NOT
from bayesknee.interview.interview import Interview, Reply
from bayesknee.interview.prompts import Prompt
from bayesknee.lazy_types import Checkbox, VBox, Widget
from bayesknee.markup import DANGER, render
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label

UNSURE: Final = ((PROBABLY, "Probably yes"), (PROBABLY_NOT, "Probably not"), (UNKNOWN, "Not known"))
NOT_KNOWN: Final = ((UNKNOWN, "Not known"),)


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
        self._boxes: dict[str, Checkbox] = {}  # of the list that is shown, by what is ticked
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
            self._before, self._again, self._changing = before, None, ""
            self._told = list(_told(self._interview, reply)) if reply is not None else []
        self._draw()

    def _change(self, name: str) -> None:
        self._changing, self._told, self._again = name, [], None
        self._draw()

    def _back(self) -> None:
        last = self._interview.state.steps[-1]
        self._do(self._interview.back)
        for name, box in self._boxes.items():
            box.value = last.answers.get(name) == "yes"

    def _tell_why(self) -> None:
        self._told = [f"<p><em>{escape(self._interview.why())}</em></p>"]
        self._draw()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        from ipywidgets import HTML, VBox

        old = self.box.children
        told = [HTML(text) for text in self._told]
        if self._again is not None:
            told.append(_button("Set the earlier answers aside", partial(self._do, self._again), style="warning"))
        # While it is asked, what moves; at the end, all that a diagnosis tells.
        shown = "diagnosis" if self._prompt is None else "differential"
        view = HTML(render(shown, diagnosis=self._interview.diagnosis, before=self._before, wording=wording))
        self.box.children = (*told, VBox(list(self._question())), view, *self._answers())
        for each in old:
            _close(each)

    @property
    def _prompt(self) -> Prompt | None:
        return self._interview.prompt_of(self._changing) if self._changing else self._interview.question

    def _question(self) -> Iterator[Widget]:
        from ipywidgets import HTML

        prompt = self._prompt
        if prompt is None:
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
        left = "" if self._changing else f", about {self._interview.expected_left} left"
        topic = f" &middot; {escape(prompt.topic_name)}" if prompt.topic_name else ""
        told = f"<br><small>{escape(prompt.help)}</small>" if prompt.help else ""
        return f"<p><small>{where}{left}{topic}</small><br><strong>{escape(prompt.question)}</strong>{told}</p>"

    def _inputs(self, prompt: Prompt) -> Iterator[Widget]:
        if prompt.kind == "tick_all":
            yield from self._list(prompt)
        elif prompt.kind == "number":
            yield from self._number(prompt)
        else:
            options = [(each.value, each.label.capitalize()) for each in prompt.options]
            unsure = (UNSURE if prompt.is_yes_no else NOT_KNOWN) if prompt.may_be_unsure else ()
            if prompt.is_yes_no:
                options.reverse()  # yes first
            yield _row(_button(text, partial(self._take, prompt.id, value)) for value, text in (*options, *unsure))

    def _list(self, prompt: Prompt) -> Iterator[Widget]:
        from ipywidgets import Checkbox, Layout

        ticked, wide = self._ticked(), Layout(width="auto")  # ticks stay where the list is drawn anew
        self._boxes = {
            each.value: Checkbox(value=each.value in ticked, description=each.label, indent=False, layout=wide)
            for each in prompt.options
        }
        yield from self._boxes.values()

        def take() -> None:
            self._take(prompt.id, self._ticked())

        def take_rest_unknown() -> None:
            self._take(prompt.id, prompt.ticked_else_unknown(self._ticked()))

        yield _row(
            [
                _button("These, and none of the others", take, style="primary"),
                _button("These; the rest is not known", take_rest_unknown),
            ]
        )

    def _ticked(self) -> list[str]:
        return [name for name, box in self._boxes.items() if box.value]

    def _number(self, prompt: Prompt) -> Iterator[Widget]:
        from ipywidgets import Text

        told = f"{prompt.lowest:g} to under {prompt.highest:g} {prompt.unit}".rstrip()
        field = Text(placeholder=told, description=prompt.unit, continuous_update=False)

        def take(_: object = None) -> None:
            if field.value.strip():
                self._take(prompt.id, field.value.strip())

        field.observe(take, "value")  # on Enter, or when the field is left
        named = [_button(each.label.capitalize(), partial(self._take, prompt.id, each.value)) for each in prompt.named]
        yield _row([field, _button("Answer", take, style="primary"), *named, *self._not_known(prompt)])

    def _not_known(self, prompt: Prompt) -> Iterable[Widget]:
        return [_button("Not known", partial(self._take, prompt.id, UNKNOWN))] if prompt.may_be_unsure else []

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
            _button("Go on", partial(self._do, interview.go_on))
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
    for flag in reply.red_flags:
        yield _alert(flag.text)
    for verb, names in (("set aside", reply.set_aside), ("counts again", reply.restored)):
        for name in names:
            yield f"<p>{verb}: {escape(label(network, name))}</p>"


def _alert(text: str) -> str:
    style = f"border-left:0.4em solid {DANGER};padding-left:0.5em"
    return f'<p role="alert" style="{style}"><strong>{escape(text)}</strong></p>'


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
