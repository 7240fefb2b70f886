"""An interview on a page: taken up from the form, moved on by the button that was pressed, and told back in a form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import AnswerClashError, BayeskneeError, InterviewError, one_line
from bayesknee.interview import Interview, Policy
from bayesknee.interview.interview import Reply
from bayesknee.interview.preliminaries import SCOPE, WHO
from bayesknee.interview.prompts import Prompt
from bayesknee.interview.session import to_case
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import SETTING
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.evidence import Answer
from bayesknee.patient.measured import Measured
from bayesknee.server.interviews import check_asked, interview_of
from bayesknee.server.networks import Networks
from bayesknee.server.pages.forms import SentForm
from bayesknee.server.problems import status_of

NO_REPLY: Final = Reply()
POLICY: Final = Policy(ask_who=True, ask_setting=True)
RESULT: Final = "result"  # where somebody is who looks at the result, or who changes an answer there

NOTHING_MARKED: Final = (
    "Nothing is marked, so nothing would be recorded. Mark what holds and what does not, say that none of these holds, "
    "or choose Later"
)


@dataclass(frozen=True)
class Visit:
    """An interview, and what to show of it.

    Attributes:
        interview: as far as it has come.
        told: what must be said of the case that was taken up.
        left: how many questions were told to be left; -1 if none was told.
        changing: the question whose answer is being changed; empty for the present question.
        marks: what is marked on the card, by id of the line or question.
        to_confirm: what a list would record, to be confirmed first; empty where nothing is.
        reply: what the last answer brought about.
        alert: why it could not be taken; empty if it could.
        pressed: the button that was pressed for it; where answers clash, it is pressed again to set earlier ones aside.
        clash: whether it can be taken if earlier answers give way.
        status: of HTTP.
        place: where the visitor is; `RESULT`, or empty for the interview.
    """

    interview: Interview
    told: tuple[str, ...] = ()
    left: int = -1
    changing: str = ""
    marks: Mapping[str, str] = immutabledict()
    to_confirm: Mapping[str, str] = immutabledict()
    reply: Reply = NO_REPLY
    alert: str = ""
    pressed: str = ""
    clash: bool = False
    status: int = 200
    place: str = ""

    @property
    def network(self) -> Network:
        """The network of the interview."""
        return self.interview.engine.network

    @property
    def prompt(self) -> Prompt | None:
        """What is shown as a card; None for none."""
        return self.interview.prompt_of(self.changing) if self.changing else self.interview.question

    @property
    def is_by_patient(self) -> bool:
        """Whether the patient answers alone, without a clinician."""
        return self.interview.state.asked_of == ("patient",)

    @property
    def is_stopped_outside(self) -> bool:
        """Whether it stops because the network is not for this patient."""
        state = self.interview.state
        return bool(self.interview.outside) and not state.beyond_scope and not state.ended and self.interview.finished

    @property
    def expected_left(self) -> int:
        """About how many questions are left, and no more than was told before."""
        now = self.interview.expected_left
        return now if self.left < 0 else min(now, self.left)

    @property
    def case_text(self) -> str:
        """The case, for the form."""
        return json.dumps(to_case(self.interview, self.network.id), separators=(",", ":"))


def begun(networks: Networks, form: SentForm) -> Visit:
    """A new interview, with what was answered on the first page; what was not is asked then.

    Raises:
        BayeskneeError: an answer that is none.
    """
    network = networks.network(form["network"])
    interview = Interview(networks.engine(network, form[SETTING] or None), policy=POLICY)
    names = (WHO, *(f"{SCOPE}{name}" for name in network.scope.questions), SETTING)
    for name in names:
        if form[name]:
            interview.change(name, form[name])
    return Visit(interview)


def taken_up(networks: Networks, form: SentForm) -> Visit:
    """The interview in the form, or in the file that came with it.

    Raises:
        BayeskneeError: it cannot be taken up.
    """
    interview, told = interview_of(networks, form.case(), POLICY, form["network"])
    left = int(form["left"]) if form["left"].isdecimal() and len(form["left"]) < 6 else -1
    place = RESULT if form["place"] == RESULT else ""
    return Visit(interview, told, left, form["changing"], place=place)


def moved_on(visit: Visit, form: SentForm) -> Visit:
    """The visit after what was pressed. What cannot be done is told on the page, where it stands as it was."""
    try:
        return _DONE[form.do](visit, form) if form.do in _DONE else visit
    except AnswerClashError as clash:
        return _refused(visit, form, clash, clash=True)
    except BayeskneeError as error:
        return _refused(visit, form, error)


def _refused(visit: Visit, form: SentForm, error: BayeskneeError, *, clash: bool = False) -> Visit:
    marks = {**_marked(form), **form.below("edit."), "number": form["number"]}
    told = replace(visit, alert=one_line(str(error)), pressed=form["do"], marks=marks)
    return replace(told, clash=clash, status=status_of(error))


def as_sent(answer: Answer) -> str:
    """An answer as a form sends it; empty for one that no field has, such as an unsure one."""
    if isinstance(answer, Measured):
        return as_typed(answer.number)
    return answer if isinstance(answer, str) else ""


def as_typed(number: float) -> str:
    """A number as somebody types it: `55`, not `55.0`, and no digit less than a double has for certain."""
    return f"{number:.15g}"


# --- what a button does -----------------------------------------------------------------------------------------------


def _answer(visit: Visit, form: SentForm) -> Visit:
    return _taken(visit, form, form.argument)


def _number(visit: Visit, form: SentForm) -> Visit:
    return _taken(visit, form, form["number"])


def _taken(visit: Visit, form: SentForm, value: object) -> Visit:
    interview = visit.interview
    if visit.changing:
        reply = interview.change(visit.changing, value, set_aside=form.sets_aside)
        return replace(visit, reply=reply, changing="", left=-1)
    check_asked(interview, form["question"])
    return replace(visit, reply=interview.answer(value, set_aside=form.sets_aside))


def _mark(visit: Visit, form: SentForm) -> Visit:
    return _list(visit, form, None)


def _none(visit: Visit, form: SentForm) -> Visit:
    return _list(visit, form, "no")


def _unknown(visit: Visit, form: SentForm) -> Visit:
    return _list(visit, form, UNKNOWN)


def _list(visit: Visit, form: SentForm, rest: str | None) -> Visit:
    """What is marked of a list, and all other lines as `rest`; denied warning signs are to be confirmed."""
    prompt = visit.prompt
    if prompt is None:
        raise InterviewError("the interview is over; go on, or change an answer")
    marked = _marked(form)
    answers = marked if rest is None else {**prompt.only((), rest), **marked}
    if not answers:
        raise InterviewError(NOTHING_MARKED)
    if rest == "no" and any(name not in marked for name in prompt.warnings):
        return replace(visit, to_confirm=immutabledict(answers), marks=marked)
    return _taken(visit, form, answers)


def _confirm(visit: Visit, form: SentForm) -> Visit:
    return _taken(visit, form, _marked(form))


def _look_again(visit: Visit, form: SentForm) -> Visit:
    """The list again, with the marks that were there before the other lines were denied."""
    answers = _marked(form)
    return replace(visit, marks={name: answers[name] for name in form["marked"].split() if name in answers})


def _marked(form: SentForm) -> dict[str, str]:
    return form.below("line.")


def _open(visit: Visit, form: SentForm) -> Visit:
    visit.interview.prompt_of(form.argument)  # refuses what is no question
    answers = visit.interview.state.answers
    marks = {name: as_sent(answer) for name, answer in answers.items()} | dict(visit.interview.state.preliminaries)
    return replace(visit, changing=form.argument, marks=marks)


def _leave(visit: Visit, _form: SentForm) -> Visit:
    return replace(visit, changing="")


def _back(visit: Visit, _form: SentForm) -> Visit:
    steps = visit.interview.state.steps
    visit.interview.back()
    return replace(visit, left=-1, marks={name: as_sent(answer) for name, answer in steps[-1].answers.items()})


def _skip(visit: Visit, form: SentForm) -> Visit:
    check_asked(visit.interview, form["question"])
    visit.interview.skip()
    return visit


def _stop(visit: Visit, _form: SentForm) -> Visit:
    visit.interview.stop()
    return replace(visit, place=RESULT, changing="")


def _go_on(visit: Visit, _form: SentForm) -> Visit:
    if visit.interview.finished:
        visit.interview.go_on()
    return replace(visit, place="", left=-1, changing="")


def _edit(visit: Visit, form: SentForm) -> Visit:
    """Other answers on the page of the result, one after the other; those that stayed are left as they are."""
    answers = visit.interview.state.answers
    replies = [
        visit.interview.change(name, value, set_aside=form.sets_aside)
        for name, value in form.below("edit.").items()
        if name not in answers or value != as_sent(answers[name])
    ]
    return replace(visit, reply=replies[-1] if replies else NO_REPLY)


_DONE: Final[Mapping[str, Callable[[Visit, SentForm], Visit]]] = immutabledict(
    {
        "answer": _answer,
        "number": _number,
        "mark": _mark,
        "none": _none,
        "unknown": _unknown,
        "confirm": _confirm,
        "look_again": _look_again,
        "open": _open,
        "leave": _leave,
        "back": _back,
        "skip": _skip,
        "stop": _stop,
        "go_on": _go_on,
        "edit": _edit,
    }
)
