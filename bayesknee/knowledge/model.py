"""What a network knows, as frozen objects. A `Network` checks itself when made: an invalid one cannot exist.

The format is described in docs/network_format.md; the attributes here bear the names of its keys.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Final, Literal, TypeAlias, TypeVar, cast

from immutabledict import immutabledict

from bayesknee.errors import NetworkError, Problem, quoted
from bayesknee.knowledge.bands import Band, Banded, CutOff

Grade: TypeAlias = Literal["A", "B", "C", "D"]
Level: TypeAlias = Literal["emergency", "same_day", "urgent", "routine", "self_care"]
Kind: TypeAlias = Literal["history", "exam", "test"]
Path: TypeAlias = tuple[str, ...]
StatesByName: TypeAlias = Mapping[str, tuple[str, ...]]  # by id of a question, or of a state by its id
CodesBySystem: TypeAlias = Mapping[str, tuple[str, ...]]  # by a key of `bayesknee.knowledge.coding.systems.SYSTEMS`

GRADES: Final[tuple[Grade, ...]] = ("A", "B", "C", "D")
LEVELS: Final[tuple[Level, ...]] = ("emergency", "same_day", "urgent", "routine", "self_care")
ANSWERED_BY: Final[Mapping[str, str]] = immutabledict(history="patient", exam="clinician", test="test")
NO_YES: Final = ("no", "yes")
ABSENT: Final = frozenset({"no", "none", "never", "normal", "absent"})  # states that say that something is not there
JUDGED: Final = "judged"
PANEL: Final = "panel"  # the method of a number that readers judged, each alone; see `bayesknee.authoring.panel`
ANY_SETTING: Final = "any_setting"
COMPLAINT: Final = "presenting_complaint"
NODES: Final = ("risk_factors", "conditions", "signs", "findings")  # no two have the same id; only they have numbers
OF_FORM: Final = "."  # between condition and form, where findings and signs name a form as their cause
# Bounds of odds ratios and weights, judged: no cause is that sure, so what is beyond is a slip, which wider bounds
# would let through.
SMALLEST_RATIO: Final = 1e-4
LARGEST_RATIO: Final = 1e4

T = TypeVar("T")

_NO_PARTS: Final = (str, int, float, tuple, type(None))  # most of what a network holds, and nothing has parts there


@dataclass(frozen=True, slots=True)
class Number:
    """A figure with its 95 % range, its grade and where it comes from.

    Attributes:
        value, low, high: the figure and its 95 % range.
        grade: A systematic review, B single study or guideline, C textbook or recalled, D judged.
        source: a key of the network's references, or `judged`.
        note: why a judged number is what it is, or how a figure was changed.
        method: how it was judged: `panel`, pooled from readers who each judged alone; else empty.
        certain: whether it is a 0 or 1 that holds by definition: a cause that cannot last so long, a sign without
            which there is no symptom. It has no range. Rules that allow it say so.

    Raises:
        NetworkError: if the value is out of bounds, the range does not hold it, or grade and source do not fit.
    """

    value: float
    low: float
    high: float
    grade: Grade
    source: str
    note: str = ""
    method: str = ""
    certain: bool = False

    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)
    meaning: ClassVar[str] = "a number above 0"

    def __post_init__(self) -> None:
        if problems := [*self._range_problems(), *self._source_problems()]:
            raise NetworkError(problems)

    def _range_problems(self) -> Iterator[Problem]:
        if self.certain:
            yield from self._certain_problems()
            return
        lowest, highest = self.bounds
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if not lowest < number < highest:
                yield Problem((name,), str(number), self.meaning, "correct the figure")
                return
        if not self.low <= self.value <= self.high:
            yield Problem(
                ("low",) if self.low > self.value else ("high",),
                f"low {self.low}, value {self.value}, high {self.high}",
                "low <= value <= high",
                "widen the range or correct the value",
            )

    def _certain_problems(self) -> Iterator[Problem]:
        if not (self.value in {0.0, 1.0} and self.low == self.value == self.high):
            got = f"certain, with value {self.value}, low {self.low}, high {self.high}"
            remedy = "leave out low and high; or leave out certain, and state the range"
            yield Problem(("certain",), got, "a value of 0 or 1 that has no range", remedy)

    def _source_problems(self) -> Iterator[Problem]:
        if self.grade not in GRADES:
            yield Problem(("grade",), quoted(self.grade), "A, B, C or D", "grade the source")
        elif self.source == JUDGED and self.grade in ("A", "B"):
            yield Problem(
                ("grade",),
                f"grade {self.grade} with source judged",
                "grade C or D for a judged number",
                "name the reference or lower the grade",
            )
        if self.method not in ("", PANEL):
            yield Problem(("method",), quoted(self.method), PANEL, "write that, or leave it out")
        elif self.method == PANEL and self.source != JUDGED:
            yield Problem(("method",), f"a panel with source {self.source}", "source judged", "name one or the other")
        if self.source == JUDGED and not self.method and not self.note.strip():
            yield Problem(("note",), "no note", "why a judged number is what it is", "add a note")


class Probability(Number):
    """A probability inside (0, 1)."""

    __slots__ = ()
    bounds = (0.0, 1.0)
    meaning = "a probability inside (0, 1)"


class OddsRatio(Number):
    """An odds ratio between 1/10,000 and 10,000: no cause is that sure, so a figure beyond is a slip."""

    __slots__ = ()
    bounds = (SMALLEST_RATIO, LARGEST_RATIO)
    meaning = f"an odds ratio above {SMALLEST_RATIO:g} and below {LARGEST_RATIO:g}"


class Weight(Number):
    """A relative weight, between 1/10,000 and 10,000."""

    __slots__ = ()
    bounds = (SMALLEST_RATIO, LARGEST_RATIO)
    meaning = f"a weight above {SMALLEST_RATIO:g} and below {LARGEST_RATIO:g}"


@dataclass(frozen=True)
class Distribution:
    """Probabilities by state. For two states one may be left out and takes the remainder."""

    numbers: Mapping[str, Probability]

    def vector(self, states: tuple[str, ...]) -> tuple[float, ...]:
        """The probabilities in the order of `states`."""
        given = {state: number.value for state, number in self.numbers.items()}
        remainder = 1.0 - sum(given.values())
        return tuple(given.get(state, remainder) for state in states)


def condition_of(cause: str) -> str:
    """The id of the condition that a cause is, or is a form of."""
    return cause.partition(OF_FORM)[0]


def stated_as(stated: Collection[str], cause: str) -> str | None:
    """Under which id a cause is stated: its own; of a form that is not named, its condition's; None if neither."""
    return next((name for name in (cause, condition_of(cause)) if name in stated), None)


