"""Many patients: how good a network is for them, and what it can learn from them."""

from bayesknee.cohort.evaluation import Evaluation, evaluate
from bayesknee.cohort.labelled import LabelledCase, check_cases, read_labelled
from bayesknee.cohort.learning import Learned, learn
from bayesknee.cohort.ratings import Ratings, read_ratings
from bayesknee.cohort.score_files import FileScores, score_file
from bayesknee.cohort.tables.source import TableOptions

__all__ = [
    "Evaluation",
    "FileScores",
    "LabelledCase",
    "Learned",
    "Ratings",
    "TableOptions",
    "check_cases",
    "evaluate",
    "learn",
    "read_labelled",
    "read_ratings",
    "score_file",
]
