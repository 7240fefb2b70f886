"""Published noisy-OR networks in a plain JSON form, turned into networks of our own.

    {"name": "...",
     "conditions": [{"id": "c1", "prior": 0.001, "name": "Gout", "icd10": "M10.9"}, ...],       name, icd10: optional
     "findings": [{"id": "f1", "leak": 0.03, "links": {"c1": 0.5, ...},
                   "name": "Swollen toe", "question": "Is a toe swollen?"}, ...],               name, question: optional
     "evidence": {"f1": "present", ...},                    optional; present, absent or unknown
     "reference_marginals": {"c1": 0.0123, ...}}            optional

`leak` is P(present | no condition), `links` P(present | only that condition, no leak), each condition's `prior` plain.
An id may be any text: what is no id here becomes one, `Morbus Bechterew` for instance `morbus_bechterew`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from immutabledict import immutabledict

from bayesknee.errors import ImportFileError, NetworkError, Problem, few_hints, name_hint, quoted
from bayesknee.interop.file_text import file_text
from bayesknee.interop.placeholders import (
    CAUTION,
    SETTING,
    SOURCE,
    TOPIC,
    UNSPECIFIED,
    condition,
    number,
    source_reference,
)
from bayesknee.knowledge.model import Condition, Finding, NoisyOr, Setting
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.safe_names import safe_id, safe_ids, safe_text

MISSING: Final = object()
CONDITION_KEYS: Final = ("id", "prior")  # that an entry must have
FINDING_KEYS: Final = ("id", "leak", "links")
KEYS: Final = ("name", "conditions", "findings", "evidence", "reference_marginals")
ANSWERS: Final = immutabledict(present="yes", absent="no", yes="yes", no="no", unknown="unknown")


@dataclass(frozen=True)
class NoisyOrFile:
    """What a file holds.

    Attributes:
        network: the network, without a presenting complaint, so that priors are plain marginals.
        evidence: answers by id of a finding or condition, as case files have them.
        reference: published P(condition | evidence) by condition; empty where the file has none.
    """

    network: Network
    evidence: Mapping[str, str]
    reference: Mapping[str, float]


def read_noisy_or(file: Path | str) -> NoisyOrFile:
    """The network, evidence and reference marginals in a file.

    Raises:
        ImportFileError: a file that cannot be read, or with anything that is not as above; tells every place.
    """
    path = Path(file)
    return noisy_or_network(_json_of(path), path.name)


def noisy_or_network(document: Any, name: str) -> NoisyOrFile:  # noqa: ANN401 (whatever JSON holds)
    """The same from what is read already; `name` is told as the source and in errors.

    Raises:
        ImportFileError: as `read_noisy_or`.
    """
    with few_hints():
        return _DocumentReader(name).file(document)


def _json_of(path: Path) -> object:
    def refuse(got: str, remedy: str) -> ImportFileError:
        return ImportFileError(f"{path.name}: got {got}; expected a noisy-OR network as JSON; {remedy}")

    text = file_text(path, "a noisy-OR network as JSON")
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, refuse))
    except json.JSONDecodeError as error:
        raise refuse(f"text that is not JSON on line {error.lineno} ({error.msg})", "mend it there") from None
    except ValueError:  # Python reads no such numbers
        raise refuse("a whole number of thousands of digits", "correct the figure") from None
    except RecursionError:
        raise refuse("lists or objects too deep in each other", "flatten it") from None


def _once(pairs: list[tuple[str, object]], refuse: Any) -> dict[str, object]:  # noqa: ANN401
    found = dict(pairs)
    if len(found) < len(pairs):
        again = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise refuse(f"the key {quoted(again)} twice in one object", "keep one of them")
    return found


def _ids(entries: object) -> tuple[str, ...]:
    """The ids in a list of entries, be these right in other respects or not."""
    ids = (each.get("id") for each in entries if isinstance(each, dict)) if isinstance(entries, list) else ()
    return tuple(each for each in ids if isinstance(each, str))


@dataclass
class _DocumentReader:
    """Reads a document and collects what is wrong with it."""

    name: str
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def file(self, document: object) -> NoisyOrFile:
        head = self._object((), document, KEYS, ("conditions", "findings"))
        names, of_findings = (dict.fromkeys(_ids(head.get(section))) for section in ("conditions", "findings"))
        self.ids = safe_ids((*names, *of_findings), "node")
        conditions = dict(self._conditions(head.get("conditions", [])))
        findings = dict(self._findings(head.get("findings", []), names))
        evidence = dict(self._evidence(head.get("evidence", {}), {**names, **of_findings}))
        reference = dict(self._reference(head.get("reference_marginals", {}), names))
        title = head.get("name", Path(self.name).stem)
        title = " ".join(title.split()) if isinstance(title, str) else title
        if not isinstance(title, str) or not title:
            self._problem(("name",), quoted(title), "a text", "write the network's name, or leave the key out")
        elif not title.isprintable():
            self._problem(("name",), quoted(ascii(title)), "a text without control characters", "remove them")
        if self.problems:
            raise ImportFileError.of(self.problems)
        return NoisyOrFile(self._network(str(title), conditions, findings), evidence, reference)

    def _network(self, title: str, conditions: Mapping[str, Condition], findings: Mapping[str, Finding]) -> Network:
        try:
            return Network(
                id=safe_id(title, "network"),
                version="0",
                title=title,
                description=f"{len(conditions)} conditions and {len(findings)} findings of a noisy-OR network.",
                settings={SETTING: Setting(SETTING, "As published")},
                topics={TOPIC: "Findings"},
                references={SOURCE: source_reference(f"Noisy-OR network {title}", self.name)},
                risk_factors={},
                conditions=conditions,
                signs={},
                findings=findings,
                caution=CAUTION,
            )
        except NetworkError as error:
            raise ImportFileError.of(_placed(each, self.name) for each in error.problems) from None

    def _conditions(self, entries: object) -> Iterator[tuple[str, Condition]]:
        for path, entry in self._entries("conditions", entries, CONDITION_KEYS, ("name", "icd10")):
            prior = self._probability((*path, "prior"), entry.get("prior", MISSING))
            if prior in (0.0, 1.0):
                self._problem((*path, "prior"), f"{prior:g}", "a prior inside (0, 1)", "leave the condition out")
            elif not math.isnan(prior):
                name = self.ids[entry["id"]]
                label = self._text(path, entry, "name", _label("Condition", entry["id"], name))
                yield name, condition(name, label, prior, icd10=self._text(path, entry, "icd10", UNSPECIFIED))

    def _findings(self, entries: object, conditions: Collection[str]) -> Iterator[tuple[str, Finding]]:
        for path, entry in self._entries("findings", entries, FINDING_KEYS, ("name", "question"), conditions):
            leak = self._probability((*path, "leak"), entry.get("leak", MISSING))
            links = self._object((*path, "links"), entry["links"], None, ()) if "links" in entry else {}
            given = {name: self._link((*path, "links", name), name, q, conditions) for name, q in links.items()}
            causes = {name: q for name, q in given.items() if q > 0.0}
            if leak == 1.0:
                self._problem((*path, "leak"), "1", "a leak below 1", "leave the finding out: it is always present")
            elif not causes and isinstance(entry.get("links"), dict) and not any(map(math.isnan, given.values())):
                self._problem((*path, "links"), "no link above 0", "a cause of it", "leave the finding out")
            elif not math.isnan(leak):
                name = self.ids[entry["id"]]
                label = self._text(path, entry, "name", _label("Finding", entry["id"], name))
                question = self._text(path, entry, "question", f"Is {entry.get('name', entry['id'])} present?")
                rule = _rule(leak, {self.ids[cause]: q for cause, q in causes.items() if cause in self.ids})
                yield name, Finding(name, "history", label, safe_text(question), TOPIC, rule)

    def _link(self, path: tuple[str, ...], name: str, q: object, conditions: Collection[str]) -> float:
        if name not in conditions:
            told = name_hint(name, conditions, "add it to conditions")
            self._problem(path, quoted(name), "the id of a condition", told)
        return self._probability(path, q)

    def _evidence(self, entries: object, known: Collection[str]) -> Iterator[tuple[str, str]]:
        for name, answer in self._object(("evidence",), entries, None, ()).items():
            if name not in known:
                told = name_hint(name, known, "correct the id")
                self._problem(("evidence", name), quoted(name), "the id of a finding or condition", told)
            elif not isinstance(answer, str) or answer not in ANSWERS:
                self._problem(("evidence", name), _got(answer), "present, absent or unknown", "write one of them")
            else:
                yield self.ids[name], ANSWERS[answer]

    def _reference(self, entries: object, known: Collection[str]) -> Iterator[tuple[str, float]]:
        path = ("reference_marginals",)
        for name, value in self._object(path, entries, None, ()).items():
            if name not in known:
                self._problem((*path, name), quoted(name), "the id of a condition", "correct the id")
            yield self.ids.get(name, name), self._probability((*path, name), value)

    # --- places ------------------------------------------------------------------------------------------------------

    def _entries(
        self,
        section: str,
        entries: object,
        keys: tuple[str, ...],
        optional: tuple[str, ...],
        taken: Collection[str] = (),
    ) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        """The entries of a list that bear an id of their own, and their places."""
        if not isinstance(entries, list):
            self._problem((section,), _got(entries), "a list", "write it as [{...}, {...}]")
            return
        seen: set[str] = set()
        for place, each in enumerate(entries):
            path: tuple[str, ...] = (section, str(place))
            entry = self._object(path, each, (*keys, *optional), keys)
            name = entry.get("id")
            if not isinstance(name, str) or not name.strip():
                if "id" in entry:
                    self._problem((*path, "id"), _got(name), "a word", "write it in quotes")
            elif name in seen or name in taken:
                self._problem((*path, "id"), quoted(name), "each id once", "rename one of them")
            else:
                seen.add(name)
                yield (section, name), entry

    def _object(
        self, path: tuple[str, ...], value: object, known: tuple[str, ...] | None, needed: tuple[str, ...]
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._problem(path, _got(value), "an object", "write it as {...}")
            return {}
        for key in value if known is not None else ():
            if key not in (known or ()):
                self._problem((*path, key), quoted(key), "a known key", name_hint(key, known or ()))
        for key in needed:
            if key not in value:
                self._problem((*path, key), "nothing", f"a key {key}", "add it")
        return value

    def _text(self, path: tuple[str, ...], entry: Mapping[str, object], key: str, otherwise: str) -> str:
        """A text that an entry may have."""
        value = entry.get(key, otherwise)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self._problem((*path, key), _got(value), "a text on one line", "write it in quotes, or leave the key out")
            return otherwise
        return value.strip()

    def _probability(self, path: tuple[str, ...], value: object) -> float:
        """A probability, 0 and 1 included; NaN where there is none."""
        if value is MISSING:  # told as a missing key; null is a value, and a wrong one
            return math.nan
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0.0 <= value <= 1.0:  # type: ignore[operator]
            self._problem(path, _got(value), "a probability from 0 to 1", "correct the figure")
            return math.nan
        return float(value)  # type: ignore[arg-type]

    def _problem(self, path: tuple[str, ...], got: str, expected: str, remedy: str) -> None:
        self.problems.append(Problem(path, got, expected, remedy, self.name))


def _got(value: object) -> str:
    """A value as the file has it."""
    return "null" if value is None else quoted(value)


def _placed(problem: Problem, name: str) -> Problem:
    return Problem(problem.path, problem.got, problem.expected, problem.remedy, name)


def _label(kind: str, given: str, name: str) -> str:
    """What a thing without a name is called: by the id of the file where that says more than the one made of it."""
    return f"{kind} {name}" if given == name else safe_text(given)


def _rule(leak: float, links: Mapping[str, float]) -> NoisyOr:
    """The format's figures include the leak: P = 1 - (1 - leak)(1 - q)."""
    causes = {cause: number(1.0 - (1.0 - leak) * (1.0 - q)) for cause, q in links.items()}
    return NoisyOr(number(leak), immutabledict(causes))