def of_cause(stated: Mapping[str, T], cause: str) -> T | None:
    """What is stated of a cause, if anything; see `stated_as`."""
    name = stated_as(stated, cause)
    return None if name is None else stated[name]


@dataclass(frozen=True)
class NoisyOr:
    """P(yes | s) = 1 - (1 - leak) * product over the present causes of (1 - q); see `bayesknee.inference.cpds`.

    Attributes:
        leak: P(yes | no listed cause is present).
        causes: for each cause, a condition or sign, P(yes | only that cause is present), the leak included (Henrion's
            statement). A form that is named, as `condition.form`, has a number of its own.
    """

    leak: Probability
    causes: Mapping[str, Probability]


@dataclass(frozen=True)
class Mixture:
    """P(f = v | s) is the weighted mean of the present conditions' own distributions over v.

    Attributes:
        distributions: by condition, or by form, as `condition.form`.
        otherwise: for conditions without one, and for no condition at all.
        weights: by condition or form; 1 where left out.
    """

    distributions: Mapping[str, Distribution]
    otherwise: Distribution | None = None
    weights: Mapping[str, Weight] = field(default_factory=immutabledict)


@dataclass(frozen=True)
class Greatest:
    """The answer is the greatest of what the leak and each present cause lead to (noisy-MAX; Diez 1993).

    P(X <= k | s) = P(leak <= k) * product over the present causes of P(X <= k | only that cause) / P(leak <= k). The
    states of the finding stand in rising order.

    Attributes:
        causes: for each cause, a condition or sign, the distribution as if only that cause were present, the leak
            included (Henrion's statement). A condition that is no cause leads to the lowest state.
        leak: the distribution where no listed cause is present; None where it is the lowest state for sure.
    """

    causes: Mapping[str, Distribution]
    leak: Distribution | None = None


