"""The differences between two networks: numbers, added and removed parts, and wording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, Final

from bayesknee.knowledge.model import NODES, Number, Path, numbers_below
from bayesknee.knowledge.network import Network

COMPARED_SECTIONS: Final = (
    "settings",
    "topics",
    "groups",
    "references",
    "risk_factors",
    "conditions",
    "signs",
    "findings",
    "red_flags",
    "scores",
    "general_advice",
    "pictures",
)
HEAD: Final = (
    "id",
    "version",
    "title",
    "description",
    "complaint",
    "catch_all",
    "most_causes",
    "caution",
    "icd10_edition",
    "scope",
)


@dataclass(frozen=True)
class NumberChange:
    """A number of a part that both networks have.

    Attributes:
        path: where it stands in the files.
        old, new: None where the network has no number there.
    """

    path: Path
    old: Number | None
    new: Number | None

    @property
    def moved(self) -> bool:
        """Whether the value itself differs, rather than its range, grade, source or note."""
        return (self.old and self.old.value) != (self.new and self.new.value)

    @property
    def part(self) -> Path:
        """Section and id of the part that the number belongs to."""
        return self.path[:2]


@dataclass(frozen=True)
class Differences:
    """All differences from `old` to `new`.

    Attributes:
        numbers: of parts that both have.
        added, removed: paths of whole parts, such as ``("findings", "locking")``.
        reworded: paths of what differs and is no number: a question, the states, a gate.
    """

    old: Network
    new: Network
    numbers: tuple[NumberChange, ...]
    added: tuple[Path, ...]
    removed: tuple[Path, ...]
    reworded: tuple[Path, ...]

    @cached_property
    def moved(self) -> tuple[NumberChange, ...]:
        """The numbers whose value differs."""
        return tuple(change for change in self.numbers if change.moved)

    @property
    def nothing(self) -> bool:
        """Whether the two networks are the same."""
        return not (self.numbers or self.added or self.removed or self.reworded)


def find_differences(old: Network, new: Network) -> Differences:
    """The differences from `old` to `new`."""
    return Differences(
        old=old,
        new=new,
        numbers=tuple(_numbers(old, new)),
        added=tuple(_lacking(new, old)),
        removed=tuple(_lacking(old, new)),
        reworded=tuple(_reworded(old, new)),
    )


def _lacking(one: Network, other: Network) -> Iterator[Path]:
    """The parts of one network that the other lacks."""
    for section in COMPARED_SECTIONS:
        for name in getattr(one, section):
            if name not in getattr(other, section):
                yield section, name


def _shared(old: Network, new: Network, section: str) -> Iterator[tuple[Path, Any, Any]]:
    others = getattr(new, section)
    for name, part in getattr(old, section).items():
        if name in others:
            yield (section, name), part, others[name]


def _numbers(old: Network, new: Network) -> Iterator[NumberChange]:
    for section in NODES:
        for path, one, other in _shared(old, new, section):
            before, after = dict(numbers_below(path, one)), dict(numbers_below(path, other))
            for place in dict.fromkeys([*before, *after]):
                if before.get(place) != after.get(place):
                    yield NumberChange(place, before.get(place), after.get(place))


def _reworded(old: Network, new: Network) -> Iterator[Path]:
    for name in HEAD:
        if getattr(old, name) != getattr(new, name):
            yield "network", name
    for section in COMPARED_SECTIONS:
        for path, one, other in _shared(old, new, section):
            yield from _plain_differences(path, one, other)


def _plain_differences(path: Path, one: object, other: object) -> Iterator[Path]:
    """Where two things differ in anything but numbers."""
    if isinstance(one, Number) or isinstance(other, Number) or one == other:
        return
    if type(one) is not type(other):
        yield path
    elif isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in one.keys() & other.keys():
            yield from _plain_differences((*path, str(key)), one[key], other[key])
        if any(not _is_numeric((one.get(key), other.get(key))) for key in one.keys() ^ other.keys()):
            yield path
    elif is_dataclass(one) and not isinstance(one, type):
        for each in fields(one):
            yield from _plain_differences((*path, each.name), getattr(one, each.name), getattr(other, each.name))
    else:
        yield path


def _is_numeric(things: tuple[object, object]) -> bool:
    """Whether what one side has and the other lacks holds numbers, which are told as such."""
    return any(any(True for _ in numbers_below((), thing)) for thing in things)
