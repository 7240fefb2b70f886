"""All errors of bayesknee: one tree, so that `except BayeskneeError` catches each of them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

MOST_JOINED: Final = 8  # problems on one line: more would be read by nobody; judged
LONGEST_VALUE: Final = 60  # characters of a value that an error quotes
LONGEST_LINE: Final = 4000  # characters of a line on a terminal: what is longer came from a file, and nobody reads it
LONGEST_HINTED: Final = 100  # names are 60 at most, and comparing takes the product of the lengths
MOST_HINTS: Final = 20  # among the faults of one file; nobody reads more, and each takes milliseconds
USUAL_NAMES: Final = 500  # of a network: a hint among ten times as many takes ten times as long, and counts as ten
MOST_COMPARED: Final = 10_000  # names that a word is compared with: a third of a second, by measurement
MOST_NAMES: Final = 12  # known names that a fault of a network lists; judged: more would fill the screen
INTERRUPTED: Final = 130  # the exit status after Ctrl-C: 128 + SIGINT, as the shell has it
SEE_FINDINGS: Final = "`bayesknee findings` lists what is known"

_hints_left: ContextVar[list[int] | None] = ContextVar("_hints_left", default=None)


class BayeskneeError(Exception):
    """Something the user can mend; its text says what was wrong, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a network.

    Attributes:
        path: where in the network, as the keys that lead there, e.g. ``("findings", "locking", "noisy_or", "leak")``.
        got: the offending value, as text.
        expected: what was expected instead.
        remedy: what to do.
        file: the file's name, where the network was read from files.
        line: the line in it, from 1.
    """

    path: tuple[str, ...]
    got: str
    expected: str
    remedy: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = ".".join(map(shown_word, self.path))
        if self.file is not None:
            file = printable(self.file)
            place = f"{file}:{self.line}: {place}" if self.line else f"{file}: {place}"
        return f"{place.removesuffix(': ')}: got {self.got}; expected {self.expected}; {self.remedy}"


class NetworkError(BayeskneeError):
    """A network that breaks the rules of the format; `problems` has all that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NetworkNotFoundError(BayeskneeError):
    """No network of that name or at that place."""


class SettingError(BayeskneeError):
    """A care setting that the network does not have."""


class EvidenceError(BayeskneeError):
    """Evidence that the network cannot take: unknown names, broken likelihoods, gates that do not hold."""


class ImpossibleEvidenceError(EvidenceError):
    """Evidence of probability zero; `conflict` names a smallest set of answers that clash."""

    def __init__(self, conflict: Iterable[str]) -> None:
        self.conflict = tuple(conflict)
        super().__init__(
            f"these answers cannot all be true in this network: {', '.join(self.conflict)}; "
            "change or leave out one of them"
        )


class ConditionError(BayeskneeError):
    """A condition or group that the network does not have, or that does not fit what is asked of it."""


class BaseRateError(BayeskneeError):
    """A base rate that was given in place of the network's, and cannot be."""


class QuestionError(BayeskneeError):
    """A way to choose or rank questions that there is not."""


class InterviewError(BayeskneeError):
    """Something that cannot be done at this point of an interview."""


