"""From a network's folder to a `Network`. All that is wrong with the files is told in one `NetworkError`.

Reading goes on after a fault with a stand-in (NaN for a number), so that one pass finds everything; the rules between
the parts (`bayesknee.knowledge.checks`) then run on what could be read, and what they say about a place already told is
dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any, Final, TypeVar

from immutabledict import immutabledict

from bayesknee.errors import NetworkError, Problem, few_hints, name_hint, quoted
from bayesknee.knowledge.answer_lines import AnswerLine
from bayesknee.knowledge.checks import find_problems
from bayesknee.knowledge.coding.systems import SNOMED
from bayesknee.knowledge.general_advice import GeneralAdvice
from bayesknee.knowledge.guideline_scores import GuidelineScore, ScoreItem, ScoreStep
from bayesknee.knowledge.model import (
    NO_YES,
    CodesBySystem,
    Condition,
    Exclusion,
    Finding,
    FindingModel,
    Form,
    Group,
    OddsRatio,
    Path,
    Probability,
    RedFlag,
    Reference,
    RiskFactor,
    Setting,
    Sign,
    Threshold,
)
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import Opening, TickAll
from bayesknee.knowledge.pictures import Picture, View
from bayesknee.knowledge.reading import yaml_tree
from bayesknee.knowledge.reading.fields import Fields, deepest, shown, unread
from bayesknee.knowledge.reading.yaml_tree import TooManyNodesError, TreeError, read_tree
from bayesknee.knowledge.scope import Scope, ScopeAnswer, ScopeQuestion

FORMAT: Final = "1"
MOST_FILES: Final = 100  # judged: a network has a dozen sections; a folder with more is hardly one
MOST_TOGETHER: Final = 10_000_000  # bytes: 4,000 findings of 10 causes take half of it, and reading them 10 seconds
# Keys and values take the time and memory of reading, and each takes some 15 bytes of a file that holds a network, by
# measurement; of `[a,a,` two.
MOST_NODES: Final = MOST_TOGETHER // 15
WRONG_ENDINGS: Final = (".yml", ".yaml")  # which the pattern below does not find: also .YAML, where case counts
MAIN_FILE: Final = "network.yaml"
TESTS_FILE: Final = "tests.yaml"  # what the network should say of some patients: beside it, and no part of it
SECTIONS: Final = (
    "network",
    "settings",
    "topics",
    "groups",
    "references",
    "risk_factors",
    "conditions",
    "signs",
    "findings",
    "red_flags",
    "scores",
    "general_advice",
    "interview",
    "scope",
    "pictures",
)
OPTIONAL_TEXTS: Final = ("description", "complaint", "catch_all", "caution", "icd10_edition")  # of `network`

T = TypeVar("T")


def read_network(folder: FilePath) -> Network:
    """The network in `folder`.

    Raises:
        NetworkError: with all problems of all files, each with file, line, value, expectation and remedy.
    """
    with few_hints():
        return _NetworkReader(folder).network()


@dataclass
class _Draft:
    """The parts read so far; a `bayesknee.knowledge.checks.NetworkParts`."""

    settings: dict[str, Setting] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    references: dict[str, Reference] = field(default_factory=dict)
    risk_factors: dict[str, RiskFactor] = field(default_factory=dict)
    conditions: dict[str, Condition] = field(default_factory=dict)
    signs: dict[str, Sign] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    red_flags: dict[str, RedFlag] = field(default_factory=dict)
    scores: dict[str, GuidelineScore] = field(default_factory=dict)
    general_advice: dict[str, GeneralAdvice] = field(default_factory=dict)
    opening: Opening = field(default_factory=Opening)
    scope: Scope = field(default_factory=Scope)
    pictures: dict[str, Picture] = field(default_factory=dict)
    complaint: str = ""
    catch_all: str = ""
    id: str = ""
    version: str = ""
    title: str = ""
    description: str = ""
    caution: str = ""
    most_causes: int | None = None
    icd10_edition: str = ""


class _NetworkReader:
    def __init__(self, folder: FilePath) -> None:
        self._folder = folder
        self._problems: list[Problem] = []
        self._trees: dict[str, yaml_tree.Mapping] = {}
        self._broken: set[str] = set()
        self._digest = hashlib.sha256()
        self._nodes_left = MOST_NODES

    def network(self) -> Network:
        is_complete = self._read_files()
        draft = _Draft(
            settings=self._section("settings", _setting),
            topics=self._section("topics", lambda name, entry: entry.itself_text() or name),
            references=self._section("references", _reference),
            risk_factors=self._section("risk_factors", _risk_factor),
            conditions=self._section("conditions", _condition),
            signs=self._section("signs", _sign),
            findings=self._section("findings", _finding),
            groups=self._section("groups", _group),
            red_flags=self._section("red_flags", _red_flag),
            scores=self._section("scores", _score),
            general_advice=self._section("general_advice", _general_advice),
            opening=self._opening(),
            scope=self._scope(),
            pictures=self._section("pictures", _picture),
            **self._head(),
        )
        self._unknown_sections()
        if not self._problems:
            with suppress(NetworkError):  # which says no lines; they are found below
                return Network(**vars(draft), sha256=self._digest.hexdigest())
        if is_complete:
            self._problems += self._cross_problems(draft)
        raise NetworkError(sorted(self._problems, key=lambda each: (each.file or "", each.line or 0)))

    def _read_files(self) -> bool:
        """Reads all files; whether each of them could be read."""
        files = sorted(file for file in self._folder.glob("*.yaml") if file.name != TESTS_FILE)
        if len(files) > MOST_FILES:
            problem = Problem((), f"{len(files)} files", f"at most {MOST_FILES}", "merge some", self._folder.name)
            raise NetworkError([problem])
        if not (self._folder / MAIN_FILE).is_file():
            remedy = f"add {MAIN_FILE}, or name the right folder"
            raise NetworkError([Problem((), f"no {MAIN_FILE}", "the folder of a network", remedy, str(self._folder))])
        together = sum(file.stat().st_size for file in files if file.is_file())
        if together > MOST_TOGETHER:
            got, expected = f"files of {together:,} bytes together", f"at most {MOST_TOGETHER:,}"
            raise NetworkError([Problem((), got, expected, "leave out what is not needed", self._folder.name)])
        self._wrong_endings(files)
        return sum(self._read_file(file) for file in files) == len(files)

    def _wrong_endings(self, files: Container[FilePath]) -> None:
        """A file that is not read for its name would be missed by nobody."""
        for file in sorted(self._folder.iterdir()):
            if file.suffix.lower() in WRONG_ENDINGS and file not in files and file.name != TESTS_FILE:
                remedy = f"rename it to {quoted(f'{file.stem}.yaml')}, or move it out of the folder"
                got = f"the ending {quoted(file.suffix)}, which is not read"
                self._problems.append(Problem((), got, "files that end in .yaml", remedy, file.name))

    def _read_file(self, file: FilePath) -> bool:
        try:
            found = read_tree(file, most_nodes=self._nodes_left)
        except TooManyNodesError as error:
            raise NetworkError(error.problems) from None
        except TreeError as error:
            self._problems += error.problems
            return False
        tree, content = found.tree, found.content
        self._nodes_left -= found.nodes
        self._problems += found.problems
        self._digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
        if isinstance(tree, yaml_tree.Mapping):
            self._trees[file.name] = tree
            return True
        # Not what it says: a link may lead to a file that is nobody's business.
        got, expected = "a text" if isinstance(tree, yaml_tree.Scalar) else shown(tree), "sections such as conditions:"
        self._problems.append(Problem((), got, expected, "see the format", file.name, tree.line))
        return False

    def _unknown_sections(self) -> None:
        for file, tree in self._trees.items():
            for key, line in tree.lines.items():
                if key not in SECTIONS:
                    told = name_hint(key, SECTIONS)
                    self._problems.append(Problem((key,), quoted(key), "a section of the format", told, file, line))

    def _cross_problems(self, draft: _Draft) -> Iterator[Problem]:
        told = {problem.path for problem in self._problems if problem.path}
        above = {path[:depth] for path in told for depth in range(len(path) + 1)}
        for problem in find_problems(draft, frozenset(self._broken)):
            path = problem.path
            if path not in above and not any(path[:depth] in told for depth in range(len(path))):
                file, line = self._place(path)
                yield replace(problem, file=file, line=line)

    def _place(self, path: Path) -> tuple[str, int | None]:
        """File and line of the deepest key of `path` that is written down."""
        places = [(*deepest(tree, path), file) for file, tree in self._trees.items()]
        depth, line, file = max(places, key=lambda place: place[0])
        return (file, line) if depth else (MAIN_FILE, None)

    def _section(self, name: str, build: Callable[[str, Fields], T | None]) -> dict[str, T]:
        """All entries of a section, over all files; the ids of those that could not be built go to `_broken`."""
        built: dict[str, T] = {}
        first: dict[str, str] = {}
        for file, tree in self._trees.items():
            if name not in tree.items:
                continue
            for key, entry in Fields(self._problems, file, tree.items[name], (name,)).entries():
                if key in first:
                    got = f"{quoted(key)} again (first in {first[key]})"
                    entry.problem((), got, "each id once", "keep one of them")
                    continue
                first[key] = file
                part = build(key, entry)
                entry.done()
                if part is None:
                    self._broken.add(key)
                else:
                    built[key] = part
        return built

    def _opening(self) -> Opening:
        """The section `interview`, which a network may lack."""
        if (fields := self._one_place("interview")) is None:
            return Opening()
        opening = Opening(
            fields.texts("opening", ()), immutabledict(fields.each_named("tick_all", _tick_all, required=False))
        )
        fields.done()
        return opening

    def _scope(self) -> Scope:
        """The section `scope`, which a network may lack."""
        if (fields := self._one_place("scope")) is None:
            return Scope()
        scope = Scope(
            fields.text("purpose"),
            fields.texts("not_for", ()),
            fields.texts("leaves_out", ()),
            immutabledict(fields.each_named("questions", _scope_question, required=False)),
        )
        fields.done()
        return scope

    def _one_place(self, section: str) -> Fields | None:
        """A section that stands in one file at most; None where it is in none."""
        files = [file for file, tree in self._trees.items() if section in tree.items]
        if len(files) > 1:
            got = f"the section in {', '.join(files)}"
            self._problems.append(Problem((section,), got, "at most one", "keep one of them", files[1]))
        if not files:
            return None
        return Fields(self._problems, files[0], self._trees[files[0]].items[section], (section,))

    def _head(self) -> dict[str, Any]:
        """The section `network`."""
        files = [file for file, tree in self._trees.items() if "network" in tree.items]
        if len(files) != 1:
            if MAIN_FILE in self._trees:
                got = f"the section in {', '.join(files)}" if files else "no section network"
                problem = Problem(("network",), got, "one section network", f"write it in {MAIN_FILE}", MAIN_FILE)
                self._problems.append(problem)
            return {}
        fields = Fields(self._problems, files[0], self._trees[files[0]].items["network"], ("network",))
        if (given := fields.text("format")) not in ("", FORMAT):
            fields.problem(("format",), quoted(given), f"format {FORMAT}", "update bayesknee, or the network")
        head: dict[str, Any] = {key: fields.text(key) for key in ("id", "version", "title")}
        head["most_causes"] = fields.integer("most_causes")
        head |= {key: fields.text(key, "") for key in OPTIONAL_TEXTS}
        self._missing_files(fields)
        fields.done()
        return head

    def _missing_files(self, head: Fields) -> None:
        """A file of its own sections only, such as the red flags, would not be missed otherwise."""
        there = {file.name for file in self._folder.glob("*.yaml")}
        for name in head.texts("files", ()):
            if name not in there:
                head.problem(("files",), f"no file {quoted(name)}", "all files of the network", "copy the whole folder")


def _setting(name: str, entry: Fields) -> Setting:
    return Setting(name, entry.text("name"), entry.text("description", ""))


def _reference(name: str, entry: Fields) -> Reference:
    return Reference(name, entry.text("citation"), entry.text("url", ""), entry.text("note", ""))


def _group(name: str, entry: Fields) -> Group:
    return Group(name, entry.text("name"), entry.texts("members"))


def _tick_all(name: str, entry: Fields) -> TickAll:
    group = TickAll(
        name, entry.text("question"), entry.texts("members"), entry.text("help", ""), entry.text("topic", "")
    )
    entry.done()
    return group


def _scope_question(name: str, entry: Fields) -> ScopeQuestion:
    answers = immutabledict(entry.each_named("answers", _scope_answer))
    question = ScopeQuestion(name, entry.text("question"), answers, entry.text("help", ""))
    entry.done()
    return question


def _scope_answer(name: str, entry: Fields) -> ScopeAnswer:
    answer = ScopeAnswer(name, entry.text("label"), entry.text("reason", ""), entry.text("go_to", ""))
    entry.done()
    return answer


def _picture(name: str, entry: Fields) -> Picture:
    return Picture(name, entry.text("title"), immutabledict(entry.each_named("views", _view)))


def _view(name: str, entry: Fields) -> View:
    regions = immutabledict(entry.each("regions", Fields.itself_text, required=False))
    width, height = (entry.child(side).itself_number() for side in ("width", "height"))
    view = View(name, entry.text("label"), width, height, entry.texts("outline", ()), regions)
    entry.done()
    return view


def _red_flag(name: str, entry: Fields) -> RedFlag:
    return RedFlag(
        id=name,
        label=entry.text("label"),
        level=entry.text("level"),  # type: ignore[arg-type]  # the rules refuse an unknown one
        reason=entry.text("reason"),
        when=_lines(entry, "when"),
        source=entry.text("source"),
        note=entry.text("note", ""),
        unless=tuple(_exclusion(each) for each in entry.items("unless")) if entry.has("unless") else (),
    )


def _lines(entry: Fields, key: str) -> tuple[AnswerLine, ...]:
    return tuple(immutabledict(line.each_itself(Fields.itself_texts)) for line in entry.items(key))


def _score(name: str, entry: Fields) -> GuidelineScore:
    return GuidelineScore(
        id=name,
        name=entry.text("name"),
        items=immutabledict(entry.each_named("items", _score_item)),
        steps=tuple(_score_step(each) for each in entry.items("steps")),
        source=entry.text("source"),
        note=entry.text("note", ""),
        applies_if=_lines(entry, "applies_if") if entry.has("applies_if") else (),
    )


def _general_advice(name: str, entry: Fields) -> GeneralAdvice:
    return GeneralAdvice(
        id=name,
        text=entry.text("text"),
        verdict=entry.text("verdict"),  # type: ignore[arg-type]  # checked with all else
        guidelines=entry.text("guidelines"),
        levels=entry.texts("levels"),  # type: ignore[arg-type]  # likewise
        source=entry.text("source"),
        note=entry.text("note", ""),
    )


def _score_item(name: str, entry: Fields) -> ScoreItem:
    ways = [key for key in ("when", "number", "at_least_as_likely_as", "not_asked") if entry.has(key)]
    if len(ways) != 1 or ("not_asked" in ways and not entry.truth("not_asked", default=False)):
        got = "none of them" if len(ways) < 2 else " and ".join(ways)
        expected = "one of when, number, at_least_as_likely_as, not_asked: true"
        entry.problem((), got, expected, "say how the item is told")
    item = ScoreItem(
        id=name,
        label=entry.text("label"),
        points=entry.child("points").itself_number(),
        when=_lines(entry, "when") if "when" in ways else (),
        number=immutabledict(entry.each("number", Fields.itself_pair, required=False)),
        is_partly_asked=entry.truth("partly", default=False),
        at_least_as_likely_as=entry.text("at_least_as_likely_as", ""),
    )
    entry.done()
    return item


def _score_step(entry: Fields) -> ScoreStep:
    step = ScoreStep(
        start=entry.child("from").itself_number(),
        label=entry.text("label"),
        level=entry.text("level") if entry.has("level") else None,  # type: ignore[arg-type]  # as for red flags
        do=entry.text("do", ""),
    )
    entry.done()
    return step


def _exclusion(entry: Fields) -> Exclusion:
    when = immutabledict(entry.each("when", Fields.itself_texts))
    exclusion = Exclusion(when, entry.text("reason"), entry.text("source"), entry.text("note", ""))
    entry.done()
    return exclusion


def _risk_factor(name: str, entry: Fields) -> RiskFactor:
    entry.take_basis()
    prior = immutabledict(entry.each("prior", Fields.distribution))
    return RiskFactor(id=name, **_asked(entry), prior=prior)


def _condition(name: str, entry: Fields) -> Condition:
    entry.take_basis()
    ratios = entry.each("odds_ratios", lambda fields: fields.numbers(OddsRatio), required=False)
    return Condition(
        id=name,
        name=entry.text("name"),
        icd10=entry.text("icd10"),
        description=entry.text("description"),
        what_helps=entry.text("what_helps"),
        base_rate=entry.child("base_rate").numbers(Probability),
        odds_ratios=immutabledict(ratios),
        must_not_miss=entry.truth("must_not_miss", default=False),
        forms=immutabledict(entry.each_named("forms", _form, required=False)),
        stake=entry.plain_number("stake", 1.0),
        codes=_codes(entry),
        **_thresholds(entry),
    )


def _form(name: str, entry: Fields) -> Form:
    has_care = entry.has("level") or entry.has("limit") or entry.has("thresholds")
    care = _thresholds(entry) if has_care else {}
    form = Form(name, entry.text("name"), entry.number_or_by_setting("share", Probability), codes=_codes(entry), **care)
    entry.done()
    return form


def _thresholds(entry: Fields) -> dict[str, Any]:
    """A condition's level and limit, or its list of thresholds, of which the first says both."""
    if not entry.has("thresholds"):
        return {"level": entry.text("level"), "limit": entry.number("limit", Probability)}
    steps = [(each.text("level"), _threshold(each)) for each in entry.items("thresholds")]
    levels = [level for level, _ in steps]
    for level in {level for level in levels if level and levels.count(level) > 1}:
        entry.problem(("thresholds",), f"{level} twice", "one threshold for each level", "keep one of them")
    (level, first), *further = steps or [("", Threshold(unread(Probability)))]
    return {"level": level, "limit": first.at, "do": first.do, "thresholds": immutabledict(further)}


