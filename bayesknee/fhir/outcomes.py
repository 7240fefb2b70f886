"""What is wrong or must be told, as an OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from immutabledict import immutabledict

from bayesknee.errors import BayeskneeError, one_line

MOST_ISSUES: Final = 20  # told one by one, as of problems elsewhere
# The kinds of HL7's value set issue-type, by status of HTTP.
KINDS: Final = immutabledict(
    {
        400: "structure",
        403: "forbidden",
        404: "not-found",
        405: "not-supported",
        406: "not-supported",
        409: "conflict",
        412: "required",
        413: "too-long",
        422: "invalid",
        429: "throttled",
        500: "exception",
        501: "not-supported",
        503: "timeout",
    }
)


class Issue(NamedTuple):
    """One thing that is wrong or must be told.

    Attributes:
        text: what was wrong, what was expected, what to do.
        place: where in the resource, as FHIRPath; empty for all of it.
        severity: `error`, `warning` or `information`.
        kind: of HL7's value set issue-type.
    """

    text: str
    place: str = ""
    severity: str = "error"
    kind: str = "invalid"


class ResourceError(BayeskneeError):
    """A resource that cannot be taken; tells all that is wrong with it."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(one_line(issue.text) for issue in self.issues[:MOST_ISSUES]))


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome with these issues, of which there must be one."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(issue) for issue in [*issues][:MOST_ISSUES]]}


def outcome_of(status: int, error: BayeskneeError | str) -> dict[str, Any]:
    """An error as an OperationOutcome."""
    if isinstance(error, ResourceError):
        return outcome(error.issues)
    return outcome([Issue(str(error), kind=KINDS.get(status, "processing"))])


def _issue(issue: Issue) -> dict[str, Any]:
    told = {"severity": issue.severity, "code": issue.kind, "details": {"text": one_line(issue.text)}}
    return {**told, **({"expression": [issue.place]} if issue.place else {})}


def at_item(link: str) -> str:
    """The place of an item of a response; a link that could be taken for FHIRPath is left out."""
    plain = link.replace(".", "").replace("_", "").replace("-", "")
    named = f".where(linkId='{link}')" if plain.isascii() and plain.isalnum() else ""
    return f"QuestionnaireResponse.repeat(item){named}"
