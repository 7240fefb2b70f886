"""What a network should say of some patients, as its author wrote down in `tests.yaml` beside its files.

.. code-block:: yaml

    tests:
      strain_after_tennis:
        setting: primary_care             # the network's first one where left out
        evidence: {pain_on_grip: yes, age: 52}
        expect:
          first: strain                   # the most probable condition
          level: routine                  # how urgent
          level_at_least: urgent          # or more urgent
          among_first: {infection: 3}     # one of the three most probable conditions
          not_ruled_out: [fracture]       # these, and perhaps more
          above: {strain: 0.3}
          below: {infection: 0.01}
        why: An elbow that hurts on gripping is strained until shown otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import BayeskneeError, NetworkError, Problem, name_hint, quoted
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading import yaml_tree
from bayesknee.knowledge.reading.fields import Fields
from bayesknee.knowledge.reading.reader import TESTS_FILE
from bayesknee.knowledge.reading.yaml_tree import TreeError, read_tree
from bayesknee.patient.cases import Case, case_of_tree


@dataclass(frozen=True)
class ExpectedResult:
    """What should come of a patient.

    Attributes:
        id: of the test.
        case: the patient.
        first: the most probable condition; empty where any may be.
        level: how urgent; empty where any will do.
        level_at_least: as urgent as this, or more; likewise.
        among_first: by condition, the last place that it may have.
        not_ruled_out: conditions that are dangerous and must be told as not ruled out.
        above, below: by condition, what its probability is over or under.
    """

    id: str
    case: Case
    first: str
    level: str
    level_at_least: str
    among_first: Mapping[str, float]
    not_ruled_out: tuple[str, ...]
    above: Mapping[str, float]
    below: Mapping[str, float]

    def differences(self, diagnosis: Diagnosis) -> Iterator[str]:
        """What came out otherwise, in words."""
        posterior, leader = diagnosis.posterior, next(iter(diagnosis.posterior))
        if self.first and leader != self.first:
            yield f"{leader} ({posterior[leader]:.3f}) comes first, not {self.first} ({posterior[self.first]:.3f})"
        if self.level and diagnosis.triage.level != self.level:
            yield f"the level is {diagnosis.triage.level}, not {self.level}"
        if self.level_at_least and LEVELS.index(diagnosis.triage.level) > LEVELS.index(self.level_at_least):
            yield f"the level is {diagnosis.triage.level}, less urgent than {self.level_at_least}"
        places = {name: place for place, name in enumerate(posterior, start=1)}
        yield from (
            f"{name} ({posterior[name]:.3f}) has place {places[name]}, not among the first {last:g}"
            for name, last in self.among_first.items()
            if places[name] > last
        )
        told = {each.condition for each in diagnosis.not_ruled_out}
        yield from (f"{name} is not told as not ruled out" for name in self.not_ruled_out if name not in told)
        yield from (
            f"{name} is {posterior[name]:.3f}, not above {p:g}"
            for name, p in self.above.items()
            if posterior[name] <= p
        )
        yield from (
            f"{name} is {posterior[name]:.3f}, not below {p:g}"
            for name, p in self.below.items()
            if posterior[name] >= p
        )


def read_expected_results(folder: Path, network: Network) -> tuple[ExpectedResult, ...]:
    """The tests in the folder of a network.

    Raises:
        NetworkError: there are none, or a file that cannot be read; tells every place.
        CaseFileError: evidence that is none.
    """
    if not (folder / TESTS_FILE).is_file():
        remedy = "write it; docs/author.md shows one"
        raise NetworkError([Problem((), f"no {TESTS_FILE}", "a file with expected results", remedy, str(folder))])
    try:
        tree, problems, _, _ = read_tree(folder / TESTS_FILE)
    except TreeError as error:
        raise NetworkError(error.problems) from None
    fields = Fields(problems, TESTS_FILE, tree, ())
    found = [_test(name, each, tree, network) for name, each in fields.child("tests").entries()]
    fields.done()
    if problems:
        raise NetworkError(problems)
    return tuple(found)


def failed_tests(network: Network, tests: tuple[ExpectedResult, ...]) -> Iterator[str]:
    """A line for each test that comes out otherwise, or cannot be run."""
    engines: dict[str, Engine] = {}
    for test in tests:
        try:
            setting = test.case.setting or network.default_setting
            engine = engines.get(setting) or engines.setdefault(setting, Engine(network, setting))
            told = "; ".join(test.differences(engine.diagnose(test.case.evidence)))
        except BayeskneeError as error:
            told = str(error)
        if told:
            yield f"{TESTS_FILE}: {test.id}: {told}"


def _test(name: str, fields: Fields, tree: yaml_tree.Tree, network: Network) -> ExpectedResult:
    expect = fields.child("expect")
    first = expect.text("first", "")
    level, at_least = (expect.text(key, "") for key in ("level", "level_at_least"))
    not_ruled_out = expect.texts("not_ruled_out", ())
    among, above, below = (
        expect.each(key, Fields.itself_number, required=False) for key in ("among_first", "above", "below")
    )
    expect.done()
    for condition in (*filter(None, [first]), *among, *not_ruled_out, *above, *below):
        if condition not in network.conditions:
            expect.problem(
                (), quoted(condition), "a condition of the network", name_hint(condition, network.conditions)
            )
    for key, given in (("level", level), ("level_at_least", at_least)):
        if given and given not in LEVELS:
            expect.problem((key,), quoted(given), ", ".join(LEVELS), name_hint(given, LEVELS))
    fields.text("why", "")
    case = _case(name, fields, tree)
    fields.done()
    return ExpectedResult(name, case, first, level, at_least, among, not_ruled_out, above, below)


def _case(name: str, fields: Fields, tree: yaml_tree.Tree) -> Case:
    """The patient of a test; an empty one where there is none, which is noted."""
    fields.child("evidence")
    fields.text("setting", "")
    tests = tree.items.get("tests") if isinstance(tree, yaml_tree.Mapping) else None
    part = tests.items.get(name) if isinstance(tests, yaml_tree.Mapping) else None
    if not isinstance(part, yaml_tree.Mapping) or "evidence" not in part.items:
        return Case()
    kept: dict[str, yaml_tree.Tree] = {key: part.items[key] for key in ("evidence", "setting") if key in part.items}
    return case_of_tree(yaml_tree.Mapping(kept, {key: part.lines[key] for key in kept}, part.line), TESTS_FILE)