def _threshold(entry: Fields) -> Threshold:
    threshold = Threshold(entry.number("at", Probability), entry.text("do", ""))
    entry.done()
    return threshold


def _sign(name: str, entry: Fields) -> Sign:
    entry.take_basis()
    label, description = entry.text("label"), entry.text("description")
    if entry.has("table"):
        if entry.has("noisy_or"):
            entry.problem((), "both of them", "one of noisy_or, table", "say how the sign depends on the conditions")
        return Sign(name, label, description, entry.child("table").table())
    return Sign(name, label, description, entry.child("noisy_or").noisy_or())


def _finding(name: str, entry: Fields) -> Finding | None:
    entry.take_basis()
    model = _finding_model(entry)
    asked = _asked(entry)
    kind = entry.text("kind")
    rest = {
        "asked_of": entry.text("asked_of", ""),
        "only_if": immutabledict(entry.each("only_if", Fields.itself_texts, required=False)),
    }
    return Finding(id=name, kind=kind, model=model, **asked, **rest) if model else None  # type: ignore[arg-type]


def _finding_model(entry: Fields) -> FindingModel | None:
    rules: dict[str, Callable[[Fields], FindingModel]] = {
        "reads": Fields.reading,
        "noisy_or": Fields.noisy_or,
        "greatest": Fields.greatest,
        "mixture": Fields.mixture,
        "table": Fields.table,
    }
    models = [read(entry.child(key)) for key, read in rules.items() if entry.has(key)]
    if len(models) != 1:
        got = "none of them" if not models else f"{len(models)} of them"
        entry.problem((), got, f"one of {', '.join(rules)}", "say how the finding depends on the conditions")
        return None
    return models[0]


