"""Types of libraries that are loaded only when they are used. At run time each is `Any`: no annotation loads a library.

One place, so that annotations elsewhere are ordinary names, which documentation can show.
"""

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ipywidgets import ToggleButtons, VBox, Widget
    from jinja2 import Environment
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import CategoricalDtype, DataFrame, Index, Series
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork
    from pyarrow import Array, ChunkedArray, DataType, RecordBatch, Schema, Table
else:
    ToggleButtons = VBox = Widget = Environment = Axes = Figure = Any
    CategoricalDtype = DataFrame = Index = Series = TabularCPD = DiscreteBayesianNetwork = Any
    Array = ChunkedArray = DataType = RecordBatch = Schema = Table = Any

__all__ = [
    "Array",
    "Axes",
    "CategoricalDtype",
    "ChunkedArray",
    "DataFrame",
    "DataType",
    "DiscreteBayesianNetwork",
    "Environment",
    "Figure",
    "Index",
    "RecordBatch",
    "Schema",
    "Series",
    "Table",
    "TabularCPD",
    "ToggleButtons",
    "VBox",
    "Widget",
]

Frame = TypeVar("Frame")  # a frame of pandas or of Dask: a result is of the kind that was given
