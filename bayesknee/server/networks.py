"""The networks that a server has, and the patient of a request."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from immutabledict import immutabledict
from starlette.requests import Request

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import EvidenceError, ImpossibleEvidenceError, NetworkNotFoundError, unknown_text
from bayesknee.inference.results import Budget
from bayesknee.knowledge.coding.code_files import read_code_file, with_codes
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.patient.cases import Case, RawEvidence, parse_case
from bayesknee.plain import json_text, with_warnings
from bayesknee.server.problems import AtEvidenceError, faults_of

BODY = "the body.json"  # what errors call it; by the end of the name it is read as JSON, and never as YAML


@dataclass(frozen=True)
class Patient:
    """The patient of a request.

    Attributes:
        case: as it was sent.
        diagnosis: of the patient.
        warnings: about the case; empty where it fits the network.
    """

    case: Case
    diagnosis: Diagnosis
    warnings: tuple[str, ...]

    def json(self, document: Mapping[str, Any]) -> bytes:
        """A document about the patient, as the command line prints it."""
        return f"{json_text(with_warnings(document, self.warnings))}\n".encode()


@dataclass(frozen=True)
class Networks:
    """The networks that are served, by id; the first is taken where a case names none. Shared by all threads.

    Attributes:
        by_id: the networks.
        budget: of one request.
    """

    by_id: Mapping[str, Network]
    budget: Budget
    _engines: dict[tuple[str, str], Engine] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def load(cls, names: Iterable[str], budget: Budget, codes: str = "") -> Networks:
        """Networks given by name or folder.

        Args:
            names: the names or folders.
            budget: of one request.
            codes: a file of codes for all of them, such as those of SNOMED CT; empty for none.

        Raises:
            BayeskneeError: one that cannot be read, or a file of codes that does not fit.
        """
        loaded = [load_network(name) for name in names]
        if codes:
            rows = read_code_file(Path(codes))
            loaded = [with_codes(network, rows, Path(codes).name) for network in loaded]
        return cls(immutabledict({network.id: network for network in loaded}), budget)

    def network(self, name: str = "") -> Network:
        """A network by id; the first one for an empty name. A name is never taken for a folder.

        Raises:
            NetworkNotFoundError: it is not served.
        """
        if not name:
            return next(iter(self.by_id.values()))
        if name not in self.by_id:
            raise NetworkNotFoundError(unknown_text("network", name, self.by_id, "of this server"))
        return self.by_id[name]

    def engine(
        self, network: Network, setting: str | None, base_rates: Mapping[str, float] = immutabledict()
    ) -> Engine:
        """The engine of a network in a setting, made once; with other base rates than the network's, made anew.

        Raises:
            SettingError: the network has no such setting.
            BaseRateError: base rates that cannot be.
        """
        chosen = check_setting(network, setting)
        if base_rates:
            return Engine(network, chosen, budget=self.budget, base_rates=base_rates)
        with self._lock:
            if (network.id, chosen) not in self._engines:
                self._engines[network.id, chosen] = Engine(network, chosen, budget=self.budget)
            return self._engines[network.id, chosen]

    def with_network(self, network: Network) -> Networks:
        """The same with one network besides, or in place of the one with its id; itself where it has just that one."""
        if self.by_id.get(network.id) is network:
            return self
        return Networks(immutabledict({**self.by_id, network.id: network}), self.budget)

    def patient(self, body: bytes, network: str = "", setting: str = "") -> Patient:
        """The patient in a body; network and setting that the request names go before those of the case.

        Raises:
            BayeskneeError: a body that is no case, or a case that the network cannot take.
        """
        case = parse_case(body, BODY)
        found = self.network(network or case.network)
        engine = self.engine(found, setting or case.setting or None, case.base_rates)
        return Patient(case, diagnosed(engine, case.evidence, case.skipped), tuple(case.warnings(found)))


def networks_of(request: Request) -> Networks:
    """The networks of the application that a request came to."""
    found = request.app.state.networks
    assert isinstance(found, Networks)  # noqa: S101 (`bare_app` has put it there)
    return found


def diagnosed(engine: Engine, evidence: RawEvidence, skipped: tuple[str, ...] = ()) -> Diagnosis:
    """The diagnosis from raw answers.

    Raises:
        AtEvidenceError: answers that cannot be taken, with their places.
        EvidenceError: answers that are wrong only together.
        BudgetError: too many of them.
    """
    try:
        return engine.diagnose(evidence, skipped=skipped)
    except ImpossibleEvidenceError:
        raise
    except EvidenceError as error:
        if faults := tuple(faults_of(engine.network, evidence)):
            raise AtEvidenceError(faults) from error
        raise
