"""Pictures. Each function takes `ax`, matplotlib axes to draw on, and returns the axes it drew on.

Importing this loads matplotlib, so `Diagnosis.plot` and its like do it when they are called.
"""

from bayesknee.display.plots.calibration import plot_calibration
from bayesknee.display.plots.canvas import save
from bayesknee.display.plots.course import plot_course
from bayesknee.display.plots.ledger import plot_ledger
from bayesknee.display.plots.network import plot_network
from bayesknee.display.plots.plan import plot_plan
from bayesknee.display.plots.posterior import plot_posterior
from bayesknee.display.plots.questions import plot_questions
from bayesknee.display.plots.tornado import plot_tornado

__all__ = [
    "plot_calibration",
    "plot_course",
    "plot_ledger",
    "plot_network",
    "plot_plan",
    "plot_posterior",
    "plot_questions",
    "plot_tornado",
    "save",
]
