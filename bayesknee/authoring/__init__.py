"""For authors: what a network rests on, and numbers from a panel of readers."""

from bayesknee.authoring.report import Overlap, Report, report

__all__ = ["Overlap", "Report", "report"]
