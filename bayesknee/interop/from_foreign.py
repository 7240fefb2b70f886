"""Networks of other programs turned into networks of our own: pgmpy's models, and files of six formats.

A network here says less than any table can, and what it cannot say is refused, with the node, the reason and a remedy:

- conditions have two states, and hang on risk factors and on one another by odds ratios;
- risk factors are roots, on which only conditions hang;
- signs and findings hang on conditions and signs, by a rule of single causes, a mixture, or a table of a few parents.

A noisy-MAX of a file is one here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import ImportFileError, InferenceError, NetworkError, Problem, few_hints
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.inference.prior.factors import Factor, elimination_order, sum_out
from bayesknee.inference.prior.limited import limited_marginals
from bayesknee.inference.strategy import MOST_CONDITIONS
from bayesknee.interop.chains import CauseNode
from bayesknee.interop.foreign_files import read_foreign
from bayesknee.interop.foreign_model import ForeignModel, TableMaker, pgmpy_tables
from bayesknee.interop.placeholders import (
    CAUTION,
    SETTING,
    SOURCE,
    TOPIC,
    condition,
    number,
    odds_ratio,
    source_reference,
)
from bayesknee.interop.roles import Roles, find_roles, log_odds_ratios, plainly_present
from bayesknee.interop.rule_fits import (
    fitted_rule,
    fitted_sign,
    is_constant,
    may_have_tables,
    noisy_max_rule,
    plain_table,
)
from bayesknee.interop.table import AnyTable, NodeMarks, NoisyMax
from bayesknee.interop.tables import MOST_NUMBERS
from bayesknee.interop.unchained import unchained
from bayesknee.knowledge.model import (
    ANY_SETTING,
    NO_YES,
    Condition,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Form,
    NoisyOr,
    RiskFactor,
    Setting,
    Sign,
)
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import Opening
from bayesknee.knowledge.reading.safe_names import safe_id, safe_ids, safe_text
from bayesknee.knowledge.rule_checks import ROUNDING
from bayesknee.lazy_types import DiscreteBayesianNetwork

SMALLEST_EFFECT: Final = 1e-12  # of a log odds ratio: less is rounding, and the ratio 1
ROOM: Final = 0.5  # what base rates sum to as long as they are to be found: any sum that a network takes will do
HIDDEN: Final = "auxiliary"
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
    """A network from a file: BIF, XMLBIF, XDSL, PGMX, NET or UAI, by its ending. Arguments as of `from_pgmpy`.

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
        model = unchained(model) if model.own else model
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
class _Nodes:
    """The nodes of a foreign network, under the names that they have here."""

    model: ForeignModel
    roles: Roles

    @cached_property
    def tables(self) -> Mapping[str, AnyTable]:
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

    def order(self, name: str, length: int) -> list[int]:
        """The places that the states of a node had; as they stand, of one that tells the form of a condition."""
        return list(self.nodes[name].order if name in self.nodes else range(length))

    def values(self, name: str) -> Vector:
        """P(state | parents) with states in the order that they have here."""
        table = self.tables[name]
        orders = [
            self.order(each, length) for each, length in zip((name, *table.parents), table.values.shape, strict=True)
        ]
        return np.asarray(table.values[np.ix_(*orders)])

    @cached_property
    def asked_first(self) -> tuple[str, ...]:
        """The nodes that the file wants to be asked before all others."""
        return tuple(name for name in self.tables if self.marks(name).mandatory)

    def tells_nothing(self, name: str) -> bool:
        """Whether a node is the same whatever its parents are."""
        table = self.tables[name]
        if isinstance(table, NoisyMax):
            return name not in self.model.parts.rules and all(map(is_constant, table.causes.values()))
        return is_constant(self.values(name))

    def parents(self, name: str) -> tuple[CauseNode, ...]:
        """The conditions, or their forms, and the signs that are its parents."""
        return tuple(
            self.model.parts.cause_node(parent, self.sign_ids.get(parent, self.ids.get(parent, parent)))
            for parent in self.tables[name].parents
        )


