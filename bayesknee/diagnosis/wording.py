"""What follows from a posterior, in words: the same in the terminal, in notebooks and in web pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from immutabledict import immutabledict

from bayesknee.diagnosis.asking.decisive import DecisiveAnswer, DecisiveQuestion
from bayesknee.diagnosis.asking.next_questions import NextQuestion, Outcome
from bayesknee.diagnosis.belief import Belief, NotRuledOut
from bayesknee.diagnosis.explaining.intervals import Interval
from bayesknee.diagnosis.explaining.ledger import Account, Entry
from bayesknee.diagnosis.result import Cause, OtherCauses, PatientResult, Speaking, TopicAnswers, first_two, is_denial
from bayesknee.diagnosis.triage import Reason
from bayesknee.knowledge.general_advice import GeneralAdvice, Verdict
from bayesknee.knowledge.model import NO_YES, RedFlag
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label, state_text
from bayesknee.patient.evidence import Answer
from bayesknee.patient.measured import Measured
from bayesknee.words import level_name, percent, percent_or_less

GENERAL_HEADING: Final = "What people do for it, whatever the cause (general information)"
VERDICT_HEADINGS: Final[Mapping[Verdict, str]] = immutabledict(
    {"helps": "What helps, by guidelines", "unproved": "Not proved", "advised_against": "Advised against"}
)
MOST_DENIALS: Final = 2  # told by name; more are counted, as what is absent seldom says much by itself. Judged


def answer_count(belief: Belief) -> str:
    """How many answers the posterior rests on, in words."""
    answers = belief.evidence.answers.values()
    unknown = sum(answer == UNKNOWN for answer in answers)
    known = len(answers) - unknown
    count = f"{known} answer{'' if known == 1 else 's'}" if known else "no answers"
    return f"{count} and {unknown} not known" if unknown else count


def chance_text(belief: Belief, conditions: set[str], probability: float) -> str:
    """P(at least one of these conditions) in words, or `given: yes` or `given: no` if the answers state it."""
    state = given_state(belief, conditions)
    return percent(probability) if state is None else f"given: {state}"


def given_state(belief: Belief, conditions: set[str]) -> str | None:
    """Whether the answers state "at least one of these conditions": `yes`, `no`, or None if they do not."""
    given = {belief.evidence.answers.get(name) for name in conditions}
    if "yes" in given:
        return "yes"
    return "no" if given == {"no"} else None


def event_chance(belief: Belief, name: str) -> str:
    """The probability of a condition or group by id, in words as by `chance_text`."""
    groups = belief.network.groups
    members = groups[name].members if name in groups else (name,)
    return chance_text(belief, set(members), {**belief.posterior, **belief.groups}[name])


def interval_text(interval: Interval) -> str:
    """`1.2 to 3.4 %`."""
    low, high = percent(interval.low), percent(interval.high)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def flag_source(network: Network, flag: Reason) -> str:
    """The answers that raise a red flag, and its source: `Fever; Chills; source: Smith, 2015`."""
    named = [answer.partition("=") for answer in flag.answers]
    told = [_raising_text(network, name, answer) for name, _, answer in named]
    return f"{'; '.join(told)}; source: {citation(network, flag.source)}"


def _raising_text(network: Network, name: str, answer: str) -> str:
    """An answer as a reason keeps it: a state, a number without its unit, or a likeliest state."""
    if answer in network.states[name]:
        return present_text(network, name, answer)
    unit = network.questions[name].unit if answer.replace(".", "", 1).isdecimal() else ""
    return f"{label(network, name)}: {answer.replace('_', ' ')}{unit and f' {unit}'}"


def further_reasons(belief: Belief, reasons: Iterable[Reason]) -> str:
    """Reasons of an urgency by name, below those that are told in full: `further: Foot drop (urgent); ...`."""
    flags, conditions = belief.network.red_flags, belief.network.conditions
    named = (
        (
            flags[each.id].label
            if each.kind == "red_flag"
            else conditions[each.id].name
            if each.id in conditions
            else each.text,
            each,
        )
        for each in reasons
    )
    return f"further: {'; '.join(f'{name} ({level_name(each.level)})' for name, each in named)}"


def not_ruled_out_line(network: Network, danger: NotRuledOut) -> str:
    """`not ruled out: Deep vein thrombosis 3.1 % (limit 2 %)`."""
    name = network.conditions[danger.condition].name
    return f"not ruled out: {name} {percent_or_less(danger.probability)} ({limit_text(danger)})"


def limit_text(danger: NotRuledOut) -> str:
    """`limit 2 %`."""
    return f"limit {100 * danger.limit:.3g} %"


def implied_text(belief: Belief, gate: str) -> str:
    """The states of a gate that answers imply, and these answers: `yes (taken from: Soft, like a water balloon)`."""
    states = " or ".join(state_text(belief.network, gate, state) for state in belief.evidence.implied[gate])
    labels = ", ".join(label(belief.network, name) for name in belief.evidence.taken_from[gate])
    return f"{states} (taken from: {labels})"


def entry_text(network: Network, entry: Entry) -> str:
    """An answer of a ledger in words: `Lump behind the knee: yes`."""
    implied = " or ".join(state_text(network, entry.finding, state) for state in entry.implied)
    stated = [answer_text(network, entry.finding, entry.answer)] if entry.answer is not None else []
    return f"{label(network, entry.finding)}: {'; '.join([*stated, *([f'{implied} (implied)'] if implied else [])])}"


def account_name(network: Network, account: Account) -> str:
    """What an account is about: `Broken bone`, or `Broken bone rather than Tendon strain`."""
    names = [event_name(network, name) for name in (account.subject, account.against) if name is not None]
    return " rather than ".join(names)


def event_name(network: Network, name: str) -> str:
    """The name of a condition or group."""
    return network.conditions[name].name if name in network.conditions else network.groups[name].name


def why(belief: Belief, question: NextQuestion) -> str:
    """What the answers to a question would do to the condition that the question is about.

    Such as `yes would take Broken bone from 41.0 % to 78.0 %; no, to 12.0 %`. Of more than two answers, these are the
    two that raise and lower the probability most.
    """
    network, about = belief.network, question.about
    first, *rest = _telling(question)
    words = question.asked.state_words
    now, to = belief.posterior[about], percent(first.posterior[about])
    change = f"{words(first.state)} would take {network.conditions[about].name} from {percent(now)} to {to}"
    return "; ".join([change, *(f"{words(outcome.state)}, to {percent(outcome.posterior[about])}" for outcome in rest)])


def _telling(question: NextQuestion) -> list[Outcome]:
    """Yes and no, or the answers that raise and lower the probability of the condition most."""
    outcomes = list(question.outcomes)
    if len(outcomes) > 2 or {outcome.state for outcome in outcomes} != set(NO_YES):
        outcomes.sort(key=lambda outcome: outcome.posterior[question.about])
    return outcomes if len(outcomes) == 1 else [outcomes[-1], outcomes[0]]


def topic_name(network: Network, topic: str) -> str:
    """The name of a topic; of conditions, which have none, what their answers are."""
    return network.topics[topic] if topic else "Stated"


def present_text(network: Network, name: str, answer: Answer) -> str:
    """An answer that something is there: `Fever`, or `Onset: gradual`."""
    return label(network, name) if _says_just(answer, NO_YES[1]) else _labelled(network, name, answer)


def denied_text(network: Network, name: str, answer: Answer) -> str:
    """An answer that something is not there, below a heading that says so: `Fever`, or `Duration: none`."""
    return label(network, name) if _says_just(answer, NO_YES[0]) else _labelled(network, name, answer)


def _says_just(answer: Answer | None, state: str) -> bool:
    """Whether an answer is this state, and no number that counts as it."""
    return answer == state and not isinstance(answer, Measured)


def _labelled(network: Network, name: str, answer: Answer) -> str:
    return f"{label(network, name)}: {answer_text(network, name, answer)}"


def answered(belief: Belief, topics: Iterable[TopicAnswers]) -> Iterator[tuple[str, str]]:
    """Answers by topic, as pairs of its name and a text with what they imply."""
    network = belief.network
    for topic in topics:
        tell = denied_text if all(map(is_denial, topic.answers.values())) else present_text
        yield topic_name(network, topic.topic), "; ".join(tell(network, *answer) for answer in topic.answers.items())


def labels(network: Network, names: Iterable[str]) -> str:
    """What people call these questions or conditions: `Fever; Age`."""
    return "; ".join(label(network, name) for name in names)


def implied_told(belief: Belief) -> Iterator[str]:
    """What the answers imply about questions that gate others: `Tennis: yes (taken from: Backhand pain)`."""
    for name in belief.evidence.implied:
        yield f"{label(belief.network, name)}: {implied_text(belief, name)}"


def speaking_text(network: Network, speaking: Speaking) -> str:
    """The answers that speak for or against a cause: what is there by name, many denials by their number."""
    told = [_entry_named(network, entry) for entry in speaking.present]
    told += [f"{speaking.more} more"] if speaking.more else []
    if len(speaking.denials) > MOST_DENIALS:
        strongest = ", ".join(label(network, entry.finding) for entry in speaking.denials[:MOST_DENIALS])
        told.append(f"{len(speaking.denials)} answers no (most: {strongest})")
    else:
        told += [entry_text(network, entry) for entry in speaking.denials]
    return "; ".join(told)


def _entry_named(network: Network, entry: Entry) -> str:
    return label(network, entry.finding) if _says_just(entry.answer, NO_YES[1]) else entry_text(network, entry)


def speaks(network: Network, cause: Cause) -> Iterator[tuple[str, str]]:
    """What speaks for and against a cause, as pairs of a heading and a text; nothing where no answer does."""
    for heading, speaking in (("for", cause.speaks_for), ("against", cause.speaks_against)):
        if speaking is not None and (told := speaking_text(network, speaking)):
            yield heading, told


def others_text(others: OtherCauses) -> str:
    """`And 7 more, together 3.0 %`; empty if there are none."""
    count = len(others.conditions)
    together = f"together {'at most ' if others.is_bound else ''}" if count > 1 else ""
    return f"And {count} more, {together}{percent_or_less(others.probability)}" if count else ""


NOTHING_DECISIVE: Final = "No examination or test is likely, by itself, to change what is done."
TELLING_HEADING: Final = "What would tell most of what is not ruled out"
TESTS_HEADING: Final = "What an examination or a test could change"


def parting_heading(belief: Belief) -> str:
    """The heading above what tells the two most probable conditions apart: `What tells Broken bone from Sprain`."""
    return f"What tells {' from '.join(event_name(belief.network, name) for name in first_two(belief))}"


def parting_text(belief: Belief, question: NextQuestion) -> str:
    """What the answers would leave of the first two: `yes: Broken bone 78.0 %, Tendon strain 20.0 %; no: ...`."""
    names, words = first_two(belief), question.asked.state_words
    return "; ".join(
        f"{words(outcome.state)}: "
        + ", ".join(f"{event_name(belief.network, name)} {percent(outcome.posterior[name])}" for name in names)
        for outcome in _telling(question)
    )


def advice_heading(result: PatientResult) -> str:
    """The heading above what usually helps."""
    return f"About what is likely{' or not ruled out' if result.not_ruled_out else ''} (general information)"


def general_advice_of(network: Network, names: Collection[str]) -> Iterator[tuple[str, list[GeneralAdvice]]]:
    """What is told whatever the cause, below what guidelines say of it: `What helps`, and so on."""
    for verdict, heading in VERDICT_HEADINGS.items():
        if told := [advice for name in names if (advice := network.general_advice[name]).verdict == verdict]:
            yield heading, told


def decisive_text(belief: Belief, question: DecisiveQuestion) -> str:
    """What the answers to a question would change: `yes (13.1 %): then Infection first; no ...`."""
    words = question.asked.state_words
    return "; ".join(
        f"{words(each.state)} ({percent(each.probability)}): {', '.join(_changes(belief, each))}"
        for each in question.answers
    )


def _changes(belief: Belief, answer: DecisiveAnswer) -> Iterator[str]:
    conditions = belief.network.conditions
    if answer.leader != next(iter(belief.posterior)):
        yield f"then {conditions[answer.leader].name} comes first"
    if answer.level != belief.triage.level:
        yield f"then how urgent: {level_name(answer.level)}"
    for name in answer.below_limit:
        yield f"then {conditions[name].name} is below its limit"


MOST_FLAGS: Final = 6  # warning signs not asked that are named; judged: a long list is read by nobody


def not_known_text(flags: Iterable[RedFlag]) -> str:
    """The warning signs that nobody knows of; empty if there are none."""
    labels = "; ".join(flag.label for flag in flags)
    return f"Not known, and more urgent if so: {labels}." if labels else ""


def open_flag_lines(belief: Belief, result: PatientResult) -> Iterator[str]:
    """What is more urgent if it is so: what nobody knows of, then what was not asked; nothing before any answer."""
    if told := not_known_text(result.not_known_flags):
        yield told
    named = flags_named(result.not_asked_flags)
    if named and (belief.evidence.answers or belief.skipped):
        yield f"Not asked, and more urgent if so: {'; '.join(named)}."


def flags_named(flags: Sequence[RedFlag]) -> list[str]:
    """The first of these warning signs by name, and how many more there are."""
    more = [f"{len(flags) - MOST_FLAGS} more"] if len(flags) > MOST_FLAGS else []
    return [*(flag.label for flag in flags[:MOST_FLAGS]), *more]


def scope_lines(network: Network) -> Iterator[str]:
    """What a network is for, whom it is not for, which causes it weighs and which it leaves out: a line each."""
    scope = network.scope
    if not scope:
        return
    causes = [condition.name for name, condition in network.conditions.items() if name != network.catch_all]
    yield scope.purpose
    if scope.not_for:
        yield f"Not for: {'; '.join(scope.not_for)}."
    yield f"It weighs: {'; '.join(causes)}."
    if scope.leaves_out:
        yield f"It names none of these: {'; '.join(scope.leaves_out)}."


def scope_line(network: Network) -> str:
    """The same in one line, with the causes counted; empty where the network says nothing of it."""
    scope = network.scope
    if not scope:
        return ""
    count = len(network.conditions) - bool(network.catch_all)
    left = f", not {'; '.join(scope.leaves_out)}" if scope.leaves_out else ""
    return f"{scope.purpose} It weighs {count} causes{left}."


def reason(belief: Belief, question: NextQuestion) -> str:
    """Why a question is asked, in a few words, such as `Tells "Broken bone" from "Tendon strain".`.

    Of the answer that says most of the condition which the question is about, named beside it is the condition that the
    answer moves most in the other direction.
    """
    names, about = belief.network.conditions, question.about
    after = _telling(question)[0].posterior
    change = {name: after[name] - now for name, now in belief.posterior.items()}
    sign = -1.0 if change[about] > 0.0 else 1.0
    other = max((name for name in change if name != about), key=lambda name: sign * change[name], default=about)
    if other == about or sign * change[other] <= 0.0:
        return f'Says most of "{names[about].name}".'
    return f'Tells "{names[about].name}" from "{names[other].name}".'
