"""bayesknee: a Bayesian differential-diagnosis engine with exact posteriors and checkable numbers."""

from importlib import import_module
from typing import TYPE_CHECKING

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import BayeskneeError, EvidenceError, ImpossibleEvidenceError, NetworkError
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence
from bayesknee.version import __version__

if TYPE_CHECKING:
    from bayesknee import plots as plots
    from bayesknee.interop.pgmpy_model import to_pgmpy as to_pgmpy
    from bayesknee.interview import Interview as Interview

__all__ = [
    "BayeskneeError",
    "Diagnosis",
    "Engine",
    "Evidence",
    "EvidenceError",
    "ImpossibleEvidenceError",
    "Interview",
    "Network",
    "NetworkError",
    "__version__",
    "load_network",
    "plots",
    "to_pgmpy",
]

# What `diagnose` does not need is loaded when it is first asked for: matplotlib alone takes longer than a diagnosis.
_LOADED_LATER = {"Interview": "bayesknee.interview", "to_pgmpy": "bayesknee.interop.pgmpy_model"}


def __getattr__(name: str) -> object:
    if name == "plots":
        return import_module("bayesknee.plots")
    if name in _LOADED_LATER:
        return getattr(import_module(_LOADED_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
