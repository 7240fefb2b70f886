"""The server as a client meets it: over standard input and output, over HTTP, its card, its prompt and its rules."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from bayesknee import load_network
from bayesknee.errors import BayeskneeError, NetworkNotFoundError, SettingError
from bayesknee.knowledge.network import Network
from bayesknee.tool_server.server import HOST, MOST_BYTES, listen, tool_server
from bayesknee.tool_server.texts import RULES, instructions, interview_text
from tests.support.paths import ROOT
from tests.tool_server.calling import SERVER, TINY, asked, call, heard

COMMAND: Final = ("-m", "bayesknee", "mcp", "--network", TINY)
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENT: Final = {"evidence": heard(age=45, swelling_noticed="yes", onset="fall")}
WORDS: Final = "the words of a patient"


def started(*more: str) -> subprocess.Popen[str]:
    """The command as a process."""
    return subprocess.Popen(
        [sys.executable, *COMMAND, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


async def diagnosed(client: Client) -> Any:  # noqa: ANN401 (whatever JSON has)
    """What a client gets for the patient."""
    return (await client.call_tool("diagnose", PATIENT)).structured_content


# --- standard input and output --------------------------------------------------------------------------------------


def test_standard_input_and_output_give_what_memory_gives(tmp_path: Path) -> None:
    async def over_pipes() -> Any:  # noqa: ANN401 (whatever JSON has)
        parameters = StdioServerParameters(command=sys.executable, args=list(COMMAND), env=ENVIRONMENT)
        async with Client(stdio_client(parameters, errlog=logged)) as client:
            return await diagnosed(client)

    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as logged:
        assert asyncio.run(over_pipes()) == call("diagnose", **PATIENT).result
    assert log.read_text(encoding="utf-8") == ""


def test_a_patients_words_are_not_logged() -> None:
    hello = (
        '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
        '"clientInfo":{"name":"test","version":"0"}}}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
    )
    wrong = (
        '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"diagnose","arguments":{"evidence":'
        f'[{{"finding":"tennis","state":"{WORDS}","quote":"{WORDS}"}}]}}}}}}\n'
    )
    unknown = f'{{"jsonrpc":"2.0","id":3,"method":"prompts/get","params":{{"name":"{WORDS}"}}}}\n'
    with started() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(hello + wrong + unknown)
        process.stdin.flush()
        answers = [process.stdout.readline() for _ in range(3)]
        process.stdin.close()
        logged = process.stderr.read()
    assert any(f"unknown state '{WORDS}' of tennis" in answer for answer in answers)
    assert any('"error"' in answer and '"id":3' in answer for answer in answers)
    assert (process.returncode, logged) == (0, "")


# --- HTTP -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a server that listens."""
    with started("--http", "--port", "0") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.fullmatch(r"bayesknee: listening at (http://127\.0\.0\.1:\d+/mcp); Ctrl-C stops it\n", line)
        assert found, line
        yield found[1]
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate()
    assert logged == ""


def test_http_gives_what_memory_gives(address: str) -> None:
    async def over_http() -> Any:  # noqa: ANN401 (whatever JSON has)
        async with Client(address) as client:
            return await diagnosed(client)

    assert asyncio.run(over_http()) == call("diagnose", **PATIENT).result


