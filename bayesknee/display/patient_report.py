"""A report of one patient to hand on: one page as HTML, which prints from any browser, or as PDF.

The page holds what to do: urgency, what is not ruled out, the first causes, what would help, and room for a signature.
Where the answers, and what each did, do not fit below, they follow on a second one.

It holds nothing from elsewhere: styles and bars stand in the page, and it loads no address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from bayesknee.diagnosis import wording
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Interval, Intervals
from bayesknee.diagnosis.explaining.ledger import Account, Cited
from bayesknee.diagnosis.result import WORTH_TELLING, Cause
from bayesknee.diagnosis.wording import chance_text, entry_text, event_name, interval_text
from bayesknee.display.explanation import cited_text, effect_text
from bayesknee.errors import BayeskneeError, InferenceError, MissingExtraError, printable, quoted
from bayesknee.files import check_report_path, write_file
from bayesknee.markup import DANGER, render_report
from bayesknee.version import __version__

SUFFIXES: Final = (".html", ".pdf")
# Judged, all of these: what fits on a page beside the result, and the strongest is what a reader checks.
MOST_ENTRIES: Final = 6  # lines of a ledger
MOST_DANGERS: Final = 2  # ledgers beside that of the leader
MOST_NUMBERS: Final = 8  # numbers of the network with their sources
MOST_REASONS: Final = 6  # of the urgency in full; further ones by name, as page one must hold what to do
MOST_ADVICE: Final = 4  # paragraphs on page one; the rest follows below the signature
LONGEST_NAME: Final = 100  # characters: what identifies a patient on paper; more would push the result off the page


@dataclass(frozen=True)
class ReportDetails:
    """What a report tells beside the diagnosis.

    Attributes:
        day: the date, as it is to be read.
        patient: initials, a number or a name, typed where the report is made; kept nowhere else.
        intervals: 95 % intervals of the probabilities; None for none.
        warnings: what is to be told before the result, such as that the network is not for this patient.

    Raises:
        BayeskneeError: `patient` is too long, or cannot be printed.
    """

    day: str
    patient: str = ""
    intervals: Intervals | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.patient) > LONGEST_NAME or printable(self.patient) != self.patient:
            told = f"patient {quoted(self.patient)}; expected initials, a number or a name of at most {LONGEST_NAME}"
            raise BayeskneeError(f"{told} characters that can be printed; shorten it")


class BarPart(NamedTuple):
    """A bar: the cause, its name and figures, and shares of the width for the picture; `ends` are of the interval."""

    cause: Cause
    name: str
    chance: str
    interval: str
    share: float
    ends: Interval | None
    is_danger: bool


class LedgerPart(NamedTuple):
    """The strongest answers of a ledger, as pairs of the answer and what it did, and how many more there are."""

    name: str
    entries: tuple[tuple[str, str], ...]
    more: int


def report_of_patient(diagnosis: Diagnosis, details: ReportDetails) -> str:
    """The report as a page of HTML that is complete by itself."""
    accounts = list(_accounts(diagnosis))
    return render_report(
        "patient.html",
        diagnosis=diagnosis,
        details=details,
        wording=wording,
        danger=DANGER,
        most_reasons=MOST_REASONS,
        most_advice=MOST_ADVICE,
        bars=tuple(bar_parts(diagnosis, details.intervals)),
        ledgers=tuple(_ledger(diagnosis, account) for account in accounts),
        numbers=tuple(map(cited_text, _carrying(accounts))),
        program_version=__version__,
    )


def details_of_today(
    diagnosis: Diagnosis,
    patient: str = "",
    intervals: Intervals | None = None,
    warnings: Sequence[str] = (),
) -> ReportDetails:
    """The details of a report of today.

    Args:
        diagnosis: of the patient.
        patient: what stands in its head; empty for a line to write on.
        intervals: those to draw; by default, the usual ones where they are not beyond the budget.
        warnings: what is to be told before the result.

    Raises:
        BayeskneeError: `patient` is too long, or cannot be printed.
    """
    day = datetime.now().astimezone().strftime("%d %B %Y")
    details = ReportDetails(day, patient, intervals, tuple(warnings))  # what is wrong is refused before the work
    if intervals is None:
        with suppress(InferenceError):
            details = replace(details, intervals=diagnosis.intervals())
    return details


def write_patient_report(diagnosis: Diagnosis, path: Path | str, details: ReportDetails) -> None:
    """Writes the report, for its owner alone where the file is new; it appears only when it is complete.

    Raises:
        BayeskneeError: a path where no report can be, as `check_report_path`.
        MissingExtraError: a PDF is wanted, and what makes it is not installed.
        OSError: it cannot be written.
    """
    file = check_report_path(path, SUFFIXES)
    page = report_of_patient(diagnosis, details)
    write_file(file, page.encode() if file.suffix.lower() == ".html" else as_pdf(page), private=True)


def check_can_write(path: Path | str) -> None:
    """Refuses what `write_patient_report` would refuse, before the work.

    Raises:
        BayeskneeError, MissingExtraError: as there.
    """
    if check_report_path(path, SUFFIXES).suffix.lower() == ".pdf":
        _pdf_maker()


def as_pdf(page: str) -> bytes:
    """A page of HTML as PDF.

    Raises:
        MissingExtraError: what makes it is not installed.
    """
    made: bytes = _pdf_maker()(string=page, url_fetcher=_no_address).write_pdf()
    return made


def _pdf_maker() -> Any:  # noqa: ANN401 (a class of WeasyPrint, which has no types)
    try:
        from weasyprint import HTML
    except ImportError:
        told = "a report as PDF needs WeasyPrint; install the extra `report`: pip install 'bayesknee[report]'"
    except OSError:  # it is there, and the libraries of the system that it draws with are not
        told = "a report as PDF needs the libraries of Pango, which WeasyPrint draws with; install these"
    else:
        return HTML
    raise MissingExtraError(f"{told}; or name a .html file, which a browser prints") from None


def _no_address(url: str) -> None:
    """Refuses to load anything: a report holds all that it shows."""
    raise ValueError(url)


# --- parts -----------------------------------------------------------------------------------------------------------


def bar_parts(diagnosis: Diagnosis, intervals: Intervals | None) -> Iterator[BarPart]:
    """The bars of the causes that are told one by one; without intervals where there are none."""
    dangers = {each.condition for each in diagnosis.not_ruled_out}
    for cause in diagnosis.result.causes:
        name = cause.condition
        given = wording.given_state(diagnosis, {name}) is not None
        ends = intervals.conditions[name] if intervals is not None and intervals.ranges.any and not given else None
        yield BarPart(
            cause,
            event_name(diagnosis.network, name),
            chance_text(diagnosis, {name}, cause.probability),
            interval_text(ends) if ends is not None else "",
            cause.probability,
            ends,
            name in dangers,
        )


def _accounts(diagnosis: Diagnosis) -> Iterator[Account]:
    """The accounts of the leader and of the most probable dangers; none if the ledger is beyond the budget."""
    leader = next(iter(diagnosis.posterior))
    dangers = [each.condition for each in diagnosis.not_ruled_out if each.condition != leader]
    try:
        yield from (diagnosis.ledger[name] for name in (leader, *dangers[:MOST_DANGERS]))
    except InferenceError:
        return


def _ledger(diagnosis: Diagnosis, account: Account) -> LedgerPart:
    told = [entry for entry in account.entries if abs(entry.share) >= WORTH_TELLING]
    shown = tuple(
        (entry_text(diagnosis.network, entry), effect_text(entry.share, contrast=False))
        for entry in told[:MOST_ENTRIES]
    )
    return LedgerPart(event_name(diagnosis.network, account.subject), shown, len(account.entries) - len(shown))


def _carrying(accounts: list[Account]) -> list[Cited]:
    """The numbers that carried most of what the answers did to these conditions, those that did most first."""
    weights: dict[str, float] = {}
    numbers: dict[str, Cited] = {}
    for account in accounts:
        for entry in account.entries:
            if abs(entry.share) >= WORTH_TELLING:
                for number in entry.numbers:
                    key = ".".join(number.stated.path)
                    numbers[key] = number
                    weights[key] = weights.get(key, 0.0) + abs(entry.share)
    return [numbers[key] for key in sorted(numbers, key=lambda key: -weights[key])[:MOST_NUMBERS]]
