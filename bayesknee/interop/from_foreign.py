"""Networks of other programs turned into networks of our own: pgmpy's models, and files of five formats.

A network here says less than any table can, and what it cannot say is refused, with the node, the reason and a remedy:

- conditions have two states, and hang on risk factors and on one another by odds ratios;
- risk factors are roots, on which only conditions hang;
- signs and findings hang on conditions and signs, by a rule of single causes, a mixture, or a table of a few parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import ImportFileError, InferenceError, NetworkError, Problem, few_hints
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.inference.prior.factors import Factor, elimination_order, sum_out
from bayesknee.inference.strategy import MOST_CONDITIONS
from bayesknee.interop.foreign_files import read_foreign
from bayesknee.interop.foreign_model import ForeignModel, NodeMarks, TableMaker, pgmpy_tables
from bayesknee.interop.placeholders import (
    CAUTION,
    SETTING,
    SOURCE,
    TOPIC,
    condition,
    number,
    odds_ratio,
    safe_id,
    safe_ids,
    safe_text,
    source_reference,
)
from bayesknee.interop.roles import Roles, find_roles, log_odds_ratios, plainly_present
from bayesknee.interop.rule_fits import fitted_rule, fitted_sign, is_constant, plain_table
from bayesknee.interop.table import Table
from bayesknee.knowledge.model import (
    ANY_SETTING,
    NO_YES,
    Condition,
    Distribution,
    Finding,
    RiskFactor,
    Setting,
    Sign,
)
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DiscreteBayesianNetwork

SMALLEST_EFFECT: Final = 1e-12  # of a log odds ratio: less is rounding, and the ratio 1
COPY: Final = "state"  # added to the id of a hidden sign, whose own name the finding that shows it keeps


@dataclass(frozen=True)
class ImportedNetwork:
    """A network that came from another program.

    Attributes:
        network: as it is here.
        roles: of its nodes, by the names that they had.
        ids: by these names, the ids here. A sign that can be asked for has the id of its finding.
        left_out: nodes that tell nothing of any other, and are not in the network.
    """

    network: Network
    roles: Roles
    ids: Mapping[str, str]
    left_out: tuple[str, ...]


def from_pgmpy(
    model: DiscreteBayesianNetwork,
    conditions: Iterable[str] | Mapping[str, str] | None = None,
    *,
    catch_all: str | None = None,
    renormalise: bool = False,
) -> Network:
    """A network from a pgmpy model, with the same joint distribution.

    Args:
        model: a `DiscreteBayesianNetwork` with all its tables.
        conditions: the nodes that are conditions; as a mapping, each with the state that counts as present. Where left
            out, they are the parents of a node `presenting_complaint`, or proposed from the graph.
        catch_all: the condition that stands for none of the others, which a network with a `presenting_complaint` has;
            `other_cause` where left out.
        renormalise: divide columns that are off by rounding, 0.01 at most, by their sums.

    Raises:
        ImportFileError: what the format cannot say; tells the node, the reason and what to do.
    """
    name = str(model.name or "model")
    tables = pgmpy_tables(model, TableMaker(name, renormalise))
    return import_model(ForeignModel(name, name, tables), conditions, catch_all=catch_all).network


def import_file(
    file: Path | str,
    conditions: Iterable[str] | Mapping[str, str] | None = None,
    *,
    catch_all: str | None = None,
    renormalise: bool = False,
) -> ImportedNetwork:
    """A network from a file: BIF, XMLBIF, XDSL, NET or UAI, by its ending. Arguments as of `from_pgmpy`.

    Raises:
        ImportFileError: a file that cannot be read, or what the format cannot say.
    """
    return import_model(read_foreign(file, renormalise=renormalise), conditions, catch_all=catch_all)


def import_model(
    model: ForeignModel,
    conditions: Iterable[str] | Mapping[str, str] | None = None,
    *,
    catch_all: str | None = None,
) -> ImportedNetwork:
    """A network from what was read. Arguments as of `from_pgmpy`.

    Raises:
        ImportFileError: what the format cannot say.
    """
    named = conditions if isinstance(conditions, Mapping) else dict.fromkeys(conditions or (), "")
    with few_hints():
        return _Conversion(model, find_roles(model, named)).imported(catch_all)


@dataclass(frozen=True)
class _Node:
    """A node under its id here, with its states in the order that they have here.

    Attributes:
        name: the one that it had.
        states: by id here, the name that the state had.
        order: the places that the states had.
        marks: what the file says of it.
    """

    id: str
    name: str
    states: Mapping[str, str]
    order: tuple[int, ...]
    marks: NodeMarks

    @property
    def label(self) -> str:
        return safe_text(self.marks.label or self.name).replace("_", " ") or self.id

    @property
    def question(self) -> str:
        return safe_text(self.marks.question) or f"{self.label}?"

    @property
    def burden(self) -> float:
        return self.marks.cost or 1.0

    @property
    def state_names(self) -> Mapping[str, tuple[str, ...]]:
        """What the states were called, where that is more than what they are called now."""
        plain = set(NO_YES) if tuple(self.states) == NO_YES else set()
        if plain and all(name.lower() in {"no", "yes", "true", "false", "0", "1"} for name in self.states.values()):
            return immutabledict()
        names = {each: safe_text(name) for each, name in self.states.items()}
        return immutabledict({each: (name,) for each, name in names.items() if name not in ("", each)})


@dataclass(frozen=True)
class _Conversion:
    """A foreign network on its way to one of our own."""

    model: ForeignModel
    roles: Roles

    def imported(self, catch_all: str | None) -> ImportedNetwork:
        """The network, checked, and with tables that fit into memory."""
        shown = self.shown_signs
        left_out = [name for name in self.roles.findings if is_constant(self.values(name))]
        findings = {
            each.id: each
            for name in (*self.roles.findings, *shown)
            if name not in left_out
            for each in (self.finding(name) if name in self.roles.findings else self.copy(name),)
        }
        own, title = self.model.own, safe_text(self.model.title) or "Network"
        setting = own.setting if own else SETTING
        try:
            network = Network(
                id=own.id if own else safe_id(title, "network"),
                version=own.version if own else "0",
                title=title,
                description=f"{len(self.roles.conditions)} conditions and {len(findings)} findings of a plain network.",
                settings={setting: Setting(setting, "As published" if own is None else setting.replace("_", " "))},
                topics={TOPIC: "Findings"},
                references={SOURCE: source_reference(f"Network {title}", self.model.source)},
                complaint="The complaint of the file" if self.roles.complaint else "",
                catch_all=self.catch_all(catch_all) if self.roles.complaint else "",
                caution=CAUTION,
                conditions={each.id: each for each in map(self.condition, self.roles.conditions)},
                risk_factors={each.id: each for each in map(self.risk_factor, self.roles.risk_factors)},
                signs={each.id: each for each in map(self.sign, self.roles.signs)},
                findings=findings,
            )
            CompiledNetwork(network, setting)
        except NetworkError as error:
            raise ImportFileError.of(
                Problem(each.path, each.got, each.expected, each.remedy, self.model.source) for each in error.problems
            ) from None
        except InferenceError as error:
            raise ImportFileError(f"{self.model.source}: {error}") from None
        return ImportedNetwork(network, self.roles, self.ids, tuple(left_out))

    def catch_all(self, named: str | None) -> str:
        """The id of the condition that stands for none of the others."""
        wanted = named or (self.model.own.catch_all if self.model.own else "") or "other_cause"
        if wanted not in self.roles.conditions:
            raise ImportFileError(
                f"{self.model.source}: got no condition {wanted}; expected, beside a presenting complaint, one that "
                f"stands for none of the others; name it (--catch-all): {', '.join(self.roles.conditions)}"
            )
        return self.nodes[wanted].id

    # --- names ---------------------------------------------------------------------------------------------------

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """By name, in the order of the parts of a network."""
        tables = {table.node: table for table in self.model.tables}
        roles = self.roles
        return {
            name: tables[name]
            for each in (roles.risk_factors, roles.conditions, roles.signs, roles.findings)
            for name in each
        }

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """By name; what is an id already keeps it."""
        found = safe_ids(self.tables, "node")
        return immutabledict({name: found[name] for name in self.tables})

    @cached_property
    def shown_signs(self) -> tuple[str, ...]:
        """The signs that can be asked for: all, or those that the file marks; none of a network of our own."""
        if self.model.own is not None:
            return ()
        marked = any(each.role for each in self.model.marks.values())
        return tuple(name for name in self.roles.signs if not marked or self.marks(name).role == "observation")

    def marks(self, name: str) -> NodeMarks:
        """What the file says of a node."""
        return self.model.marks.get(name, NodeMarks())

    @cached_property
    def sign_ids(self) -> Mapping[str, str]:
        """By name of a sign, its id: that of the node, unless a finding shows it."""
        taken = set(self.ids.values())
        found: dict[str, str] = {}
        for name in self.roles.signs:
            found[name] = (
                safe_id(f"{self.ids[name]}_{COPY}", COPY, taken) if name in self.shown_signs else self.ids[name]
            )
            taken.add(found[name])
        return found

    @cached_property
    def nodes(self) -> Mapping[str, _Node]:
        """All nodes by name."""
        return {name: self._node(name, table.states) for name, table in self.tables.items()}

    def _node(self, name: str, states: Sequence[str]) -> _Node:
        marks = self.marks(name)
        must_be_plain = name in self.roles.conditions
        named = self.roles.present.get(name, "") or marks.present
        present = states.index(named) if named and len(states) == 2 else plainly_present(states)
        if present is None and must_be_plain:
            problem = Problem(
                (name,),
                f"the states {', '.join(states)}",
                "states of which one is plainly present",
                f"tell which one is: {name}={states[0]} or {name}={states[1]} in --conditions",
                self.model.source,
            )
            raise ImportFileError.of([problem])
        order = tuple(range(len(states))) if present is None else (1 - present, present)
        ids: list[str] = [] if present is None else list(NO_YES)
        for state in states if present is None else ():
            ids.append(safe_id(state, "state", ids))
        return _Node(
            self.ids[name], name, {each: states[place] for each, place in zip(ids, order, strict=True)}, order, marks
        )

    def values(self, name: str) -> Vector:
        """P(state | parents) with states in the order that they have here."""
        table = self.tables[name]
        orders = [self.nodes[each].order for each in (name, *table.parents)]
        return np.asarray(table.values[np.ix_(*orders)])

    def causes(self, name: str) -> tuple[str, ...]:
        """The ids of the conditions and signs that are its parents."""
        return tuple(self.sign_ids.get(parent, self.ids[parent]) for parent in self.tables[name].parents)

    # --- parts ---------------------------------------------------------------------------------------------------

    def risk_factor(self, name: str) -> RiskFactor:
        """A root."""
        node, values = self.nodes[name], self.values(name)
        if not np.all((values > 0.0) & (values < 1.0)):
            raise self._refusal(
                name, "a state of probability 0 or 1", "states that are possible", "leave such a state out"
            )
        prior = {state: number(value) for state, value in zip(node.states, values.tolist(), strict=True)}
        return RiskFactor(
            id=node.id,
            label=node.label,
            question=node.question,
            topic=TOPIC,
            prior={ANY_SETTING: Distribution(immutabledict(prior))},
            states=tuple(node.states),
            burden=node.burden,
            state_names=node.state_names,
        )

    def condition(self, name: str) -> Condition:
        """A condition, with its base rate given the complaint."""
        node, ratios = self.nodes[name], {}
        lines = log_odds_ratios(self.values(name)) or ()
        for parent, line in zip(self.tables[name].parents, lines, strict=True):
            states = zip(self.nodes[parent].states, line.tolist(), strict=True)
            changing = {state: odds_ratio(float(np.exp(each))) for state, each in states if abs(each) > SMALLEST_EFFECT}
            if changing:
                ratios[self.ids[parent]] = immutabledict(changing)
        return condition(node.id, node.label, self.base_rates[name], immutabledict(ratios))

    def sign(self, name: str) -> Sign:
        """A hidden state, which several findings may read."""
        node, causes = self.nodes[name], self.causes(name)
        if is_constant(self.values(name)):
            raise self._refusal(name, "a table that no parent changes", "a cause of it", "leave the node out")
        if (rule := fitted_sign(self.values(name), causes)) is None:
            raise self._no_rule(name)
        present = list(node.states.values())[1]
        return Sign(
            self.sign_ids[name],
            f"{node.label} is so" if name in self.shown_signs else node.label,
            f"{node.label}: {present}",
            rule,
        )

    def finding(self, name: str) -> Finding:
        """What can be observed."""
        node = self.nodes[name]
        conditions = [self.ids[each] for each in self.roles.conditions]
        fitted = fitted_rule(self.values(name), tuple(node.states), self.causes(name), conditions)
        if fitted is None:
            raise self._no_rule(name)
        rule, states = fitted
        return Finding(
            node.id,
            "history",
            node.label,
            node.question,
            TOPIC,
            rule,
            states,
            burden=node.burden,
            state_names=node.state_names,
        )

    def copy(self, name: str) -> Finding:
        """What shows a sign as it is."""
        node = self.nodes[name]
        rule = plain_table(np.eye(2), tuple(node.states), (self.sign_ids[name],))
        return Finding(
            node.id, "history", node.label, node.question, TOPIC, rule, tuple(node.states), state_names=node.state_names
        )

    def _no_rule(self, name: str) -> ImportFileError:
        got = f"a table of {len(self.tables[name].parents)} parents that is no noisy-OR, noisy-MAX or mixture"
        if len(self.roles.conditions) > MOST_CONDITIONS:
            got += f", beside {len(self.roles.conditions)} conditions"
            expected = f"such a rule, as with over {MOST_CONDITIONS} conditions there are no tables"
            return self._refusal(name, got, expected, "name fewer conditions")
        return self._refusal(name, got, "such a rule, or at most 5 parents", "put a node between some of them and it")

    def _refusal(self, name: str, got: str, expected: str, remedy: str) -> ImportFileError:
        return ImportFileError.of([Problem((name,), got, expected, remedy, self.model.source)])

    # --- base rates ----------------------------------------------------------------------------------------------

    @cached_property
    def base_rates(self) -> Mapping[str, float]:
        """P(condition), or P(condition | complaint), which is P(condition) / P(any condition)."""
        names = [*self.roles.risk_factors, *self.roles.conditions]
        numbers = {name: place for place, name in enumerate(names)}
        factors = {name: self._factor(name, numbers) for name in names}
        lengths = [len(self.nodes[name].states) for name in names]
        absent = {numbers[name]: 0 for name in self.roles.conditions}
        none = 0.0
        if self.roles.complaint:
            none = self._sum([factor.cut(absent) for factor in factors.values()], (), lengths).item()
        found = {}
        for name in self.roles.conditions:
            above = self._with_ancestors(name)
            chances = self._sum([factors[each] for each in above], (numbers[name],), lengths)
            found[name] = float(chances[1] / (1.0 - none))
        return found

    def _factor(self, name: str, numbers: Mapping[str, int]) -> Factor:
        scope = [numbers[each] for each in (name, *self.tables[name].parents)]
        return Factor(tuple(sorted(scope)), np.transpose(self.values(name), np.argsort(scope)))

    def _with_ancestors(self, name: str) -> list[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            found.add(each := waiting.pop())
            waiting += [parent for parent in self.tables[each].parents if parent not in found]
        return [each for each in self.tables if each in found]

    @staticmethod
    def _sum(factors: Sequence[Factor], kept: tuple[int, ...], lengths: Sequence[int]) -> Vector:
        scopes = [factor.variables for factor in factors]
        others = {variable for scope in scopes for variable in scope}.difference(kept)
        order, _ = elimination_order(scopes, others, lengths)
        return sum_out(factors, order).table
