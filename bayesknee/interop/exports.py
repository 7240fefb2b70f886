"""A network as a file for other programs; docs/interop.md tells what such a file cannot hold."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from immutabledict import immutabledict

from bayesknee.errors import ExportError, printable, quoted, unknown_text
from bayesknee.files import write_files
from bayesknee.interop.formats import EXPORT_FORMATS
from bayesknee.interop.table import NodeMarks
from bayesknee.interop.tables import is_conditioned, network_nodes
from bayesknee.interop.writers import Document, bif, net, uai, uai_names, xdsl, xmlbif
from bayesknee.knowledge.model import COMPLAINT, NO_YES
from bayesknee.knowledge.network import Network, check_setting

_WRITERS: Final[Mapping[str, Callable[[Document], str]]] = immutabledict(
    bif=bif, xmlbif=xmlbif, xdsl=xdsl, net=net, uai=uai
)
NAMES_SUFFIX: Final = ".names.json"
# Of the remark in a file, by which its roles are known where it is read again.
WRITTEN_BY: Final = "written by bayesknee."
CONDITIONS: Final = "Conditions:"
CATCH_ALL: Final = "Catch-all:"
# Names that pyAgrum 3.3.1 takes for words of the format, wherever they stand. States are in quotes in NET.
_KEYWORDS: Final[Mapping[str, frozenset[str]]] = immutabledict(
    bif=frozenset({"network", "variable", "probability", "property", "type", "discrete", "default", "table"}),
    net=frozenset({"net", "node", "potential", "data"}),
)


def export(
    network: Network,
    target: str | os.PathLike[str] | TextIO,
    format: str,  # noqa: A002 - the word that the command line uses
    setting: str | None = None,
    *,
    plain: bool = False,
) -> None:
    """Writes a network in one care setting for other programs, all of it or nothing.

    Args:
        network: a network of at most 20 conditions, or one that says how many are the cause together at most.
        target: a file, which is replaced where it exists, or an open text stream. `uai` has no names: they go into a
            second file, named as the first with `.names.json` behind.
        format: one of `bayesknee.interop.formats.EXPORT_FORMATS`.
        setting: selects base rates and the priors of risk factors; the network's first one where left out.
        plain: of `xdsl`, tables and ids only, for programs other than GeNIe; else a noisy-OR and a noisy-MAX stay such,
            and labels, questions and costs are written for GeNIe's diagnosis.

    Raises:
        ExportError: no such format, a network that does not fit it, or a file that cannot be written.
        SettingError: the network has no such setting.
        InferenceError: base rates that cannot be met.
    """
    if format not in EXPORT_FORMATS:
        raise ExportError(unknown_text("format", format, EXPORT_FORMATS))
    for_genie = format == "xdsl" and not plain
    document = _document(network, check_setting(network, setting), for_genie=for_genie)
    _refuse_keywords(document, format)
    text = _WRITERS[format](document)
    if isinstance(target, str | os.PathLike):
        texts = {Path(target): text}
        if format == "uai":
            texts[Path(os.fspath(target) + NAMES_SUFFIX)] = uai_names(document)
        _write_all(texts)
    elif format == "uai":
        raise ExportError("uai holds no names, they go into a second file; expected a file to write, not a stream")
    else:
        target.write(text)


def _document(network: Network, setting: str, *, for_genie: bool) -> Document:
    parts = [f"{network.id} {network.version} in {setting}, {WRITTEN_BY}"]
    if is_conditioned(network):
        parts.append(f"Condition every query on {COMPLAINT} = yes.")
    if network.gated:
        parts.append("Give what an answer implies of its gate (only_if in the network) as evidence, too.")
    parts.append(f"{CONDITIONS} {' '.join(network.conditions)}.")
    if network.catch_all:
        parts.append(f"{CATCH_ALL} {network.catch_all}.")
    if network.sha256:
        parts.append(f"sha256 of its source: {network.sha256}")
    remark = re.sub("-+", "-", " ".join(" ".join(parts).split()))  # two end a comment in XML
    return Document(
        network.id,
        remark.encode("ascii", "replace").decode(),
        network_nodes(network, setting, as_it_is=for_genie),
        immutabledict(_marks(network)) if for_genie else immutabledict(),
    )


def _marks(network: Network) -> Iterator[tuple[str, NodeMarks]]:
    """What a diagnosis does with each node."""
    for condition in network.conditions.values():
        yield condition.id, NodeMarks("target", present=NO_YES[1], label=condition.name)
    for sign in network.signs.values():
        yield sign.id, NodeMarks("auxiliary", label=sign.label)
    for name, each in network.questions.items():
        first = name in network.opening.questions
        yield name, NodeMarks("observation", "", "", each.label, each.question, each.burden, mandatory=first)
    if is_conditioned(network):
        label = network.complaint or "No more causes than may come together"
        yield COMPLAINT, NodeMarks("observation", label=label, mandatory=True)


def _refuse_keywords(document: Document, format_: str) -> None:
    names = {table.node for table in document.tables}
    if format_ == "bif":
        names.update(state for table in document.tables for state in table.states)
    for name in sorted(names & _KEYWORDS.get(format_, frozenset())):
        raise ExportError(f"{format_} takes {quoted(name)} for a word of its own; rename it, or choose another format")


def _write_all(texts: Mapping[Path, str]) -> None:
    """Writes files whole, all or none, so that no half of one takes the place of a good one."""
    contents = {path: text.encode("ascii") for path, text in texts.items()}
    devices = {path for path in contents if path.exists() and not path.is_file()}  # and pipes: nothing can replace them
    try:
        for path in devices:
            path.write_bytes(contents[path])
        write_files({path: content for path, content in contents.items() if path not in devices})
    except OSError as error:
        path = next(iter(texts))
        raise ExportError(
            f"cannot write {printable(str(path))}: {error.strerror}; expected a file in a folder that exists"
        ) from None