@dataclass(frozen=True)
class ConditionalTable:
    """P(state | parents) in full.

    Attributes:
        parents: conditions and signs.
        rows: a distribution for each combination of the parents' states, by these states as text: `no, yes`.
    """

    parents: tuple[str, ...]
    rows: Mapping[str, Distribution]

    def row(self, present: Container[str]) -> Distribution:
        """The distribution where these are present and the other parents absent."""
        return self.rows[row_key(parent in present for parent in self.parents)]


def row_key(present: Iterable[bool]) -> str:
    """The key of a row of a `ConditionalTable`, from whether each parent is present."""
    return ", ".join(NO_YES[each] for each in present)


@dataclass(frozen=True)
class Reading:
    """A finding that reads a sign: P(yes | sign) = sensitivity, P(no | no sign) = specificity."""

    sign: str
    sensitivity: Probability
    specificity: Probability


FindingModel: TypeAlias = Reading | NoisyOr | Greatest | Mixture | ConditionalTable


def parents_of(model: FindingModel) -> tuple[str, ...]:
    """The conditions and signs that a model names; a mixture hangs on all others, too, where it has `otherwise`."""
    if isinstance(model, Reading):
        return (model.sign,)
    if isinstance(model, Mixture):
        return tuple(model.distributions)
    return model.parents if isinstance(model, ConditionalTable) else tuple(model.causes)


