"""Calls a server through the client of the protocol's SDK, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mcp import Client

from bayesknee.knowledge.model import NO_YES
from bayesknee.tool_server.server import tool_server
from tests.support.paths import NETWORKS

TINY: Final = str(NETWORKS / "tiny")
SERVER: Final = tool_server(TINY)

T = TypeVar("T")


@dataclass(frozen=True)
class Answered:
    """What a call gave back: the fields of its result, or the text of its refusal."""

    result: Any
    refusal: str


def asked(question: Callable[[Client], Awaitable[T]]) -> T:
    """What a client gets."""

    async def with_client() -> T:
        async with Client(SERVER) as client:
            return await question(client)

    return asyncio.run(with_client())


def call(tool: str, **arguments: Any) -> Answered:  # noqa: ANN401 (whatever JSON has)
    """Calls a tool."""
    done = asked(lambda client: client.call_tool(tool, arguments))
    text = " ".join(getattr(part, "text", "") for part in done.content)
    return Answered(done.structured_content, text if done.is_error else "")


def heard(**answers: object) -> list[dict[str, object]]:
    """Answers as evidence, each with a quote: a number, a state, or likelihoods."""
    return [{"finding": name, **stated(value), "quote": f"{name} {value}"} for name, value in answers.items()]


def stated(value: object) -> dict[str, object]:
    """An answer under the key that it belongs to."""
    if isinstance(value, dict):
        return {"likelihoods": value}
    if isinstance(value, bool):
        return {"state": NO_YES[value]}
    return {"state": value} if isinstance(value, str) else {"number": value}
