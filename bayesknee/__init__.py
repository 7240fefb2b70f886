"""bayesknee: a Bayesian differential-diagnosis engine with exact posteriors and checkable numbers."""

from importlib import import_module
from typing import TYPE_CHECKING

from bayesknee.errors import BayeskneeError, EvidenceError, ImpossibleEvidenceError, NetworkError
from bayesknee.version import __version__

if TYPE_CHECKING:
    from bayesknee import plots as plots
    from bayesknee.diagnosis.diagnosis import Diagnosis as Diagnosis
    from bayesknee.diagnosis.engine import Engine as Engine
    from bayesknee.inference.results import Budget as Budget
    from bayesknee.interop.from_foreign import from_pgmpy as from_pgmpy
    from bayesknee.interop.model_evidence import pgmpy_evidence as pgmpy_evidence
    from bayesknee.interop.pgmpy_model import to_pgmpy as to_pgmpy
    from bayesknee.interview import Interview as Interview
    from bayesknee.knowledge.library import load_network as load_network
    from bayesknee.knowledge.network import Network as Network
    from bayesknee.patient.evidence import Evidence as Evidence

__all__ = [
    "BayeskneeError",
    "Budget",
    "Diagnosis",
    "Engine",
    "Evidence",
    "EvidenceError",
    "ImpossibleEvidenceError",
    "Interview",
    "Network",
    "NetworkError",
    "__version__",
    "from_pgmpy",
    "load_network",
    "pgmpy_evidence",
    "plots",
    "to_pgmpy",
]

# All is loaded when it is first asked for: matplotlib alone takes longer than a diagnosis, and while numpy is loading,
# which takes longest, the command line must be there already to take a Ctrl-C.
_LOADED_LATER = {
    "Budget": "bayesknee.inference.results",
    "Diagnosis": "bayesknee.diagnosis.diagnosis",
    "Engine": "bayesknee.diagnosis.engine",
    "Evidence": "bayesknee.patient.evidence",
    "Interview": "bayesknee.interview",
    "Network": "bayesknee.knowledge.network",
    "from_pgmpy": "bayesknee.interop.from_foreign",
    "load_network": "bayesknee.knowledge.library",
    "pgmpy_evidence": "bayesknee.interop.model_evidence",
    "to_pgmpy": "bayesknee.interop.pgmpy_model",
}
_PARTS = (
    "authoring",
    "cohort",
    "diagnosis",
    "display",
    "inference",
    "interop",
    "interview",
    "knowledge",
    "patient",
    "plots",
)


def __getattr__(name: str) -> object:
    if name in _PARTS:
        return import_module(f"bayesknee.{name}")
    if name in _LOADED_LATER:
        return getattr(import_module(_LOADED_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