class _Conversion(_Nodes):
    """A foreign network on its way to one of our own."""

    def imported(self, catch_all: str | None) -> ImportedNetwork:
        """The network, checked, and with tables that fit into memory."""
        shown = self.shown_signs
        left_out = self.left_out
        findings = {
            each.id: each
            for name in (*self.roles.findings, *shown)
            if name not in left_out
            for each in (self.finding(name) if name in self.roles.findings else self.copy(name),)
        }
        asked = {*findings, *self.risk_factors}
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
                most_causes=self.model.parts.most_causes,
                caution=CAUTION,
                conditions=self.conditions,
                risk_factors=self.risk_factors,
                signs={each.id: each for each in map(self.sign, self.roles.signs)},
                findings=findings,
                opening=Opening(tuple(self.ids[name] for name in self.asked_first if self.ids[name] in asked)),
            )
            CompiledNetwork(network, setting)
        except NetworkError as error:
            raise ImportFileError.of(
                Problem(each.path, each.got, each.expected, each.remedy, self.model.source) for each in error.problems
            ) from None
        except InferenceError as error:
            raise ImportFileError(f"{self.model.source}: {error}") from None
        return ImportedNetwork(network, self.roles, self.ids, left_out)

    def catch_all(self, named: str | None) -> str:
        """The id of the condition that stands for none of the others."""
        wanted = named or (self.model.own.catch_all if self.model.own else "") or "other_cause"
        if wanted not in self.roles.conditions:
            raise ImportFileError(
                f"{self.model.source}: got no condition {wanted}; expected, beside a presenting complaint, one that "
                f"stands for none of the others; name it (--catch-all): {', '.join(self.roles.conditions)}"
            )
        return self.nodes[wanted].id

    # --- parts ---------------------------------------------------------------------------------------------------

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """Findings that are hidden or tell nothing, and roots on which nothing hangs; none of a network of our own."""
        if self.model.own is not None:
            return ()
        above = {parent for table in self.tables.values() for parent in table.parents}
        alone = [name for name in self.roles.risk_factors if name not in above]
        hidden = [name for name in self.roles.findings if self.marks(name).role == HIDDEN or self.tells_nothing(name)]
        return (*alone, *hidden)

    @cached_property
    def risk_factors(self) -> Mapping[str, RiskFactor]:
        """The risk factors by id."""
        return {self.ids[name]: self.risk_factor(name) for name in self.roles.risk_factors if name not in self.left_out}

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

    @cached_property
    def conditions(self) -> Mapping[str, Condition]:
        """The conditions by id, each with its base rate given the complaint."""
        made = {self.ids[name]: self.condition(name) for name in self.roles.conditions}
        work = _BaseRates(self.roles, self.tables, self.values)
        rates = work.unlimited() if self.model.parts.most_causes is None else work.limited(self.bare(made))
        return {
            self.ids[name]: replace(made[self.ids[name]], base_rate={ANY_SETTING: number(rates[name])})
            for name in self.roles.conditions
        }

    def bare(self, conditions: Mapping[str, Condition]) -> Network:
        """A network of conditions and risk factors alone."""
        return Network(
            id="bare",
            version="0",
            title="Bare",
            settings={SETTING: Setting(SETTING, "As published")},
            topics={TOPIC: "Findings"},
            references={SOURCE: source_reference("Bare", self.model.source)},
            most_causes=self.model.parts.most_causes,
            conditions=conditions,
            risk_factors=self.risk_factors,
            signs={},
            findings={},
        )

    def condition(self, name: str) -> Condition:
        """A condition, with a base rate that is to be found."""
        node, ratios = self.nodes[name], {}
        lines = log_odds_ratios(self.values(name)) or ()
        for parent, line in zip(self.tables[name].parents, lines, strict=True):
            states = zip(self.nodes[parent].states, line.tolist(), strict=True)
            changing = {state: odds_ratio(float(np.exp(each))) for state, each in states if abs(each) > SMALLEST_EFFECT}
            if changing:
                ratios[self.ids[parent]] = immutabledict(changing)
        rate = ROOM / len(self.roles.conditions)
        made = condition(node.id, node.label, rate, immutabledict(ratios))
        forms = self.model.parts.forms.get(name, immutabledict())
        shares = {form: Form(form, form.replace("_", " "), number(share)) for form, share in forms.items()}
        return replace(made, forms=immutabledict(shares))

    def sign(self, name: str) -> Sign:
        """A hidden state, which several findings may read."""
        node = self.nodes[name]
        if self.model.own is None and self.tells_nothing(name):
            raise self._refusal(name, "a table that no parent changes", "a cause of it", "leave the node out")
        fitted = self._noisy_max(name)
        rule = fitted[0] if fitted else fitted_sign(self.expanded(name), self.parents(name))
        if not isinstance(rule, NoisyOr | ConditionalTable):
            raise self._no_rule(name)
        present = list(node.states.values())[1]
        return Sign(
            self.sign_ids[name],
            f"{node.label} is so" if name in self.shown_signs else node.label,
            safe_text(f"{node.label}: {present}"),
            rule,
        )

    def finding(self, name: str) -> Finding:
        """What can be observed."""
        return self._observable(name, *self.rule(name))

    def _observable(self, name: str, rule: FindingModel, states: tuple[str, ...]) -> Finding:
        node = self.nodes[name]
        return Finding(
            node.id,
            node.marks.kind or "history",
            node.label,
            node.question,
            TOPIC,
            rule,
            states,
            burden=node.burden,
            state_names=node.state_names,
        )

    def rule(self, name: str) -> tuple[FindingModel, tuple[str, ...]]:
        """The rule of a finding and its states, in rising order where these have one."""
        states = tuple(self.nodes[name].states)
        if written := self.model.parts.rules.get(name):
            return written, states
        conditions = [self.ids[each] for each in self.roles.conditions]
        if fitted := self._noisy_max(name):
            return fitted
        fitted = fitted_rule(self.expanded(name), states, self.parents(name), conditions, tables=self.may_have_tables)
        if fitted is None:
            raise self._no_rule(name)
        return fitted

    def _noisy_max(self, name: str) -> tuple[FindingModel, tuple[str, ...]] | None:
        """The rule of a node that is a noisy-MAX in the file, and its states; None where that is none here."""
        table, node = self.tables[name], self.nodes[name]
        if not isinstance(table, NoisyMax) or node.order != tuple(range(len(table.states))):
            return None
        causes: dict[str, Vector] = {}
        for parent, each in zip(table.parents, self.parents(name), strict=True):
            values = table.causes[parent][:, self.order(parent, table.causes[parent].shape[1])]
            if len(each.causes) + 1 != values.shape[1] or values[0, 0] < 1.0 - ROUNDING:
                return None
            causes |= dict(zip(each.causes, values[:, 1:].T, strict=True))
        rule = noisy_max_rule(tuple(node.states), table.leak, causes)
        return (rule, tuple(node.states)) if rule else None

    def expanded(self, name: str) -> Vector:
        """P(state | parents) of what is no rule as it stands."""
        if (size := self.tables[name].expanded) > MOST_NUMBERS:
            got = f"a noisy-MAX of {len(self.tables[name].parents)} parents, of which some raise it by being absent"
            told = f"parents that raise it by being present, or at most {MOST_NUMBERS:,} numbers as a table"
            raise self._refusal(name, f"{got}: {size:,} numbers", told, "turn the states of such parents round")
        return self.values(name)

    def copy(self, name: str) -> Finding:
        """What shows a sign as it is."""
        states = tuple(self.nodes[name].states)
        return self._observable(name, plain_table(np.eye(2), states, (self.sign_ids[name],)), states)

    @property
    def may_have_tables(self) -> bool:
        """Whether the network may have tables."""
        return may_have_tables(len(self.roles.conditions), self.model.parts.most_causes)

    def _no_rule(self, name: str) -> ImportFileError:
        got = f"a table of {len(self.tables[name].parents)} parents that is no noisy-OR, noisy-MAX or mixture"
        if not self.may_have_tables:
            got += f", beside {len(self.roles.conditions)} conditions"
            expected = f"such a rule, as with over {MOST_CONDITIONS} conditions there are no tables"
            return self._refusal(name, got, expected, "name fewer conditions")
        return self._refusal(name, got, "such a rule, or at most 5 parents", "put a node between some of them and it")

    def _refusal(self, name: str, got: str, expected: str, remedy: str) -> ImportFileError:
        return ImportFileError.of([Problem((name,), got, expected, remedy, self.model.source)])