@dataclass(frozen=True)
class Setting:
    """A care setting: it selects base rates and the priors of risk factors."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True)
class Reference:
    """A paper or page that numbers come from."""

    id: str
    citation: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Group:
    """A name for "at least one of these conditions"."""

    id: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class RiskFactor(Banded):
    """A root of the network with a prior over its states.

    Attributes:
        ask_once, ask_unless, state_names, synonyms, state_synonyms, codes, state_codes: as of a `Finding`.
        prior: by setting id, or `any_setting`.
        bands, cut_offs, unit, out_of_scope: for a factor that is given as a number; see `Banded`.
        burden: how much asking costs, relative to a plain question (1).
    """

    id: str
    label: str
    question: str
    topic: str
    prior: Mapping[str, Distribution]
    states: tuple[str, ...] = NO_YES
    bands: Mapping[str, Band] = field(default_factory=immutabledict)
    cut_offs: Mapping[str, CutOff] = field(default_factory=immutabledict)
    unit: str = ""
    out_of_scope: str = ""
    burden: float = 1.0
    help: str = ""
    ask_once: StatesByName = field(default_factory=immutabledict)
    ask_unless: StatesByName = field(default_factory=immutabledict)
    state_names: StatesByName = field(default_factory=immutabledict)
    synonyms: tuple[str, ...] = ()
    codes: CodesBySystem = field(default_factory=immutabledict)
    state_codes: Mapping[str, CodesBySystem] = field(default_factory=immutabledict)
    state_synonyms: StatesByName = field(default_factory=immutabledict)

    kind: ClassVar[str] = "risk_factor"
    asked_of: ClassVar[str] = "patient"
    only_if: ClassVar[Mapping[str, tuple[str, ...]]] = immutabledict()

    def prior_in(self, setting: str) -> tuple[float, ...]:
        """The prior in `setting`, in the order of `states`."""
        prior = self.prior.get(setting) or self.prior[ANY_SETTING]
        return prior.vector(self.states)


@dataclass(frozen=True)
class Threshold:
    """A probability from which on a condition calls for more than at its limit (Pauker and Kassirer 1980).

    Attributes:
        at: the probability.
        do: what is then done, in a few words; empty where the level says it all.
    """

    at: Probability
    do: str = ""


@dataclass(frozen=True)
class Form:
    """One of the ways in which a condition comes: hidden, and exclusive of its other forms.

    Attributes:
        share: P(this form | the condition), one for all settings, or by setting id or `any_setting`; those of all forms
            sum to 1 in each setting, and stand for the same settings.
        level: the care that it calls for at its limit, and where it is what the most probable cause most likely is;
            None where the condition's own will do.
        limit: the probability of this form below which it may be left; None without a level.
        do, thresholds, codes: as of a condition; of the codes, ICD-10's may be among them.
    """

    id: str
    name: str
    share: Probability | Mapping[str, Probability]
    level: Level | None = None
    limit: Probability | None = None
    do: str = ""
    thresholds: Mapping[Level, Threshold] = field(default_factory=immutabledict)
    codes: CodesBySystem = field(default_factory=immutabledict)

    @property
    def steps(self) -> tuple[tuple[Level, Threshold], ...]:
        """Its own thresholds with their levels, the lowest first."""
        if self.level is None or self.limit is None:
            return ()
        return ((self.level, Threshold(self.limit, self.do)), *self.thresholds.items())

    @property
    def shares(self) -> Mapping[Path, Probability]:
        """The share, or those of all settings, by where they stand below the form."""
        if isinstance(self.share, Probability):
            return {("share",): self.share}
        return {("share", setting): share for setting, share in self.share.items()}

    def share_path(self, setting: str) -> Path:
        """Where the share in `setting` stands below the form: `share`, or below it the setting, or `any_setting`."""
        if isinstance(self.share, Probability):
            return ("share",)
        return ("share", setting if setting in self.share else ANY_SETTING)

    def share_in(self, setting: str) -> float:
        """The share in `setting`, inside (0, 1)."""
        return self.shares[self.share_path(setting)].value


@dataclass(frozen=True)
class Condition:
    """Something that can be a cause of the complaint.

    Attributes:
        base_rate: by setting id, or `any_setting`: the share of people with the complaint in whom it is a cause.
        odds_ratios: by parent (a risk factor or another condition), then by that parent's state; 1 where left out.
        level: the care that it calls for at its limit, and where it is the most probable cause.
        limit: the probability below which it may be left (Pauker and Kassirer 1980): the lowest of its thresholds.
        do: what is done from its limit on, in a few words; empty where the level says it all.
        thresholds: the further ones, by the level that each calls for; each is higher and more urgent than the last.
        stake: how much missing it weighs, relative to other conditions.
        forms: by id, where it comes in several; a patient who has it has one of them.
        codes: of other systems than ICD-10.
    """

    id: str
    name: str
    icd10: str
    description: str
    what_helps: str
    level: Level
    limit: Probability
    base_rate: Mapping[str, Probability]
    odds_ratios: Mapping[str, Mapping[str, OddsRatio]] = field(default_factory=immutabledict)
    must_not_miss: bool = False
    stake: float = 1.0
    do: str = ""
    thresholds: Mapping[Level, Threshold] = field(default_factory=immutabledict)
    forms: Mapping[str, Form] = field(default_factory=immutabledict)
    codes: CodesBySystem = field(default_factory=immutabledict)

    @property
    def causes(self) -> tuple[str, ...]:
        """How it can be a cause: the ids of its forms, or its own id alone."""
        return tuple(f"{self.id}{OF_FORM}{form}" for form in self.forms) or (self.id,)

    @property
    def steps(self) -> tuple[tuple[Level, Threshold], ...]:
        """All thresholds with their levels, the lowest first."""
        return ((self.level, Threshold(self.limit, self.do)), *self.thresholds.items())

    @property
    def highest_level(self) -> Level:
        """The care that it calls for where it is certain."""
        return self.steps[-1][0]

    def base_rate_in(self, setting: str) -> float:
        """The base rate in `setting`, inside (0, 1)."""
        return (self.base_rate.get(setting) or self.base_rate[ANY_SETTING]).value

    def shares_in(self, setting: str) -> tuple[float, ...]:
        """P(cause | the condition) in `setting`, by `causes`: the shares of its forms; 1 where it has none."""
        return tuple(form.share_in(setting) for form in self.forms.values()) or (1.0,)


@dataclass(frozen=True)
class Sign:
    """A hidden bodily state that several findings read; `model` is a `NoisyOr` or a `ConditionalTable`.

    Its parents are conditions and other signs.
    """

    id: str
    label: str
    description: str
    model: NoisyOr | ConditionalTable

    states: ClassVar[tuple[str, ...]] = NO_YES

    @property
    def has_table(self) -> bool:
        """Whether the model is a table."""
        return isinstance(self.model, ConditionalTable)

    @property
    def noisy_or(self) -> NoisyOr:
        """The model of a sign that is known to be a noisy-OR."""
        if isinstance(self.model, NoisyOr):
            return self.model
        raise TypeError(f"the sign {self.id} has a table")


@dataclass(frozen=True)
class Finding(Banded):
    """What can be observed; `model` is a `FindingModel`: it says how the finding depends on conditions and signs.

    Attributes:
        only_if: the gate: states of other findings or risk factors in which this one makes sense.
        bands, cut_offs, unit, out_of_scope: for a finding that may be given as a number; see `Banded`.
        burden: how much asking costs, relative to a plain question (1).
        ask_once: asked only once one of these is known to be so. Unlike `only_if`, it is about asking alone: numbers
            are not conditional on it, and an answer implies nothing of it.
        ask_unless: not asked where one of these is known to be so; likewise about asking alone.
        state_names: by state, what people call it: the first is shown, and all are read as answers.
        synonyms: other words for it, as people say them: what they find is suggested, and never taken.
        state_synonyms: by state, what people say who mean it: "out of the blue". Unlike a name, none is an answer.
        codes: what terminologies call it, by system; the first of a system is told, and all are read.
        state_codes: likewise, by state.
    """

    id: str
    kind: Kind
    label: str
    question: str
    topic: str
    model: FindingModel
    states: tuple[str, ...] = NO_YES
    asked_of: str = ""
    burden: float = 1.0
    help: str = ""
    only_if: StatesByName = field(default_factory=immutabledict)
    ask_once: StatesByName = field(default_factory=immutabledict)
    ask_unless: StatesByName = field(default_factory=immutabledict)
    state_names: StatesByName = field(default_factory=immutabledict)
    synonyms: tuple[str, ...] = ()
    state_synonyms: StatesByName = field(default_factory=immutabledict)
    bands: Mapping[str, Band] = field(default_factory=immutabledict)
    cut_offs: Mapping[str, CutOff] = field(default_factory=immutabledict)
    unit: str = ""
    out_of_scope: str = ""
    codes: CodesBySystem = field(default_factory=immutabledict)
    state_codes: Mapping[str, CodesBySystem] = field(default_factory=immutabledict)

    def __post_init__(self) -> None:
        if not self.asked_of:
            object.__setattr__(self, "asked_of", ANSWERED_BY.get(self.kind, ""))


Question: TypeAlias = RiskFactor | Finding


@dataclass(frozen=True)
class Exclusion:
    """Answers that set a red flag aside, though it holds.

    Attributes:
        when: states by question; all questions must be answered with one of their states.
        reason: why the flag need not be followed then, in plain words.
        source: a key of the references, or `judged`, with a note that says why.
    """

    when: Mapping[str, tuple[str, ...]]
    reason: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class RedFlag:
    """A combination of answers that calls for care of a level, whatever the posterior says.

    It reads what is present, never what is absent: states such as `no` and `none` are refused.

    Attributes:
        label: short, for tables.
        level: of the care that it calls for.
        reason: why, in plain words.
        when: its lines; it holds if each line holds, and a line holds if any of its questions has one of the states.
        unless: exceptions that set it aside: all lines of an exception are stated with a state that it names. What is
            unknown, unsure or merely implied is no exception.
        source: a key of the references, or `judged`, with a note that says why.
    """

    id: str
    label: str
    level: Level
    reason: str
    when: tuple[Mapping[str, tuple[str, ...]], ...]
    source: str
    note: str = ""
    unless: tuple[Exclusion, ...] = ()

    @property
    def questions(self) -> tuple[str, ...]:
        """The ids of the questions that it reads."""
        return tuple(dict.fromkeys(name for line in self.when for name in line))


def gates_of(name: str, findings: Mapping[str, Finding]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The gates of a finding, the gates of these, and so on; they must not go round in a circle."""
    for gate, states in findings[name].only_if.items() if name in findings else ():
        yield gate, states
        yield from gates_of(gate, findings)


