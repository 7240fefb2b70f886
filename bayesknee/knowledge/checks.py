"""The rules that hold between the parts of a network. Each rule yields `Problem`s with the path of the fault.

A rule must stay silent on a NaN: the reader puts one where it could not read a number, so that one slip is told once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Final, Protocol

from bayesknee.errors import Problem, few_hints, quoted, unknown_name
from bayesknee.knowledge.answer_lines import line_problems
from bayesknee.knowledge.bands import CutOff, band_problems
from bayesknee.knowledge.coding.checks import condition_code_problems, edition_problems, question_code_problems
from bayesknee.knowledge.general_advice import GeneralAdvice, advice_problems
from bayesknee.knowledge.guideline_scores import GuidelineScore, score_problems
from bayesknee.knowledge.model import (
    ABSENT,
    ANSWERED_BY,
    ANY_SETTING,
    COMPLAINT,
    JUDGED,
    LEVELS,
    NO_YES,
    NODES,
    Condition,
    Exclusion,
    Finding,
    Form,
    Group,
    Path,
    Probability,
    RedFlag,
    Reference,
    RiskFactor,
    Setting,
    Sign,
    gates_of,
    numbers_below,
    parents_of,
)
from bayesknee.knowledge.opening import Opening, opening_problems
from bayesknee.knowledge.pictures import Picture, picture_problems
from bayesknee.knowledge.rule_checks import (
    SUM_TOLERANCE,
    Nodes,
    distribution_problems,
    finding_problems,
    model_problems,
)
from bayesknee.knowledge.scope import Scope, scope_problems
from bayesknee.knowledge.synonyms import synonym_problems
from bayesknee.words import folded

# Causes at once that a network may allow. Judged: six hardly differ from any number, and each more multiplies the sets.
MOST_CAUSES: Final = 5
# How far base rates must stay inside what can be met: nearer, intercepts run away, and rounding decides.
LEAST_ROOM: Final = 1e-6
MOST_STATES: Final = 30  # judged: more cannot be read as one list, and 36 keys choose an answer at the terminal
RESERVED: Final = frozenset({COMPLAINT, JUDGED, ANY_SETTING, "setting", "unknown"})
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[^\s<>\"]*)?")


class NetworkParts(Protocol):
    """The parts of a network, checked or not yet."""

    @property
    def id(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, Setting]: ...
    @property
    def topics(self) -> Mapping[str, str]: ...
    @property
    def references(self) -> Mapping[str, Reference]: ...
    @property
    def risk_factors(self) -> Mapping[str, RiskFactor]: ...
    @property
    def conditions(self) -> Mapping[str, Condition]: ...
    @property
    def signs(self) -> Mapping[str, Sign]: ...
    @property
    def findings(self) -> Mapping[str, Finding]: ...
    @property
    def groups(self) -> Mapping[str, Group]: ...
    @property
    def red_flags(self) -> Mapping[str, RedFlag]: ...
    @property
    def scores(self) -> Mapping[str, GuidelineScore]: ...
    @property
    def general_advice(self) -> Mapping[str, GeneralAdvice]: ...
    @property
    def opening(self) -> Opening: ...
    @property
    def scope(self) -> Scope: ...
    @property
    def pictures(self) -> Mapping[str, Picture]: ...
    @property
    def complaint(self) -> str: ...
    @property
    def catch_all(self) -> str: ...
    @property
    def most_causes(self) -> int | None: ...
    @property
    def icd10_edition(self) -> str: ...


def find_problems(parts: NetworkParts, broken: frozenset[str] = frozenset()) -> list[Problem]:
    """The broken rules between the parts.

    Args:
        parts: the network's parts.
        broken: ids that were defined but could not be read; to name one is no fault.
    """
    rules: tuple[Callable[[NetworkParts, frozenset[str]], Iterator[Problem]], ...] = (
        _names,
        _references,
        _sources,
        _topics,
        _risk_factors,
        _bands,
        _conditions,
        _most_causes,
        _base_rates,
        _condition_cycles,
        _signs,
        _findings,
        _gates,
        _state_names,
        _codes,
        _synonyms,
        _groups,
        _red_flags,
        _scores,
        _general_advice,
        _opening,
        _scope,
        _pictures,
        _catch_all,
    )
    with few_hints():
        return [problem for rule in rules for problem in rule(parts, broken)]


def _names(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    yield from _name_problems(("network", "id"), parts.id)
    seen: dict[str, str] = {}
    for section in (*NODES, "settings", "groups", "topics", "references", "red_flags", "scores", "general_advice"):
        for name, thing in getattr(parts, section).items():
            yield from _name_problems((section, name), name)
            if section in NODES and name in seen:
                expected = f"an id that {seen[name]} do not use yet"
                yield Problem((section, name), quoted(name), expected, "rename one")
            if section in NODES:
                seen.setdefault(name, section)
                yield from _state_problems((section, name, "states"), getattr(thing, "states", NO_YES))
    for section in ("conditions", "settings"):
        if not getattr(parts, section) and not broken:
            yield Problem((section,), "none", "at least one", f"add a section {section}")


def _name_problems(path: Path, name: str) -> Iterator[Problem]:
    if not NAME.fullmatch(name):
        yield Problem(path, quoted(name), "a lower-case word of letters, digits and _, 60 at most", "rename it")
    elif name in RESERVED:
        yield Problem(path, quoted(name), "a name that is not reserved", "rename it")


def _state_problems(path: Path, states: tuple[str, ...]) -> Iterator[Problem]:
    if not 2 <= len(states) <= MOST_STATES:
        yield Problem(path, f"{len(states)} states", f"2 to {MOST_STATES} states", "list the answers")
    if len(set(states)) < len(states):
        yield Problem(path, ", ".join(states), "each state once", "drop the repeated one")
    for state in states:
        yield from _name_problems(path, state)


def _references(parts: NetworkParts, _broken: frozenset[str]) -> Iterator[Problem]:
    for name, reference in parts.references.items():
        if reference.url and not _URL.fullmatch(reference.url):
            got, expected = quoted(reference.url), "an address such as https://doi.org/10.1000/182"
            yield Problem(("references", name, "url"), got, expected, "correct it, or leave it out")


def _sources(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    known = set(parts.references)
    for section in NODES:
        for path, number in numbers_below((section,), getattr(parts, section)):
            if number.source != JUDGED and number.source not in known and number.source not in broken:
                yield _unknown_source(path, number.source, known)
            if number.certain and not _may_be_certain(path):
                expected = "a figure with a range; only the numbers of a greatest or a table may be certain"
                yield Problem((*path, "certain"), f"certain {number.value:g}", expected, "state value, low and high")


def _may_be_certain(path: Path) -> bool:
    """Whether a 0 or 1 that holds by definition may stand here."""
    return path[0] in {"signs", "findings"} and path[2] in {"greatest", "table"}


def _unknown_source(path: Path, source: str, references: Collection[str]) -> Problem:
    otherwise = "add it to references, or write judged with a note"
    return unknown_name((*path, "source"), source, references, "a key of references, or judged", otherwise)


def _topics(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for section, things in (("risk_factors", parts.risk_factors), ("findings", parts.findings)):
        for name, thing in things.items():
            if thing.topic not in parts.topics and thing.topic not in broken:
                yield unknown_name((section, name, "topic"), thing.topic, parts.topics, "a topic of the network")
            if thing.burden <= 0:
                got = f"{thing.burden:g}"
                yield Problem((section, name, "burden"), got, "a burden above 0", "a plain question has 1")


def _by_setting(
    path: Path, values: Mapping[str, object], parts: NetworkParts, broken: frozenset[str]
) -> Iterator[Problem]:
    for name in values:
        if name != ANY_SETTING and name not in parts.settings and name not in broken:
            yield unknown_name((*path, name), name, [*parts.settings, ANY_SETTING], "a setting of the network")
    missing = [name for name in parts.settings if name not in values]
    if missing and ANY_SETTING not in values:
        yield Problem(path, f"nothing for {', '.join(missing)}", "a figure for each setting", "add it, or any_setting")


def _risk_factors(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, factor in parts.risk_factors.items():
        path: Path = ("risk_factors", name)
        yield from _by_setting((*path, "prior"), factor.prior, parts, broken)
        for setting, distribution in factor.prior.items():
            yield from distribution_problems((*path, "prior", setting), distribution, factor.states)


def _bands(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    questions = _questions(parts)
    for name, question in questions.items():
        path: Path = ("risk_factors" if name in parts.risk_factors else "findings", name)
        yield from band_problems(path, question, questions, broken)
        for each, cut_off in question.cut_offs.items():
            yield from _rule_source((*path, "cut_offs", each), cut_off, parts, broken)


def _rule_source(
    path: Path,
    rule: RedFlag | Exclusion | CutOff | GuidelineScore | GeneralAdvice,
    parts: NetworkParts,
    broken: frozenset[str],
) -> Iterator[Problem]:
    """A rule names a reference, or says why it is what it is."""
    if rule.source == JUDGED and not rule.note.strip():
        yield Problem((*path, "note"), "no note", "why a judged rule is what it is", "add a note")
    elif rule.source not in {JUDGED, *parts.references, *broken}:
        yield _unknown_source(path, rule.source, parts.references)


def _conditions(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, condition in parts.conditions.items():
        path: Path = ("conditions", name)
        if condition.level not in LEVELS:
            yield unknown_name((*path, "level"), condition.level, LEVELS, "a level of urgency")
        yield from _thresholds(path, condition)
        yield from _forms(path, condition, parts, broken)
        if condition.stake <= 0:
            yield Problem((*path, "stake"), str(condition.stake), "a stake above 0", "an ordinary condition has 1")
        yield from condition_code_problems(path, condition)
        yield from _by_setting((*path, "base_rate"), condition.base_rate, parts, broken)
        for parent, ratios in condition.odds_ratios.items():
            yield from _odds_ratios((*path, "odds_ratios", parent), name, ratios, parts, broken)


def _forms(path: Path, condition: Condition, parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    """Shares that sum to 1, of two forms or more, whose thresholds are in order."""
    path = (*path, "forms")
    if len(condition.forms) == 1:
        yield Problem(path, "one form", "two or more forms", "add another, or drop it")
    elif condition.forms:
        yield from _shares(path, condition)
    for name, form in condition.forms.items():
        yield from _name_problems((*path, name), name)
        if not isinstance(form.share, Probability):
            yield from _by_setting((*path, name, "share"), form.share, parts, broken)
        if form.level is not None and form.level not in LEVELS:
            yield unknown_name((*path, name, "level"), form.level, LEVELS, "a level of urgency")
        yield from _thresholds((*path, name), form)


def _shares(path: Path, condition: Condition) -> Iterator[Problem]:
    """Shares that sum to 1. A share that changes takes the others along, so all stand for the same settings."""
    first, *others = forms = [*condition.forms.values()]
    if any(math.isnan(number.value) for form in forms for number in form.shares.values()):
        return
    for form in others:
        if form.shares.keys() != first.shares.keys():
            got, expected = f"a share {_for_settings(form)}", f"one {_for_settings(first)}, as of {first.id}"
            yield Problem(
                (*path, form.id, "share"), got, expected, "state the shares of all forms for the same settings"
            )
            return
    for place in first.shares:
        total = sum(form.shares[place].value for form in forms)
        if abs(total - 1.0) > SUM_TOLERANCE:
            where = f" in {place[1]}" if len(place) > 1 else ""
            expected = "shares that sum to 1" + (" in each setting" if where else "")
            yield Problem(path, f"shares{where} that sum to {total:.12g}", expected, "correct one of them")


def _for_settings(form: Form) -> str:
    named = ", ".join(sorted(place[1] for place in form.shares if len(place) > 1))
    return f"for {named}" if named else "without settings"


def _thresholds(path: Path, condition: Condition | Form) -> Iterator[Problem]:
    """Each further threshold is higher and more urgent than the last."""
    path = (*path, "thresholds")
    for (before, lower), (level, higher) in pairwise(condition.steps):
        if level not in LEVELS:
            yield unknown_name((*path, level), level, LEVELS, "a level of urgency")
        elif before in LEVELS and LEVELS.index(level) >= LEVELS.index(before):
            yield Problem((*path, level), f"{level} after {before}", "a more urgent level", "put them in order")
        if higher.at.value <= lower.at.value:
            got = f"{higher.at.value:g} after {lower.at.value:g}"
            yield Problem((*path, level), got, "a higher probability for a more urgent level", "put them in order")


def _odds_ratios(
    path: Path, name: str, ratios: Collection[str], parts: NetworkParts, broken: frozenset[str]
) -> Iterator[Problem]:
    parent = path[-1]
    if parent in broken:
        return
    if parent in parts.risk_factors:
        states = parts.risk_factors[parent].states
    elif parent in parts.conditions and parent != name:
        states = NO_YES
    else:
        known = [*parts.risk_factors, *(condition for condition in parts.conditions if condition != name)]
        yield unknown_name(path, parent, known, "a risk factor or another condition")
        return
    for state in ratios:
        if state not in states:
            yield unknown_name((*path, state), state, states, f"a state of {parent}")


def _most_causes(parts: NetworkParts, _broken: frozenset[str]) -> Iterator[Problem]:
    if parts.most_causes is not None and not 1 <= parts.most_causes <= MOST_CAUSES:
        remedy = "correct it, or leave it out for any number of causes"
        expected = f"a number of causes at once from 1 to {MOST_CAUSES}"
        yield Problem(("network", "most_causes"), str(parts.most_causes), expected, remedy)


def _alike_settings(parts: NetworkParts) -> Iterator[Problem]:
    """Where base rates sum to 1, one that changes takes the others along, so each setting has all of its own."""
    settings = {setting for condition in parts.conditions.values() for setting in condition.base_rate}
    for name, condition in parts.conditions.items():
        if missing := sorted(settings.difference(condition.base_rate)):
            expected = "with most_causes: 1, base rates of all conditions for the same settings"
            yield Problem(("conditions", name, "base_rate"), f"nothing for {', '.join(missing)}", expected, "add it")


def _base_rates(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    if parts.complaint and parts.most_causes == 1:
        yield from _alike_settings(parts)
    if broken & {"conditions", *parts.conditions}:
        return
    for setting in parts.settings:
        rates = [
            rate.value
            for condition in parts.conditions.values()
            if (rate := condition.base_rate.get(setting) or condition.base_rate.get(ANY_SETTING))
        ]
        if len(rates) == len(parts.conditions) and len(rates) > 1:
            yield from _sum_of_base_rates(setting, sum(rates), parts)


def _sum_of_base_rates(setting: str, total: float, parts: NetworkParts) -> Iterator[Problem]:
    """Whether sets of as many causes as the network allows can have base rates of this sum."""
    got, most = f"base rates in {setting} that sum to {total:.6g}", parts.most_causes
    if parts.complaint and most == 1:
        if abs(total - 1.0) > SUM_TOLERANCE:
            expected = "a sum of 1, since each patient has just one cause (most_causes: 1)"
            yield Problem(("conditions",), got, expected, "scale them to 1, or raise most_causes")
    elif parts.complaint and total <= 1.0:
        yield Problem(
            ("conditions",),
            got,
            "a sum above 1, since each patient has at least one cause",
            "raise the catch-all's base rate, or drop the complaint",
        )
    elif most is not None and most < len(parts.conditions) and total > most - LEAST_ROOM:
        expected = f"a sum below {most}, since nobody has more causes than most_causes says"
        yield Problem(("conditions",), got, expected, "raise most_causes, or lower base rates")


def _condition_cycles(parts: NetworkParts, _broken: frozenset[str]) -> Iterator[Problem]:
    parents = {
        name: [parent for parent in condition.odds_ratios if parent in parts.conditions and parent != name]
        for name, condition in parts.conditions.items()
    }
    if cycle := find_cycle(parents):
        yield Problem(
            ("conditions", cycle[0], "odds_ratios", cycle[1]),
            " <- ".join(cycle),
            "conditions without a cycle",
            "drop one of these odds ratios",
        )


def find_cycle(parents: Mapping[str, Iterable[str]]) -> list[str]:
    """A cycle in a graph given by each node's parents, child before parent and closed, or an empty list."""
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _nodes(parts: NetworkParts, broken: frozenset[str]) -> Nodes:
    forms = {condition.id: condition.causes for condition in parts.conditions.values() if condition.forms}
    return Nodes(parts.conditions, parts.signs, broken, bool(parts.complaint), forms)


