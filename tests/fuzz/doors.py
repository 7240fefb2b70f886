"""The doors that input comes in by. Each makes an input from random numbers, puts it in, and tells what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
from click.testing import CliRunner

from bayesknee import Engine, Interview, load_network
from bayesknee.cli.group import COMMANDS, SERVERS, main
from bayesknee.errors import LONGEST_LINE, BayeskneeError
from bayesknee.interop.exports import export
from bayesknee.interop.formats import EXPORT_FORMATS
from bayesknee.interop.synthetic import synthetic_document
from bayesknee.interview.session import to_case
from bayesknee.knowledge.network import Network
from bayesknee.plain import json_text, plain
from tests.fuzz.oddities import TEXTS, answers, as_bytes, mutated_text, mutated_tree, words_of
from tests.support.paths import NETWORKS, ROOT

TINY: Final = str(NETWORKS / "tiny")
TAKEN, REFUSED = "taken", "refused"
PLAIN: Final = {"COLUMNS": "80", "NO_COLOR": "1"}


class FaultError(AssertionError):
    """What must not come of any input."""


@dataclass(frozen=True)
class Trial:
    """An input.

    Attributes:
        text: what it is, to be shown with a fault.
        put: puts it in; tells `TAKEN` or `REFUSED`, and raises anything else.
    """

    text: str
    put: Callable[[], str]


Door: TypeAlias = Callable[[random.Random, Path], Trial]


@cache
def network(name: str = TINY) -> Network:
    return load_network(name)


@cache
def engine(name: str = TINY) -> Engine:
    return Engine(network(name))


def refusing(action: Callable[[], object]) -> Callable[[], str]:
    """The outcome of what may raise errors of this package, and no others."""

    def put() -> str:
        try:
            action()
        except BayeskneeError as error:
            str(error).encode("utf-8", "surrogatepass")
            return REFUSED
        return TAKEN

    return put


# --- the library -----------------------------------------------------------------------------------------------------

ASKED_FOR: Final[Sequence[Callable[[Any], object]]] = (
    lambda it: json_text(it.to_dict(questions=3)),
    lambda it: it.result,
    lambda it: plain(it.next_questions),
    lambda it: it.ledger,
    lambda it: it.conflict,
    lambda it: it.stop(),
    lambda it: it.intervals(50),
    lambda it: it.sensitivity(),
    lambda it: it.scores,
    repr,
)


def evidence(rng: random.Random, _folder: Path) -> Trial:
    """Answers as a mapping."""
    chosen = engine(TINY if rng.random() < 0.7 else "posterior_knee")
    given = answers(rng, chosen.network)
    works = rng.sample(ASKED_FOR, 1 if rng.random() < 0.9 else 3)

    def put() -> None:
        diagnosis = chosen.diagnose(given)
        probabilities = [*diagnosis.posterior.values(), *diagnosis.groups.values()]
        if not all(0.0 <= each <= 1.0 for each in probabilities):
            raise FaultError(f"probabilities {probabilities}")
        for work in works:
            work(diagnosis)

    return Trial(f"{chosen.network.id}: {given!r}", refusing(put))


# --- the command line ------------------------------------------------------------------------------------------------

ENDS: Final = {0: TAKEN, 2: REFUSED}


def ran(words: Sequence[str], typed: str | None = None) -> str:
    """The outcome of a command line, in this process."""
    done = CliRunner().invoke(main, list(words), input=(typed or "").encode("utf-8", "surrogatepass"), env=PLAIN)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    _check(done.exit_code, done.stdout, done.stderr)
    return ENDS[done.exit_code]


def ran_apart(words: Sequence[str], typed: str | None = None) -> str:
    """The same in a process."""
    done = subprocess.run(
        [sys.executable, "-m", "bayesknee", *words],
        input=(typed or "").encode("utf-8", "surrogatepass"),
        capture_output=True,
        check=False,
        env={**os.environ, **PLAIN, "PYTHONPATH": str(ROOT)},
    )
    _check(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    return ENDS[done.returncode]


def _check(status: int, out: str, err: str) -> None:
    if status not in ENDS:
        raise FaultError(f"exit status {status}: {err[-500:]}")
    if status == 2 and not err.strip():
        raise FaultError("no line that says why")
    for line in (*out.splitlines(), *err.splitlines()):
        if not line.replace("\t", " ").isprintable() or (line in err and len(line) > LONGEST_LINE):
            raise FaultError(f"a line that steers or has no end: {line[:200]!r}")


def cli(rng: random.Random, words: Sequence[str], typed: str | None = None) -> Trial:
    """A command line; one in some hundreds in a process."""
    given = [word.replace("\0", "") for word in words]  # no system hands over such words
    run = ran_apart if rng.random() < 0.002 and all(map(_can_be_word, given)) else ran
    return Trial(f"{given!r} <<< {typed!r}", lambda: run(given, typed))


def _can_be_word(word: str) -> bool:
    try:
        return len(os.fsencode(word)) < 100_000
    except UnicodeEncodeError:
        return False


COUNTS: Final = ("-1", "0", "1", "2", "5", "40", "100", "x", "", " ", "1e3", "nan", str(10**30), "0x10", "٣")
SHARES: Final = ("0", "1", "0.5", "-0.1", "2", "nan", "inf", "1e-400", "x", "")
LEFT_OUT: Final = {"--scheduler", "--install", "--open"}  # which reach other machines, or the user's files


@cache
def _parameters(command: str) -> tuple[click.Parameter, ...]:
    found = main.get_command(click.Context(main), command)
    assert found is not None
    return tuple(found.params)


def command_lines(rng: random.Random, folder: Path) -> Trial:
    """Any command with any options, most of which are such as it takes."""
    command = rng.choice([each for each in COMMANDS if each not in SERVERS])
    words = [command]
    for parameter in _parameters(command):
        if not LEFT_OUT & set(parameter.opts) and rng.random() < _how_often(parameter):
            words += _words_for(rng, parameter, folder)
    if "--network" in {opt for each in _parameters(command) for opt in each.opts} and "--network" not in words:
        words += ["--network", TINY]  # the one that ships takes longer to read
    if rng.random() < 0.05:
        words.insert(rng.randrange(len(words) + 1), rng.choice(TEXTS))
    return cli(
        rng, words, "\n".join(rng.choice((*"123yns", "quit", "back", "", *TEXTS)) for _ in range(rng.randrange(9)))
    )


def _how_often(parameter: click.Parameter) -> float:
    return 0.95 if parameter.required or isinstance(parameter, click.Argument) else 0.15


def _words_for(rng: random.Random, parameter: click.Parameter, folder: Path) -> list[str]:
    if isinstance(parameter, click.Argument) and parameter.nargs == -1:
        words = words_of(answers(rng, network()))
        return [*rng.sample(sorted(network().conditions), rng.randrange(2)), *words]
    value = _value_for(rng, parameter, folder)
    if isinstance(parameter, click.Argument):
        return [value]
    return [parameter.opts[0]] if getattr(parameter, "is_flag", False) else [parameter.opts[0], value]


def _value_for(rng: random.Random, parameter: click.Parameter, folder: Path) -> str:
    if rng.random() < 0.05:
        return rng.choice(TEXTS)
    if isinstance(parameter.type, click.Choice):
        return str(rng.choice(list(parameter.type.choices)))
    if parameter.type.name.startswith("integer"):
        return rng.choice(COUNTS)
    if parameter.type.name.startswith("float"):
        return rng.choice(SHARES)
    named = {
        "network": (TINY, TINY, str(folder / "nowhere"), "posterior_kne"),
        "setting": (*network().settings, "ward"),
        "topics": (*network().topics, "x"),
        "objective": ("information", "stakes", "danger", "x"),
        "against": (*network().conditions, "x"),
        "condition": (*network().conditions, *network().groups),
        "policies": ("usual", "lists=false", "look_ahead", "x"),
    }
    names = named.get(str(parameter.name), ())
    return rng.choice(names) if names else rng.choice(_files(folder))


@cache
def _texts() -> Mapping[str, str]:
    """Good files, by name."""
    rng, net = random.Random(0), network()
    interview = Interview(engine(), {"age": 45, "tennis": "yes"})
    rows = [{name: rng.choice(q.states) for name, q in net.questions.items()} for _ in range(6)]
    table = "\n".join(
        [
            ",".join(["id", *net.questions, "label"]),
            *(",".join([str(i), *row.values(), "fracture"]) for i, row in enumerate(rows)),
        ]
    )
    document = synthetic_document(6, 8, seed=1, links=3)
    return {
        "case.json": json.dumps(
            {"evidence": {"age": 45, "tennis": "yes"}, "setting": "clinic", "id": "a", "label": ["fracture"]}
        ),
        "case.yaml": "id: a\nlabel: [strain]\nsetting: clinic\nevidence:\n  age: 45\n  tennis: yes\n"
        "  onset: {fall: 0.5, slow: 0.5}\n",
        "session.json": json.dumps(to_case(interview, TINY)),
        "table.csv": table + "\n",
        "cases.jsonl": (ROOT / "tests/networks/tiny_cases.jsonl").read_text(encoding="utf-8"),
        "network.json": json.dumps(document),
        **_exported(),
    }


def _exported() -> dict[str, str]:
    import io

    found = {}
    for format_ in EXPORT_FORMATS:
        if format_ != "uai":
            stream = io.StringIO()
            export(network(), stream, format_)
            found[f"network.{format_}"] = stream.getvalue()
    return found


def _files(folder: Path) -> list[str]:
    """Files that are there, and places where none are."""
    for name, text in _texts().items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
    endings = ("csv", "parquet", "html", "md", "png", "pdf", "bif", "txt")
    return [*(str(folder / name) for name in _texts()), *(str(folder / f"out.{each}") for each in endings), str(folder)]


def _written(rng: random.Random, folder: Path, name: str) -> str:
    """A good file to which something happened, as bytes in a place."""
    path = folder / f"given.{name.rpartition('.')[2]}"
    path.write_bytes(as_bytes(rng, _mutated(rng, name)))
    return str(path)


def _mutated(rng: random.Random, name: str) -> str:
    text = _texts()[name]
    if name.endswith(".json") and rng.random() < 0.7:
        return json.dumps(mutated_tree(rng, json.loads(text)))
    return mutated_text(rng, text)


def cases(rng: random.Random, folder: Path) -> Trial:
    """Case files."""
    path = _written(rng, folder, rng.choice(("case.json", "case.yaml")))
    command = rng.choice(("diagnose", "questions", "explain", "sensitivity"))
    return cli(rng, [command, "--case", path, "--network", TINY])


def networks(rng: random.Random, folder: Path) -> Trial:
    """Folders of networks."""
    place = folder / "net"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(TINY, place)
    file = rng.choice(sorted(place.glob("*.yaml")))
    text = file.read_text(encoding="utf-8")
    file.write_bytes(as_bytes(rng, _moved_lines(rng, text) if rng.random() < 0.4 else mutated_text(rng, text)))
    words = rng.choice((["check", str(place)], ["diagnose", "--network", str(place)], ["diff", TINY, str(place)]))
    return Trial(f"{words} of {file.read_bytes()!r}", lambda: ran(words))


def _moved_lines(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(lines))
        line = lines.pop(at)
        if rng.random() < 0.6:
            lines.insert(rng.randrange(len(lines) + 1), line)
    return "".join(lines)


def tables(rng: random.Random, folder: Path) -> Trial:
    """Tables to score and to evaluate."""
    path = _written(rng, folder, "table.csv")
    if rng.random() < 0.2:
        path = _as_parquet(rng, Path(path))
    out = str(folder / rng.choice(("out.csv", "out.parquet")))
    score = [
        "score",
        path,
        "-o",
        out,
        "--key",
        "id",
        "--ignore",
        "label",
        *rng.choice(([], ["--warnings"], ["--resume"])),
    ]
    words = rng.choice((score, score, ["evaluate", path, "--rounds", "0"]))
    return cli(rng, [*words, "--network", TINY])


def _as_parquet(rng: random.Random, path: Path) -> str:
    """The rows as Parquet, seldom damaged; an empty file where they are no table."""
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    place = path.with_suffix(".parquet")
    place.write_bytes(b"")
    try:
        pq.write_table(pc.read_csv(path), place)
    except (pa.ArrowException, OSError, ValueError):
        return str(place)
    content = bytearray(place.read_bytes())
    for _ in range(rng.choice((0, 0, 1, 20))):
        content[rng.randrange(len(content))] = rng.randrange(256)
    place.write_bytes(content)
    return str(place)


def sessions(rng: random.Random, folder: Path) -> Trial:
    """Sessions of an interview, and what is typed then."""
    path = _written(rng, folder, "session.json")
    typed = "\n".join(
        rng.choice((*"12345ynswbc", "quit", "end", "back", "45", *TEXTS)) for _ in range(rng.randrange(12))
    )
    return cli(rng, ["ask", "--session", path, "--network", TINY], typed)


def imports(rng: random.Random, folder: Path) -> Trial:
    """Networks of other programs."""
    name = rng.choice([each for each in _texts() if each.startswith("network.")])
    place = folder / "imported"
    shutil.rmtree(place, ignore_errors=True)
    return cli(rng, ["import", _written(rng, folder, name), "-o", str(place)])


# --- servers ---------------------------------------------------------------------------------------------------------

PATHS: Final = (
    "diagnose",
    "questions",
    "explain",
    "sensitivity",
    "plan",
    "report",
    "interview",
    "score",
    "networks",
    "findings",
)
NAMES: Final = (
    "questions",
    "asked_of",
    "intervals",
    "draws",
    "seed",
    "topic",
    "objective",
    "number",
    "condition",
    "against",
    "count",
    "network",
    "setting",
    "format",
    "ignore",
    "look_ahead",
)


@cache
def _client() -> Any:  # noqa: ANN401 (loaded for this alone)
    from starlette.testclient import TestClient

    from bayesknee.server.app import make_app
    from bayesknee.server.limits import BUDGET
    from bayesknee.server.networks import Networks

    served = make_app(Networks.load([TINY], BUDGET))
    return TestClient(served, base_url="http://127.0.0.1", raise_server_exceptions=True)


def rest(rng: random.Random, _folder: Path) -> Trial:
    """Requests to the interface for programs."""
    path = rng.choice(PATHS)
    start = json.loads(_texts()[rng.choice(("case.json", "session.json"))])
    start = {"case": start, "event": {"answer": "yes"}} if path == "interview" and rng.random() < 0.7 else start
    body = as_bytes(
        rng, json.dumps(mutated_tree(rng, start)) if rng.random() < 0.7 else mutated_text(rng, json.dumps(start))
    )
    asked = {
        rng.choice(NAMES): rng.choice((*COUNTS, *SHARES, *network().conditions, *TEXTS))
        for _ in range(rng.randrange(3))
    }
    asked = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
    method = "POST" if rng.random() < 0.95 else "GET"

    def put() -> str:
        answer = _client().request(method, f"/v1/{path}", params=asked, content=body)
        if answer.status_code >= 500:
            raise FaultError(f"status {answer.status_code}: {answer.text[:500]}")
        return TAKEN if answer.status_code == 200 else REFUSED

    return Trial(f"{method} {path} {asked!r} {body!r}", put)


def encodable(tree: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """Without lone surrogates, which no client can send."""
    return json.loads(json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace"))


TOOLS: Final = ("find_findings", "diagnose", "next_question", "explain", "what_if")


def tools(rng: random.Random, _folder: Path) -> Trial:
    """Calls of the tools for language models."""
    from tests.tool_server.calling import heard

    tool = rng.choice(TOOLS)
    given = {name: value for name, value in answers(rng, network()).items() if value is not None}
    arguments: Any = (
        {"words": rng.choice(("my knee is swollen", *TEXTS))}
        if tool == "find_findings"
        else {"evidence": heard(**{n: v for n, v in given.items() if n})}
    )
    if tool == "explain":
        arguments["condition"] = rng.choice((*network().conditions, "x"))
    if tool == "what_if":
        arguments["take_back"] = rng.sample(sorted(given), min(len(given), 1))
    if rng.random() < 0.5:
        arguments = mutated_tree(rng, arguments)
    arguments = encodable(arguments) if isinstance(arguments, dict) else {}

    def put() -> str:
        return asyncio.run(_called(tool, arguments))

    return Trial(f"{tool} {arguments!r}", put)


async def _called(tool: str, arguments: dict[str, Any]) -> str:
    from mcp import Client

    from tests.tool_server.calling import SERVER

    async with Client(SERVER) as client:
        done = await client.call_tool(tool, arguments)
    text = " ".join(getattr(part, "text", "") for part in done.content)
    if done.is_error and "internal" in text.lower():
        raise FaultError(text[:500])
    return REFUSED if done.is_error else TAKEN


DOORS: Final[Mapping[str, Door]] = {
    "evidence": evidence,
    "cases": cases,
    "command lines": command_lines,
    "networks": networks,
    "tables": tables,
    "sessions": sessions,
    "imports": imports,
    "requests": rest,
    "tools": tools,
}


def load_all() -> None:
    """Loads what inputs load on use, so that this counts for none of them."""
    for module in ("matplotlib.pyplot", "pandas", "pgmpy.readwrite", "pyarrow.parquet"):
        import_module(module)
    _client().get("/health")
    engine("posterior_knee").diagnose({"age": 45}).intervals(50)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Works in a folder, which is the home as well, so that no input reaches anything else."""
    before, home = Path.cwd(), os.environ.get("HOME", "")
    os.chdir(folder)
    os.environ["HOME"] = str(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ["HOME"] = home


__all__ = ["DOORS", "REFUSED", "TAKEN", "Door", "FaultError", "Trial", "inside", "load_all"]
