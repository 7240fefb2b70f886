"""Pictures: each function takes `ax`, matplotlib axes to draw in, and returns the axes that it drew in.

All of a picture - marks, labels, title, legend - stays inside the box of the axes that it is given, so that several
stand beside one another. Without axes it makes a figure of the size that fits. A condition has the same colour in all
pictures of its network.

Importing this loads matplotlib; `bayesknee.plots` does so when it is first used.
"""

from bayesknee.plots.calibration_curve import calibration
from bayesknee.plots.canvas import save
from bayesknee.plots.course_lines import course
from bayesknee.plots.frequency_dots import frequencies
from bayesknee.plots.inclusion_lines import inclusion
from bayesknee.plots.interview_points import interviews
from bayesknee.plots.ledger_waterfall import ledger
from bayesknee.plots.network_drawing import network
from bayesknee.plots.plan_points import plan
from bayesknee.plots.posterior_bars import posterior
from bayesknee.plots.question_arrows import questions
from bayesknee.plots.tornado_bars import tornado

__all__ = [
    "calibration",
    "course",
    "frequencies",
    "inclusion",
    "interviews",
    "ledger",
    "network",
    "plan",
    "posterior",
    "questions",
    "save",
    "tornado",
]