RULE_KEYS: Final = immutabledict(
    {Reading: "reads", NoisyOr: "noisy_or", Greatest: "greatest", Mixture: "mixture", ConditionalTable: "table"}
)


def numbers_below(path: Path, thing: object) -> Iterator[tuple[Path, Number]]:
    """All numbers in `thing` with their paths in the files; `path` is the path of `thing`."""
    return parts_below(path, thing, Number)


def parts_below(path: Path, thing: object, kind: type[T] | tuple[type[T], ...]) -> Iterator[tuple[Path, T]]:
    """All parts of this kind in `thing` with their paths in the files; `path` is the path of `thing`."""
    if isinstance(thing, kind):
        yield path, thing
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            if not isinstance(value, _NO_PARTS):
                yield from parts_below((*path, str(key)), value, kind)
    elif isinstance(thing, Distribution):
        yield from parts_below(path, thing.numbers, kind)
    elif is_dataclass(thing):
        for each in fields(thing):
            value = getattr(thing, each.name)
            if not isinstance(value, _NO_PARTS):
                yield from parts_below(_below(path, thing, each.name), value, kind)


def with_values(path: Path, thing: T, values: Mapping[Path, float]) -> T:
    """`thing`, which stands at `path`, with other values for the numbers at these paths, as if they were certain.

    Such a number has a range of no width, and its grade and source as before.
    """

    def valued(place: Path, number: Number) -> Number:
        value = values.get(place, math.nan)
        return number if math.isnan(value) else replace(number, value=value, low=value, high=value)

    return _with_changes(path, thing, valued)


def with_numbers(path: Path, thing: T, numbers: Mapping[Path, Number]) -> T:
    """`thing`, which stands at `path`, with other numbers at these paths."""
    return _with_changes(path, thing, numbers.get)


def _with_changes(path: Path, thing: T, change: Callable[[Path, Number], Number]) -> T:
    changed: object = thing
    if isinstance(thing, Number):
        changed = change(path, thing)
    elif isinstance(thing, Mapping):
        changed = immutabledict({key: _with_changes((*path, str(key)), each, change) for key, each in thing.items()})
    elif isinstance(thing, Distribution):
        changed = Distribution(_with_changes(path, thing.numbers, change))
    elif is_dataclass(thing):
        parts = {each.name: getattr(thing, each.name) for each in fields(thing)}
        changed = replace(
            cast("Any", thing),
            **{
                name: _with_changes(_below(path, thing, name), part, change)
                for name, part in parts.items()
                if isinstance(part, Mapping) or is_dataclass(part)
            },
        )
    return cast("T", changed)


def _below(path: Path, thing: object, name: str) -> Path:
    """The place of an attribute of `thing`."""
    value = getattr(thing, name)
    return (*path, RULE_KEYS.get(type(value), name) if name == "model" else name)
