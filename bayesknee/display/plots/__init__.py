"""Pictures. Each function takes `ax`, matplotlib axes to draw on, and returns the axes it drew on.

Importing this loads matplotlib, so `Diagnosis.plot` and its like do it when they are called.
"""

from bayesknee.display.plots.canvas import save
from bayesknee.display.plots.course import plot_course
from bayesknee.display.plots.network import plot_network
from bayesknee.display.plots.posterior import plot_posterior

__all__ = ["plot_course", "plot_network", "plot_posterior", "save"]
