"""What stands before all requests: foreign origins, sizes, how many at once; and what must never get out of a fault."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bayesknee.server.limits import MOST_AT_ONCE, MOST_BODY, MOST_ROWS_BODY, MOST_SECONDS
from bayesknee.server.pages.pages import refusal
from bayesknee.server.problems import RefusedError
from bayesknee.version import __version__

LOG: Final = logging.getLogger("bayesknee.server")
LOCAL_NAMES: Final = ("127.0.0.1", "localhost", "::1")
ROWS_PATH: Final = "/v1/score"
HEALTH_PATH: Final = "/health"
FAULT: Final = "a fault of the server, not of the request; its log tells the place; please report it"
LESS: Final = "ask for less, or serve with more --workers"
_HEADERS: Final = (
    (b"bayesknee-version", __version__.encode()),
    (b"x-content-type-options", b"nosniff"),
)


class Guard:
    """Refuses what should not reach the application. Counts the requests in work in this process.

    Args:
        app: what it guards.
        local: whether only this machine is served, so that another name of the host is an attack by way of a browser
            (DNS rebinding).
        most: requests in work at once.
        seconds: until an answer begins.
    """

    def __init__(
        self, app: ASGIApp, *, local: bool = True, most: int = MOST_AT_ONCE, seconds: float = MOST_SECONDS
    ) -> None:
        self.app, self.local, self.most, self.seconds = app, local, most, seconds
        self.in_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; see the class."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if refused := self._refused(scope):
            await refusal(scope, *refused)(scope, receive, _with_headers(send))
            return
        await self._within_time(scope, receive, send)

    async def _within_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers in a task of its own, which is left alone when its time is up.

        Work in a thread cannot be broken off: it goes on beside the others, and counts until it has ended. Were the
        task cancelled, it would not be counted any more.
        """
        answer = _Answer(send)
        self.in_work += 1
        work = asyncio.ensure_future(self._answered(scope, receive, answer))
        work.add_done_callback(self._ended)
        try:
            await asyncio.wait({work}, timeout=self.seconds)
            if not work.done() and answer.begun:
                await asyncio.wait({work})  # a stream, of which each part is short
        except asyncio.CancelledError:  # the server stops
            work.cancel()
            raise
        if not work.done():
            answer.closed = True
            late = refusal(scope, 503, f"no answer within {self.seconds:g} seconds; {LESS}")
            await late(scope, receive, _with_headers(send))

    def _ended(self, _work: object) -> None:
        self.in_work -= 1

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if self.local and _name_of(host) not in LOCAL_NAMES:
            return 403, "the name of the host is not one of this machine; use 127.0.0.1 or localhost, or serve --host"
        if (origin := headers.get("origin")) and urlsplit(origin).netloc != host:
            return 403, "the request comes from a page of another origin; send it from a program, or through a proxy"
        most = _most_bytes(scope)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            return 413, _too_large(most)
        if scope["path"] != HEALTH_PATH and self.in_work >= self.most:
            return 429, f"{self.most} requests are in work; try again in a second, or serve with more --workers"
        return None

    async def _answered(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        most = _most_bytes(scope)
        try:
            await self.app(scope, _limited(receive, most), answer)
        except ClientDisconnect:
            return  # nobody is there to be told
        except Exception as error:  # noqa: BLE001 (whatever it is, its text may hold what a patient said)
            LOG.error("fault of the server at %s: %s", scope["path"], _where(error))  # noqa: TRY400 (likewise)
            if not answer.begun:
                await refusal(scope, 500, FAULT)(scope, receive, answer)


class _Answer:
    """Sends an answer, with the headers of all; nothing any more once it is closed."""

    def __init__(self, send: Send) -> None:
        self._send = _with_headers(send)
        self.begun = self.closed = False

    async def __call__(self, message: Message) -> None:
        if not self.closed:
            self.begun = self.begun or message["type"] == "http.response.start"
            await self._send(message)


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # an address in brackets that is none
        return ""


def _most_bytes(scope: Scope) -> int:
    return MOST_ROWS_BODY if scope["path"] == ROWS_PATH else MOST_BODY


def _too_large(most: int) -> str:
    return f"the body is larger than {most:,} bytes; send less, or use the command line"


def _limited(receive: Receive, most: int) -> Receive:
    """Counts a body that does not tell its length."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise RefusedError(413, _too_large(most))
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return sent


def _where(error: BaseException) -> str:
    """The kind of a fault and its place, without its text."""
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
