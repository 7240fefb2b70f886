"""Other ways to the same posteriors: the plain sum, approximations, pyAgrum and pgmpy on chains of three variables.

As a program, `python -m tests.benchmarks.other_ways pyagrum|pgmpy FILE BYTES SECONDS` prints seconds and largest error
as JSON; what it takes to load the other program is not counted.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from bayesknee import Engine
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination import importance
from bayesknee.inference.elimination.patients import node_evidence, one_patient
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.interop.noisy_or_files import NoisyOrFile, read_noisy_or
from bayesknee.patient.evidence import check_evidence

Way = Callable[[NoisyOrFile], Mapping[str, float] | None]
SMALL_BUDGET = 300  # bytes: what is left exact are findings that touch few conditions
DRAWS = 200_000
ROUNDS = 200


# --- the plain sum -------------------------------------------------------------------------------------------------


def plain_sum(document: dict[str, Any], evidence: Mapping[str, str], names: Iterable[str]) -> dict[str, float]:
    """P(condition | evidence) of some conditions: the sum over explained findings, one condition after the other."""
    findings = {each["id"]: each for each in document["findings"]}
    present = [findings[name] for name, answer in evidence.items() if answer == "yes"]
    absent = [findings[name] for name, answer in evidence.items() if answer == "no"]
    priors = {each["id"]: each["prior"] for each in document["conditions"]}
    total = _plain_total(priors, present, absent)
    return {name: priors[name] * _plain_total({**priors, name: 1.0}, present, absent) / total for name in names}


def _plain_total(priors: Mapping[str, float], present: list[dict[str, Any]], absent: list[dict[str, Any]]) -> float:
    """P(present and absent findings), but for the leaks of the absent ones."""
    x = np.ones(1)
    for finding in present:
        x = np.concatenate([x * (1.0 - finding["leak"]), x * finding["leak"]])
    x = x.reshape((2,) * len(present))
    for name, prior in priors.items():
        links = [(axis, each["links"][name]) for axis, each in enumerate(reversed(present)) if name in each["links"]]
        here = x * prior * np.prod([1.0 - each["links"].get(name, 0.0) for each in absent])
        for axis, q in links:
            no, yes = np.moveaxis(here, axis, 0)
            yes += q * no
            no *= 1.0 - q
        x = x * (1.0 - prior) + here
    return float(x[(1,) * len(present)])


# --- approximations ------------------------------------------------------------------------------------------------


def weighted_draws(read: NoisyOrFile) -> Mapping[str, float] | None:
    """What the engine falls back to, made to by a budget of next to nothing."""
    try:
        return Engine(read.network, memory=SMALL_BUDGET).diagnose(read.evidence).posterior
    except InferenceError:
        return None


def _strategy_and_patient(read: NoisyOrFile) -> tuple[Elimination, Any]:
    strategy = Elimination(read.network, read.network.default_setting)
    known = node_evidence(strategy.core.model, check_evidence(read.network, read.evidence))
    return strategy, one_patient(strategy.core.model, known)


def _named(read: NoisyOrFile, values: Any) -> dict[str, float]:  # noqa: ANN401
    return dict(zip(read.network.conditions, np.asarray(values).tolist(), strict=True))


def bounds_alone(read: NoisyOrFile) -> Mapping[str, float]:
    """Jaakkola and Jordan (1999): the posterior of the network whose present findings are bounded."""
    strategy, patient = _strategy_and_patient(read)
    bounded = [importance._bounded(patient, k) for k in patient.structure.common.effects]  # noqa: SLF001
    bounded = importance._tuned(strategy.core, patient, bounded)  # noqa: SLF001
    run = strategy.core.run(importance._proposal(patient, bounded))  # noqa: SLF001
    run.log_evidence()
    return _named(read, run.marginals().conditions[:, 0])


def loopy_propagation(read: NoisyOrFile) -> Mapping[str, float]:
    """Belief propagation (Pearl; Murphy et al. 1999): messages between conditions and present findings, damped."""
    _, patient = _strategy_and_patient(read)
    model = patient.structure.model
    no, yes = patient._simple  # noqa: SLF001
    own = np.log(yes[:, 0]) - np.log(no[:, 0])
    effects = [model.effect_of[k] for k in patient.structure.common.effects]
    messages = [np.zeros(len(each.causes)) for each in effects]
    for _ in range(ROUNDS):
        logit = own.copy()
        for effect, message in zip(effects, messages, strict=True):
            logit[effect.causes] += message
        for number, effect in enumerate(effects):
            belief = 1.0 / (1.0 + np.exp(-(logit[effect.causes] - messages[number])))
            fails = np.log1p(-belief * -np.expm1(np.maximum(effect.log_fail, -30.0)))
            others = effect.log_no_leak + fails.sum() - fails
            new = np.log(-np.expm1(others + np.maximum(effect.log_fail, -30.0))) - np.log(-np.expm1(others))
            messages[number] = 0.5 * messages[number] + 0.5 * new
    logit = own.copy()
    for effect, message in zip(effects, messages, strict=True):
        logit[effect.causes] += message
    return _named(read, 1.0 / (1.0 + np.exp(-logit)))


def draws_from_the_prior(read: NoisyOrFile) -> Mapping[str, float] | None:
    """Likelihood weighting: conditions drawn without regard to the findings, weighted by P(findings | conditions)."""
    _, patient = _strategy_and_patient(read)
    model = patient.structure.model
    no, yes = (each[:, 0] for each in patient._simple)  # noqa: SLF001
    rng = np.random.default_rng(0)
    sums, total = np.zeros(model.n), 0.0
    for _ in range(DRAWS // 10_000):
        drawn = rng.random((10_000, model.n)) * (no + yes) < yes
        weights = np.ones(len(drawn))
        for k in patient.structure.common.effects:
            effect = model.effect_of[k]
            weights *= -np.expm1(effect.log_no_leak + drawn[:, effect.causes] @ effect.log_fail)
        sums, total = sums + weights @ drawn, total + float(weights.sum())
    return _named(read, sums / total)


WAYS: dict[str, Way] = {
    "weighted draws from bounds (ours)": weighted_draws,
    "bounds alone": bounds_alone,
    "loopy propagation": loopy_propagation,
    f"{DRAWS:,} draws from the prior": draws_from_the_prior,
}


# --- other programs ------------------------------------------------------------------------------------------------


def chains(document: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[float]]]:
    """Each noisy-OR as a chain: variable, parents (two at the most), P(yes | parents), the last one fastest."""
    nodes = [(each["id"], (), [each["prior"]]) for each in document["conditions"]]
    made: list[tuple[str, tuple[str, ...], list[float]]] = [*nodes]
    for finding in document["findings"]:
        before = f"{finding['id']}_0"
        made.append((before, (), [finding["leak"]]))
        for number, (cause, q) in enumerate(finding["links"].items(), start=1):
            last = number == len(finding["links"])
            name = finding["id"] if last else f"{finding['id']}_{number}"
            made.append((name, (before, cause), [0.0, q, 1.0, 1.0]))
            before = name
    return made


def known(document: dict[str, Any]) -> dict[str, int]:
    """The evidence as numbers of states."""
    return {name: int(answer == "present") for name, answer in document["evidence"].items()}


def with_pyagrum(document: dict[str, Any]) -> dict[str, float]:
    """All marginals by lazy propagation."""
    from tests.support.other_programs import gum

    net = gum.BayesNet()
    for name, parents, yes in chains(document):
        net.add(gum.LabelizedVariable(name, name, 2))
        for parent in parents:
            net.addArc(parent, name)
        for row, p in enumerate(yes):
            states = dict(zip(parents, (row >> 1, row & 1), strict=True)) if parents else {}
            net.cpt(name)[states] = [1.0 - p, p]
    engine = gum.LazyPropagation(net)
    engine.setEvidence(known(document))
    for each in document["conditions"]:
        engine.addTarget(each["id"])
    engine.makeInference()
    return {each["id"]: float(engine.posterior(each["id"])[1]) for each in document["conditions"]}


def with_pgmpy(document: dict[str, Any]) -> dict[str, float]:
    """One marginal by variable elimination."""
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.inference import VariableElimination
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork()
    for name, parents, yes in chains(document):
        model.add_node(name)
        model.add_edges_from((parent, name) for parent in parents)
        rows = [[1.0 - p for p in yes], yes]
        model.add_cpds(TabularCPD(name, 2, rows, list(parents) or None, [2] * len(parents) or None))
    name = next(each["id"] for each in document["conditions"] if each["id"] not in document["evidence"])
    got = VariableElimination(model).query([name], known(document), show_progress=False)
    return {name: float(got.values[1])}


PROGRAMS = {"pyagrum": with_pyagrum, "pgmpy": with_pgmpy}
MODULES = {"pyagrum": "tests.support.other_programs", "pgmpy": "pgmpy.inference"}


def main(program: str, file: str, most_bytes: str, most_seconds: str) -> None:
    """One program on one network, in a process that ends itself when its time is over."""
    import_module(MODULES[program])
    resource.setrlimit(resource.RLIMIT_AS, (int(most_bytes), int(most_bytes)))
    with open(file, encoding="utf-8") as opened:  # noqa: PTH123
        document = json.load(opened)
    reference = read_noisy_or(file).reference
    signal.alarm(int(most_seconds))
    start = time.perf_counter()
    got = PROGRAMS[program](document)
    seconds = time.perf_counter() - start
    error = max(abs(reference[name] - p) for name, p in got.items())
    sys.stdout.write(json.dumps({"seconds": seconds, "error": error}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