def status(address: str, body: bytes, **headers: str) -> int:
    """The status of a request; header names with underscores in place of hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **named}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, sent)) as answer:  # noqa: S310 (our own server)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_pages_of_other_hosts_are_refused(address: str) -> None:
    ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    assert status(address, ping) == 200
    assert status(address, ping, Origin="https://elsewhere.example") == 403
    assert status(address, ping, Host="elsewhere.example") == 421


def test_a_request_has_a_largest_size(address: str) -> None:
    """The size is told before the body, which the server then does not wait for."""
    place = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(place.netloc)
    with contextlib.closing(connection):
        connection.putrequest("POST", place.path)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Accept", "application/json, text/event-stream")
        connection.putheader("Content-Length", str(MOST_BYTES + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_a_port_that_is_taken_is_refused() -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            BayeskneeError, match=rf"^port {port} of {HOST}: Address already in use; expected a free one"
        ):
            listen(port)


# --- card, prompt, rules --------------------------------------------------------------------------------------------


def card(uri: str) -> str:
    """The text of a resource."""
    (content,) = asked(lambda client: client.read_resource(uri)).contents
    return str(getattr(content, "text", ""))


def test_the_card_of_a_network_without_one_tells_what_it_is_for() -> None:
    network = load_network(TINY)
    assert card("network://tiny/card") == f"# A sore elbow\n\ntiny 0.0.1, sha256 {network.sha256}\n\nFor tests only."


def test_the_card_is_the_readme_of_the_network_with_its_version() -> None:
    server = tool_server("posterior_knee")

    async def read() -> str:
        async with Client(server) as client:
            (content,) = (await client.read_resource("network://posterior_knee/card")).contents
            return str(getattr(content, "text", ""))

    head, _, text = asyncio.run(read()).partition("\n\n")
    network = load_network()
    assert head == f"posterior_knee {network.version}, sha256 {network.sha256}"
    assert text == (ROOT / "networks" / "posterior_knee" / "README.md").read_text(encoding="utf-8")


def test_the_prompt_has_the_scope_the_rules_and_what_was_said_at_first() -> None:
    (message,) = asked(lambda client: client.get_prompt("interview", {"complaint": "it hurts"})).messages
    text = str(getattr(message.content, "text", ""))
    assert RULES in text
    assert text.endswith("The person said: it hurts")
    knee = interview_text(load_network(), "")
    assert "Not for: " in knee
    assert "The person said" not in knee


def test_a_client_is_told_the_rules_when_it_connects() -> None:
    told = SERVER.instructions
    assert told is not None
    assert RULES in told
    assert "For tests only." in told


@pytest.mark.parametrize(
    "rule",
    [
        "No words, no\n   answer.",
        "Silence is not `no`.",
        "`no` only if that very thing was denied.",
        "Tell urgency first",
        "Do not round a danger away",
        "Never change an answer so that it is accepted.",
    ],
)
@pytest.mark.parametrize("text", [instructions, lambda network: interview_text(network, "")], ids=["server", "prompt"])
def test_the_texts_forbid_to_enter_what_was_not_said(text: Any, rule: str) -> None:  # noqa: ANN401 (a function)
    network: Network = load_network(TINY)
    assert rule in text(network)


# --- refusals of the command ----------------------------------------------------------------------------------------


def test_wrong_names_are_refused_before_serving() -> None:
    with pytest.raises(NetworkNotFoundError, match="network 'nowhere' does not exist"):
        tool_server("nowhere")
    with pytest.raises(SettingError, match=r"unknown setting 'clinics' of network tiny; did you mean clinic\?"):
        tool_server(TINY, "clinics")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--port", "1"), "bayesknee: --port goes with --http; add it, or leave it out; see `bayesknee mcp --help`\n"),
        (("--setting", "x"), "bayesknee: unknown setting 'x' of network tiny; known are clinic, emergency\n"),
    ],
    ids=["port", "setting"],
)
def test_the_command_refuses_with_one_line(words: tuple[str, ...], line: str) -> None:
    with started(*words) as process:
        out, err = process.communicate()
    assert (process.returncode, out, err) == (2, "", line)


def test_without_the_extra_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    """A finder that hides the library, as if it were not installed."""
    hide = (
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'mcp' else real(name, *more)\n"
    )
    (tmp_path / "sitecustomize.py").write_text(hide, encoding="utf-8")
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, *COMMAND], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "bayesknee: mcp is not installed; pip install 'bayesknee[mcp]' brings it\n",
    )


def test_the_command_ends_with_its_client() -> None:
    with started() as process:
        assert process.stdin is not None
        with contextlib.closing(process.stdin):
            pass
        process.wait()
        assert process.stderr is not None
        assert (process.returncode, process.stderr.read()) == (0, "")
