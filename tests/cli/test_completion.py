"""The TAB key: what is offered for a word half typed, and how a shell comes to ask for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from bayesknee.cli import main
from tests.cli.conftest import Run

TINY = ("--network", "tests/networks/tiny")


def offered(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What is offered for the last word; words are as the shell splits them."""
    line = ["bayesknee", *words]
    monkeypatch.setenv("COMP_WORDS", " ".join(line))
    monkeypatch.setenv("COMP_CWORD", str(len(line) - 1))
    completed = BashComplete(main, {}, "bayesknee", "_BAYESKNEE_COMPLETE")
    return [item.value for item in completed.get_completions(list(words[:-1]), words[-1])]


def test_commands_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered(monkeypatch, "net") == ["networks"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((*TINY, "t"), ["tennis=no", "tennis=yes", "tennis=unknown"]),  # the only one that begins so
        ((*TINY, "on"), ["onset=fall", "onset=sudden", "onset=gradual", "onset=unknown"]),
        ((*TINY, "onset=s"), ["onset=sudden"]),  # zsh and fish keep a word whole
        ((*TINY, "onset", "=", "s"), ["sudden"]),  # bash splits it
        ((*TINY, "onset", "="), ["fall", "sudden", "gradual", "unknown"]),
        (("lump_no",), ["lump_noticed=no", "lump_noticed=yes", "lump_noticed=unknown"]),
        ((*TINY, "zebra"), []),
        (("--network", "nowhere", "t"), []),
    ],
)
def test_findings_and_states_are_offered(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], found: list[str]
) -> None:
    assert offered(monkeypatch, "diagnose", *words) == found


def test_several_findings_are_offered_with_their_equals_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    found = offered(monkeypatch, "ask", "lump_n")
    assert found == ["lump_noticed=no", "lump_noticed=yes", "lump_noticed=unknown"]
    assert {"lump_noticed=", "lump_hard="} <= set(offered(monkeypatch, "ask", "lump"))


def test_settings_networks_and_topics_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered(monkeypatch, "diagnose", *TINY, "--setting", "") == ["clinic", "emergency"]
    assert offered(monkeypatch, "diagnose", "--setting", "s") == ["sports_clinic"]
    assert offered(monkeypatch, "diagnose", "--network", "post")[0] == "posterior_knee"
    assert offered(monkeypatch, "plan", *TINY, "--topic", "p") == ["pain"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_one_command_installs_it(run: Run, shell: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    ran = run("completion", "--install", env={"SHELL": f"/bin/{shell}"})
    assert ran.status == 0
    (written,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert str(written) in ran.out.replace("\n", "")
    assert f"_BAYESKNEE_COMPLETE={shell}" in written.read_text()
    before = written.read_bytes()
    assert run("completion", shell, "--install").status == 0
    assert written.read_bytes() == before


def test_what_a_shell_has_already_stays(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZDOTDIR", str(tmp_path))
    (tmp_path / ".zshrc").write_text("alias ll='ls -l'")
    run("completion", "zsh", "--install")
    assert (tmp_path / ".zshrc").read_text().splitlines() == [
        "alias ll='ls -l'",
        'eval "$(_BAYESKNEE_COMPLETE=zsh_source bayesknee)"',
    ]


def test_an_unknown_shell_is_refused(run: Run) -> None:
    ran = run("completion", env={"SHELL": "/bin/tcsh"})
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "bayesknee: cannot tell the shell; expected one of bash, zsh, fish; name it: completion bash\n"


def test_the_networks_that_ship_are_listed(run: Run) -> None:
    ran = run("networks")
    assert "posterior_knee" in ran.out
    assert "It weighs 26 causes" in " ".join(ran.out.split())
    told = json.loads(run("networks", "--json").out)
    first = {each["network"]: each["settings"][0] for each in told}
    assert first == {"low_back_pain": "primary_care", "posterior_knee": "primary_care"}
