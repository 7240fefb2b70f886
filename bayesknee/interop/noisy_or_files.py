"""Published noisy-OR networks in a plain JSON form, turned into networks of our own.

    {"name": "...",
     "conditions": [{"id": "c1", "prior": 0.001}, ...],
     "findings": [{"id": "f1", "leak": 0.03, "links": {"c1": 0.5, ...}}, ...],
     "evidence": {"f1": "present", ...},                    optional; present, absent or unknown
     "reference_marginals": {"c1": 0.0123, ...}}            optional

`leak` is P(present | no condition), `links` P(present | only that condition, no leak), each condition's `prior` plain.
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

from bayesknee.errors import ImportFileError, NetworkError, Problem, few_hints, name_hint, printable, quoted
from bayesknee.knowledge.model import ANY_SETTING, Condition, Finding, NoisyOr, Probability, Reference, Setting
from bayesknee.knowledge.network import Network

# Judged: far more than 40,000 links take; a wrong file is to be refused before memory is full.
MOST_BYTES: Final = 100_000_000
GZIP: Final = b"\x1f\x8b"
NEAREST: Final = 1e-15  # to 0 and to 1: the format takes neither, and less would round to 1
MISSING: Final = object()
SOURCE: Final = "source_file"
TOPIC: Final = "findings"
SETTING: Final = "as_published"
UNSPECIFIED: Final = "R69"  # ICD-10: illness, unspecified
UNKNOWN_LEVEL: Final = "urgent"  # what is not known must not reassure
NO_RANGE: Final = "the file states no range"
KEYS: Final = ("name", "conditions", "findings", "evidence", "reference_marginals")
ANSWERS: Final = immutabledict(present="yes", absent="no", yes="yes", no="no", unknown="unknown")
CAUTION: Final = (
    "Turned from a file of probabilities: names, urgency, limits and who is asked are placeholders (each condition "
    "counts as urgent, none as dangerous), and nobody has checked it for use with patients."
)


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

    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise refuse(f"more than {MOST_BYTES:,} bytes", "name the right file")
        if content.startswith(GZIP):
            raise refuse("a file packed by gzip", "unpack it with gunzip")
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=lambda pairs: _once(pairs, refuse))
    except OSError as error:
        raise ImportFileError(f"cannot read {str(path)!r}: {error.strerror or error}; check the path") from None
    except UnicodeDecodeError:
        raise refuse("bytes that are not UTF-8", "save it as UTF-8") from None
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


def _ids(entries: object) -> frozenset[str]:
    """The ids in a list of entries, be these right in other respects or not."""
    ids = (each.get("id") for each in entries if isinstance(each, dict)) if isinstance(entries, list) else ()
    return frozenset(each for each in ids if isinstance(each, str))


@dataclass
class _DocumentReader:
    """Reads a document and collects what is wrong with it."""

    name: str
    problems: list[Problem] = field(default_factory=list)

    def file(self, document: object) -> NoisyOrFile:
        head = self._object((), document, KEYS, ("conditions", "findings"))
        names, of_findings = (_ids(head.get(section)) for section in ("conditions", "findings"))
        conditions = dict(self._conditions(head.get("conditions", [])))
        findings = dict(self._findings(head.get("findings", []), names))
        evidence = dict(self._evidence(head.get("evidence", {}), names | of_findings))
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
        citation = f"Noisy-OR network {title}, read from {printable(' '.join(self.name.split()))}"
        try:
            return Network(
                id=_id_of(title),
                version="0",
                title=title,
                description=f"{len(conditions)} conditions and {len(findings)} findings of a noisy-OR network.",
                settings={SETTING: Setting(SETTING, "As published")},
                topics={TOPIC: "Findings"},
                references={SOURCE: Reference(SOURCE, citation, note=NO_RANGE)},
                risk_factors={},
                conditions=conditions,
                signs={},
                findings=findings,
                caution=CAUTION,
            )
        except NetworkError as error:
            raise ImportFileError.of(_placed(each, self.name) for each in error.problems) from None

    def _conditions(self, entries: object) -> Iterator[tuple[str, Condition]]:
        for path, entry in self._entries("conditions", entries, ("id", "prior")):
            prior = self._probability((*path, "prior"), entry.get("prior", MISSING))
            if prior in (0.0, 1.0):
                self._problem((*path, "prior"), f"{prior:g}", "a prior inside (0, 1)", "leave the condition out")
            elif not math.isnan(prior):
                yield entry["id"], _condition(entry["id"], prior)

    def _findings(self, entries: object, conditions: Collection[str]) -> Iterator[tuple[str, Finding]]:
        for path, entry in self._entries("findings", entries, ("id", "leak", "links"), conditions):
            leak = self._probability((*path, "leak"), entry.get("leak", MISSING))
            links = self._object((*path, "links"), entry["links"], None, ()) if "links" in entry else {}
            given = {name: self._link((*path, "links", name), name, q, conditions) for name, q in links.items()}
            causes = {name: q for name, q in given.items() if q > 0.0}
            if leak == 1.0:
                self._problem((*path, "leak"), "1", "a leak below 1", "leave the finding out: it is always present")
            elif not causes and isinstance(entry.get("links"), dict) and not any(map(math.isnan, given.values())):
                self._problem((*path, "links"), "no link above 0", "a cause of it", "leave the finding out")
            elif not math.isnan(leak):
                yield entry["id"], _finding(entry["id"], leak, causes)

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
                yield name, ANSWERS[answer]

    def _reference(self, entries: object, known: Collection[str]) -> Iterator[tuple[str, float]]:
        path = ("reference_marginals",)
        for name, value in self._object(path, entries, None, ()).items():
            if name not in known:
                self._problem((*path, name), quoted(name), "the id of a condition", "correct the id")
            yield name, self._probability((*path, name), value)

    # --- places ------------------------------------------------------------------------------------------------------

    def _entries(
        self, section: str, entries: object, keys: tuple[str, ...], taken: Collection[str] = ()
    ) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        """The entries of a list that bear an id of their own, and their places."""
        if not isinstance(entries, list):
            self._problem((section,), _got(entries), "a list", "write it as [{...}, {...}]")
            return
        seen: set[str] = set()
        for number, each in enumerate(entries):
            path: tuple[str, ...] = (section, str(number))
            entry = self._object(path, each, keys, keys)
            name = entry.get("id")
            if not isinstance(name, str):
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


def _id_of(title: str) -> str:
    """A title as an id: `Promedas 11` as `promedas_11`."""
    words = "".join(each if each.isascii() and each.isalnum() else "_" for each in title.lower()).strip("_")
    return words[:60] if words[:1].isalpha() else f"network_{words}"[:60].rstrip("_")


def number(value: float) -> Probability:
    """A figure of the file. Its range is the figure itself, for none is stated; 0 and 1 become what is next to them."""
    inside = min(max(value, NEAREST), 1.0 - NEAREST)
    note = "" if inside == value else f"{value:g} in the file, and the format takes neither 0 nor 1"
    return Probability(inside, inside, inside, "D", SOURCE, note)


def _condition(name: str, prior: float) -> Condition:
    placeholder = Probability(0.5, 0.1, 0.9, "D", "judged", "a placeholder: the file states no limit")
    return Condition(
        id=name,
        name=f"Condition {name}",
        icd10=UNSPECIFIED,
        description="Not described in the file.",
        what_helps="Not described in the file.",
        level=UNKNOWN_LEVEL,
        limit=placeholder,
        base_rate={ANY_SETTING: number(prior)},
    )


def _finding(name: str, leak: float, links: Mapping[str, float]) -> Finding:
    """The format's figures include the leak: P = 1 - (1 - leak)(1 - q)."""
    causes = {cause: number(1.0 - (1.0 - leak) * (1.0 - q)) for cause, q in links.items()}
    return Finding(
        id=name,
        kind="history",
        label=f"Finding {name}",
        question=f"Is {name} present?",
        topic=TOPIC,
        model=NoisyOr(number(leak), immutabledict(causes)),
    )