def _asked(entry: Fields) -> dict[str, Any]:
    """The keys that risk factors and findings have in common. Bands, where there are any, name the states."""
    bands = immutabledict(entry.each("bands", Fields.itself_band, required=False))
    return {
        "states": entry.texts("states", tuple(bands) if set(bands).difference(NO_YES) else NO_YES),
        "bands": bands,
        "cut_offs": immutabledict(entry.each("cut_offs", Fields.itself_cut_off, required=False)),
        "unit": entry.text("unit", ""),
        "out_of_scope": entry.text("out_of_scope", ""),
        "label": entry.text("label"),
        "question": entry.text("question"),
        "topic": entry.text("topic"),
        "burden": entry.plain_number("burden", 1.0),
        "help": entry.text("help", ""),
        "synonyms": entry.texts("synonyms", ()),
        "state_synonyms": immutabledict(entry.each("state_synonyms", Fields.itself_texts, required=False)),
        "state_names": immutabledict(entry.each("state_names", Fields.itself_names, required=False)),
        "codes": _codes(entry),
        "state_codes": immutabledict(entry.each("state_codes", _codes_itself, required=False)),
        **{
            key: immutabledict(entry.each(key, Fields.itself_texts, required=False))
            for key in ("ask_once", "ask_unless")
        },
    }


def _codes(entry: Fields) -> CodesBySystem:
    return _codes_itself(entry.child("codes")) if entry.has("codes") else immutabledict()


def _codes_itself(place: Fields) -> CodesBySystem:
    """This place as codes by system. Those of SNOMED CT want a licence in many countries, so none lie in a network."""
    if place.has(SNOMED):
        remedy = "keep them in a file beside, which `bayesknee serve --codes` takes"
        place.problem((SNOMED,), "codes of SNOMED CT", "codes that anybody may pass on", remedy)
    return immutabledict(place.each_itself(Fields.itself_names))