@dataclass(frozen=True)
class _BaseRates:
    """Works out base rates from tables.

    Attributes:
        roles: of the nodes.
        tables: by name, parents of conditions among them.
        values: gives P(state | parents) of a node, absence first.
    """

    roles: Roles
    tables: Mapping[str, AnyTable]
    values: Callable[[str], Vector]

    def unlimited(self) -> Mapping[str, float]:
        """P(condition), or P(condition | complaint), which is P(condition) / P(any condition)."""
        names = [*self.roles.risk_factors, *self.roles.conditions]
        numbers = {name: place for place, name in enumerate(names)}
        factors = {name: self._factor(name, numbers) for name in names}
        lengths = [self.values(name).shape[0] for name in names]
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

    def limited(self, bare: Network) -> Mapping[str, float]:
        """P(condition | as many conditions as there may be), from intercepts.

        An intercept is the log odds where all parents have an odds ratio of 1.

        Args:
            bare: the conditions and risk factors alone, with other base rates.
        """
        names = self.roles.conditions
        intercepts = np.array([self._intercept(name) for name in names])
        rates = limited_marginals(bare, SETTING, intercepts, has_complaint=self.roles.complaint)
        return dict(zip(names, rates.tolist(), strict=True))

    def _intercept(self, name: str) -> float:
        values = self.values(name)
        first = (0,) * (values.ndim - 1)
        lines = log_odds_ratios(values) or ()
        return float(np.log(values[(1, *first)] / values[(0, *first)]) - sum(line[0] for line in lines))

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
