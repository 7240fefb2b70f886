"""Pictures: each function takes `ax`, matplotlib axes to draw on, and returns the axes that it drew on.

Importing this loads matplotlib; `bayesknee.plots` does so when it is first used.
"""

from bayesknee.plots.calibration_curve import calibration
from bayesknee.plots.canvas import save
from bayesknee.plots.course_lines import course
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
    "interviews",
    "ledger",
    "network",
    "plan",
    "posterior",
    "questions",
    "save",
    "tornado",
]
