"""A tool whose refusals reach the model with their reasons, and that takes no argument it does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import ConfigDict, ValidationError

from bayesknee.errors import SEE_FINDINGS, BayeskneeError, joined, one_line
from bayesknee.tool_server.schemas import short_schema

ONLY_READS: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


class StrictTool(Tool):
    """A tool of the server.

    The library hides the text of an error that it does not know from the model, which then cannot mend its call.
    """

    async def run(self, arguments: dict[str, Any], context: Any, convert_result: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 (the library's signature)
        """Runs the tool.

        Raises:
            ToolError: the call was refused; its text says what was wrong, what was expected and what to do.
        """
        try:
            return await super().run(arguments, context, convert_result)
        except UnexpectedToolError as error:
            if not isinstance(error.__cause__, BayeskneeError):
                raise
            raise ToolError(one_line(_for_a_model(error.__cause__))) from None
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            raise ToolError(one_line(_refused(error.__cause__))) from None


def strict_tool(function: Callable[..., object], enums: Mapping[str, Sequence[str]]) -> Tool:
    """A tool from a function with annotations and a docstring.

    Args:
        function: returns a model of pydantic.
        enums: names by what they are; see `bayesknee.tool_server.schemas`.
    """
    tool = StrictTool.from_function(function, annotations=ONLY_READS, structured_output=True)
    loose = tool.fn_metadata.arg_model
    known: Any = type(loose.__name__, (loose,), {"model_config": ConfigDict(extra="forbid"), "__module__": __name__})
    tool.fn_metadata.arg_model = known
    tool.parameters = short_schema(known.model_json_schema(by_alias=True), enums)
    tool.description = " ".join((function.__doc__ or "").split())
    return tool


def _for_a_model(error: BayeskneeError) -> str:
    """The text of an error, which sends a reader to a command where a model has a tool."""
    return "; ".join(str(error).splitlines()).replace(SEE_FINDINGS, "find_findings tells what is known")


def _refused(error: ValidationError) -> str:
    """What is wrong with the arguments, without the values: these are the patient's."""
    problems = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
    return f"{joined(problems)}; see the schema of the tool"
