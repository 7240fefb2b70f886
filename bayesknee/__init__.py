"""bayesknee: a Bayesian differential-diagnosis engine with exact posteriors and checkable numbers."""

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import BayeskneeError, EvidenceError, ImpossibleEvidenceError, NetworkError
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence

__version__ = "0.1.0"
__all__ = [
    "BayeskneeError",
    "Diagnosis",
    "Engine",
    "Evidence",
    "EvidenceError",
    "ImpossibleEvidenceError",
    "Network",
    "NetworkError",
    "load_network",
]