class AnswerClashError(EvidenceError):
    """An answer that cannot be true together with earlier ones.

    Attributes:
        earlier: the answers that would have to give way, by id.
        new: the answers that they clash with.
    """

    def __init__(self, earlier: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.earlier = dict(earlier)
        self.new = dict(new)
        told = [
            ", ".join(
                f"{name}={dict(answer) if isinstance(answer, Mapping) else getattr(answer, 'as_given', answer)}"
                for name, answer in each.items()
            )
            for each in (self.new, self.earlier)
        ]
        super().__init__(f"{told[0]} cannot be true together with {told[1]}; change one, or set the earlier ones aside")


class SessionError(BayeskneeError):
    """A file that an interview cannot be taken up from, or written to."""


class CaseFileError(BayeskneeError):
    """A case file that cannot be read as a patient."""


class TableError(BayeskneeError):
    """A table of patients that cannot be read, scored or written."""


class InferenceError(BayeskneeError):
    """A network that is valid but that the engine cannot compute with."""


class BudgetError(InferenceError):
    """A request beyond a limit of the engine's budget; tells which limit, and what it is."""

    def __init__(self, limit: str, most: int, wanted: int, remedy: str) -> None:
        self.limit = limit
        super().__init__(f"{wanted:,} {limit}; the budget of this engine allows at most {most:,}; {remedy}")


class PictureError(BayeskneeError):
    """A picture that cannot be drawn or written."""


class MissingExtraError(BayeskneeError):
    """Something that needs a part which is not installed; tells which extra brings it."""


class ExportError(BayeskneeError):
    """A network or file that cannot be written out or read in through another format."""


class ImportFileError(BayeskneeError):
    """A file of another form that cannot be turned into a network."""

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> ImportFileError:
        """An error that tells these problems, one a line."""
        return cls("\n".join(map(str, problems)))


def joined(problems: Iterable[object], most: int = MOST_JOINED, of: str = "") -> str:
    """Problems as one line: the first few, and how many there are besides, `of` such as cases or rows."""
    waiting = iter(problems)
    told = [str(problem) for problem in islice(waiting, most)]
    more = sum(1 for _ in waiting)
    return "; ".join([*told, *([f"and {more:,} more {of}".rstrip()] if more else [])])


def quoted(value: object) -> str:
    """`value` in quotes, cut to a length that fits an error line; what cannot be printed as Python writes it."""
    return repr(shortened(_text_of(value), LONGEST_VALUE))


def shown_word(value: object) -> str:
    """The same without quotes, for a word that mostly is a name of the network's."""
    return printable(shortened(_text_of(value), LONGEST_VALUE))


def _text_of(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # Python does not write out whole numbers of thousands of digits
        return f"a {type(value).__name__} too long to show"


def shortened(text: str, most: int) -> str:
    """The text, cut to so many characters."""
    return text if len(text) <= most else text[: most - 3] + "..."


def printable(text: str) -> str:
    """The text on one line, for a terminal or a page; what cannot be printed, such as an escape, as its code."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def one_line(text: str) -> str:
    """A line for standard error, whatever files have put into it: printable, and of a length that can be read."""
    return printable(shortened(text, LONGEST_LINE))


@contextmanager
def few_hints(most: int = MOST_HINTS) -> Iterator[None]:
    """Within the block, `did_you_mean` gives so many hints at most; a block around it counts for all within."""
    if _hints_left.get() is not None:
        yield
        return
    token = _hints_left.set([most])
    try:
        yield
    finally:
        _hints_left.reset(token)


def may_hint(word: object) -> bool:
    """Whether a hint about this word is worth its time: it is no long text, and not all hints are given yet."""
    left = _hints_left.get()
    return len(str(word)) <= LONGEST_HINTED and (left is None or left[0] > 0)


def did_you_mean(word: object, known: Iterable[str], most: int = 3) -> str:
    """A hint with the names nearest to `word`, or the empty string where none is near."""
    if not may_hint(word):
        return ""
    names = list(known)
    if len(names) > MOST_COMPARED:
        return ""
    left = _hints_left.get()
    if left is not None:
        left[0] -= 1 + len(names) // USUAL_NAMES
    text = str(word)
    near = difflib.get_close_matches(text.lower(), names, n=most, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else ""


def name_hint(word: object, known: Collection[str], otherwise: str = "", most: int | None = None) -> str:
    """What to do about an unknown name: take one of the nearest names; if none is near, something else.

    Args:
        word: the unknown name.
        known: the known names.
        otherwise: what to do if none is near; by default, take one of the known names, which are listed.
        most: how many of these to list at most; all by default.
    """
    return did_you_mean(word, known) or otherwise or _known_are(known, len(known) if most is None else most)


def _known_are(names: Collection[str], most: int) -> str:
    return f"known are {', '.join(islice(names, most)) or 'none'}{' ...' if len(names) > most else ''}"


def unknown_text(what: str, name: object, known: Collection[str], of: str = "", otherwise: str = "") -> str:
    """The text of an error: an unknown name, and a hint.

    Args:
        what: what the name should be, such as setting.
        name: the unknown name.
        known: the known names.
        of: where it was looked for, such as "of network elbow"; may be empty.
        otherwise: what to do if no known name is near; as for `name_hint`.
    """
    return f"unknown {what} {quoted(name)}{' ' if of else ''}{of}; {name_hint(name, known, otherwise)}"


def unknown_name(
    path: tuple[str, ...], name: str, known: Collection[str], expected: str, otherwise: str = ""
) -> Problem:
    """The problem of a network that names something unknown; its hint lists `MOST_NAMES` names at most."""
    return Problem(path, quoted(name), expected, name_hint(name, known, otherwise, MOST_NAMES))
