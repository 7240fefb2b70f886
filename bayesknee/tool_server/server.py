"""The server: five tools, the model card, and the prompt of an interview."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated, Final

from mcp.server import MCPServer
from pydantic import Field

from bayesknee.diagnosis.wording import scope_lines
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge.library import find_network
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.knowledge.reading.reader import read_network
from bayesknee.tool_server.schemas import enums_of
from bayesknee.tool_server.strict_tool import strict_tool
from bayesknee.tool_server.texts import instructions, interview_text
from bayesknee.tool_server.tools import Tools
from bayesknee.version import __version__

HOST: Final = "127.0.0.1"  # this machine alone: the server knows no users, and answers come from patients
PATH: Final = "/mcp"
MOST_BYTES: Final = 1_000_000  # of a request: some thousand answers with quotes, more than any network takes
CARD: Final = "README.md"  # the model card, in the folder of a network


def tool_server(name_or_folder: str, setting: str | None = None) -> MCPServer:
    """The server of a network.

    Args:
        name_or_folder: of the network.
        setting: the care setting where a call names none; the network's first by default.

    Raises:
        NetworkNotFoundError, NetworkError: no such network, or one that breaks the rules of the format.
        SettingError: the network has no such setting.
    """
    folder = find_network(name_or_folder)
    network = read_network(folder)
    tools = Tools(network, check_setting(network, setting))
    functions = (tools.find_findings, tools.diagnose, tools.next_question, tools.explain, tools.what_if)
    enums = enums_of(network)
    server = MCPServer(
        "bayesknee",
        title=f"bayesknee: {network.title}",
        instructions=instructions(network),
        version=__version__,
        tools=[strict_tool(function, enums) for function in functions],
        # The library logs refusals and errors with their texts, which may quote what a patient said.
        log_level="CRITICAL",
    )
    _add_texts(server, network, folder / CARD)
    return server


def _add_texts(server: MCPServer, network: Network, card: Path) -> None:
    @server.resource(
        f"network://{network.id}/card",
        name="model_card",
        title=f"Model card: {network.title}",
        description="What the network is for, what it rests on, how it was tested, and its limits.",
        mime_type="text/markdown",
    )
    def model_card() -> str:
        return _card(network, card)

    @server.prompt("interview", title="Interview", description="Interview a person, one question at a time.")
    def interview(
        complaint: Annotated[str, Field(description="What the person said at first; may be empty.")] = "",
    ) -> str:
        return interview_text(network, complaint)


def _card(network: Network, card: Path) -> str:
    """The model card with its version; of a network without one, what it is for."""
    head = f"{network.id} {network.version}, sha256 {network.sha256}"
    if card.is_file():
        return f"{head}\n\n{card.read_text(encoding='utf-8')}"
    return "\n\n".join(filter(None, (f"# {network.title}", head, *scope_lines(network), network.caution)))


def listen(port: int) -> socket.socket:
    """A socket that listens at a port of this machine; 0 takes a free one.

    Raises:
        BayeskneeError: the port is taken, or not for this user.
    """
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen()  # who connects from now on waits until the server is ready
    except OSError as error:
        taken.close()
        reason = error.strerror or str(error)
        raise BayeskneeError(
            f"port {port} of {HOST}: {reason}; expected a free one; choose another by --port"
        ) from None
    return taken


def serve_http(server: MCPServer, taken: socket.socket) -> None:
    """Serves until it is stopped, without sessions: each request stands alone, and nothing is kept or logged.

    Requests of web pages of other hosts are refused, by their Host and Origin.
    """
    import uvicorn

    app = server.streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True, max_request_body_size=MOST_BYTES, host=HOST
    )
    uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run(sockets=[taken])