def _signs(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, sign in parts.signs.items():
        yield from model_problems(("signs", name), sign.model, NO_YES, _nodes(parts, broken))
    parents = {
        name: [each for each in parents_of(sign.model) if each in parts.signs] for name, sign in parts.signs.items()
    }
    if cycle := find_cycle(parents):
        expected = "signs without a cycle"
        yield Problem(("signs", cycle[0]), " <- ".join(cycle), expected, "drop one of these causes")


def _findings(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, finding in parts.findings.items():
        path: Path = ("findings", name)
        if finding.kind not in ANSWERED_BY:
            yield unknown_name((*path, "kind"), finding.kind, ANSWERED_BY, "a kind of finding")
        elif finding.asked_of not in ANSWERED_BY.values():
            yield unknown_name((*path, "asked_of"), finding.asked_of, ANSWERED_BY.values(), "who can answer")
        yield from finding_problems(path, finding, _nodes(parts, broken))


def _gates(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    askable = _questions(parts)
    for section, name, question in _asked(parts):
        for key in ("only_if", "ask_once", "ask_unless"):
            for gate, wanted in getattr(question, key).items():
                if gate == name:
                    path = (section, name, key, gate)
                    yield Problem(path, "the question itself", "another question", "name what its asking hangs on")
                elif gate not in broken:
                    yield from _gate((section, name, key, gate), gate, wanted, askable)
    if cycle := find_cycle({name: list(finding.only_if) for name, finding in parts.findings.items()}):
        path = ("findings", cycle[0], "only_if", cycle[1])
        yield Problem(path, " <- ".join(cycle), "gates without a cycle", "drop one of these gates")
    else:
        yield from _clashing_gates(parts)


def _asked(parts: NetworkParts) -> Iterator[tuple[str, str, RiskFactor | Finding]]:
    for section in ("risk_factors", "findings"):
        for name, question in getattr(parts, section).items():
            yield section, name, question


def _gate(
    path: Path, gate: str, wanted: Collection[str], askable: Mapping[str, RiskFactor | Finding]
) -> Iterator[Problem]:
    if gate not in askable:
        yield unknown_name(path, gate, askable, "a risk factor or finding")
        return
    if not wanted:
        yield Problem(path, "no state", "at least one state", "list the states in which it is asked")
    for state in wanted:
        if state not in askable[gate].states:
            yield unknown_name(path, state, askable[gate].states, f"a state of {gate}")
    if not set(askable[gate].states).difference(wanted):
        yield Problem(path, f"all states of {gate}", "some of them, for it to be a gate", "drop it or a state")


def _state_names(parts: NetworkParts, _broken: frozenset[str]) -> Iterator[Problem]:
    """A name must mean one state: what is answered by it is read as that state."""
    for section, name, question in _asked(parts):
        path = (section, name, "state_names")
        meant = {folded(state): state for state in question.states}
        for state, words in question.state_names.items():
            if state not in question.states:
                yield unknown_name((*path, state), state, question.states, f"a state of {name}")
                continue
            for word in words:
                if meant.setdefault(folded(word), state) != state:
                    got = f"{quoted(word)}, which is {meant[folded(word)]} already"
                    yield Problem((*path, state), got, "a name that means one state", "choose another name")


def _codes(parts: NetworkParts, _broken: frozenset[str]) -> Iterator[Problem]:
    yield from edition_problems(parts.icd10_edition)
    yield from question_code_problems({name: (section, question) for section, name, question in _asked(parts)})


def _synonyms(parts: NetworkParts, _broken: frozenset[str]) -> Iterator[Problem]:
    for section, name, question in _asked(parts):
        yield from synonym_problems((section, name), question)


def _clashing_gates(parts: NetworkParts) -> Iterator[Problem]:
    """Findings that can never be asked: their gates and the gates of these want different states of one thing."""
    for name in parts.findings:
        wanted: dict[str, set[str]] = {}
        for gate, states in gates_of(name, parts.findings):
            before = wanted.setdefault(gate, set(states))
            if before and states and not before.intersection(states):
                got = f"gates that want {gate} to be {' or '.join(states)} and {' or '.join(sorted(before))}"
                yield Problem(("findings", name, "only_if"), got, "gates that can hold together", "correct one of them")
            before.intersection_update(states)


def _groups(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, group in parts.groups.items():
        if len(set(group.members)) < 2:
            yield Problem(("groups", name, "members"), ", ".join(group.members), "two or more conditions", "add one")
        for member in group.members:
            if member not in parts.conditions and member not in broken:
                yield unknown_name(("groups", name, "members"), member, parts.conditions, "a condition of the network")


def _red_flags(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, flag in parts.red_flags.items():
        path = ("red_flags", name)
        if flag.level not in LEVELS:
            yield unknown_name((*path, "level"), flag.level, LEVELS, "a level of urgency")
        yield from _rule_source(path, flag, parts, broken)
        for line in flag.when:
            yield from _red_flag_line((*path, "when"), line, parts, broken)
        for exclusion in flag.unless:
            yield from _exclusion((*path, "unless"), flag, exclusion, parts, broken)


def _exclusion(
    path: Path, flag: RedFlag, exclusion: Exclusion, parts: NetworkParts, broken: frozenset[str]
) -> Iterator[Problem]:
    """An exception names answers that can be given, has a source, and is not what raises the flag."""
    yield from _rule_source(path, exclusion, parts, broken)
    askable = _questions(parts)
    for name, wanted in exclusion.when.items():
        if name not in askable:
            if name not in broken:
                yield unknown_name((*path, name), name, askable, "a risk factor or finding")
            continue
        for state in (state for state in wanted if state not in askable[name].states):
            yield unknown_name((*path, name), state, askable[name].states, f"a state of {name}")
        if any(set(line.get(name, ())) & set(wanted) for line in flag.when):
            expected = "an answer that does not raise the flag itself"
            yield Problem((*path, name), f"{name} raises the flag with the same state", expected, "drop it")


def _red_flag_line(
    path: Path, line: Mapping[str, tuple[str, ...]], parts: NetworkParts, broken: frozenset[str]
) -> Iterator[Problem]:
    absent = {name: ABSENT.intersection(wanted) for name, wanted in line.items()}
    for name in (name for name, states in absent.items() if states):
        expected = "what is present: a red flag never reads what is absent"
        yield Problem((*path, name), f"the state {min(absent[name])}", expected, "name states that are present")
    present = {name: wanted for name, wanted in line.items() if not absent[name]}
    yield from line_problems(path, present, _questions(parts), broken) if present or not line else ()


def _scores(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, score in parts.scores.items():
        yield from _rule_source(("scores", name), score, parts, broken)
        yield from score_problems(("scores", name), score, _questions(parts), parts.conditions, broken)


def _general_advice(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, advice in parts.general_advice.items():
        yield from _rule_source(("general_advice", name), advice, parts, broken)
        yield from advice_problems(("general_advice", name), advice)


def _questions(parts: NetworkParts) -> dict[str, RiskFactor | Finding]:
    return {**parts.risk_factors, **parts.findings}


def _opening(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    askable = _questions(parts)
    gated = frozenset(name for name, each in askable.items() if each.only_if or each.ask_once)
    states = {name: each.states for name, each in askable.items()}
    return opening_problems(parts.opening, states, gated, parts.topics, broken)


def _scope(parts: NetworkParts, _broken: frozenset[str]) -> Iterator[Problem]:
    for name, question in parts.scope.questions.items():
        for each in (name, *question.answers):
            yield from _name_problems(("scope", "questions", name), each)
    yield from scope_problems(parts.scope)


def _pictures(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    for name, picture in parts.pictures.items():
        for view in picture.views:
            yield from _name_problems(("pictures", name, "views"), view)
    yield from picture_problems(parts.pictures, _questions(parts), broken)


def _catch_all(parts: NetworkParts, broken: frozenset[str]) -> Iterator[Problem]:
    path = ("network", "catch_all")
    if parts.catch_all and parts.catch_all not in parts.conditions and parts.catch_all not in broken:
        yield unknown_name(path, parts.catch_all, parts.conditions, "a condition of the network")
    if parts.complaint and not parts.catch_all:
        yield Problem(path, "none", "the condition that stands for none of the others", "add catch_all, and name it")
