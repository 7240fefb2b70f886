"""What the server tells a language model of its part: read what people say, and leave the counting to the tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayesknee.diagnosis.wording import scope_line, scope_lines
from bayesknee.knowledge.network import Network

# What they guard against: answers that nobody gave, above all a `no` for what was not asked; a warning that is left
# out; figures that are changed or added; an answer bent until it is accepted.
RULES: Final = """\
Rules, which have no exception:
1. Enter only what the person, or the record, said. Each answer carries the very words as its quote. No words, no
   answer.
2. Silence is not `no`. What was not asked or not answered is left out. `unknown` is for a person who was asked and does
   not know. Do not conclude one answer from another, nor from what is usual.
3. `no` only if that very thing was denied. "Otherwise fine" denies nothing in particular: ask.
4. What is over, or was long ago, is not what is there now: read the question, and ask if it does not say which.
5. If the person was not sure, set `unsure`. If you are not sure what was meant, ask the person.
6. Tell urgency first, then the warnings and what is not ruled out, as they are given, whatever else is asked of you.
   On an emergency, say so at once and stop asking.
7. Give the figures as they are. Do not round a danger away, add causes or figures of your own, or call anything ruled
   out that is listed as not ruled out.
8. After a refusal, mend the call by what it says, or ask the person. Never change an answer so that it is accepted.
9. Tell the caution, and that this is not a medical device."""

HOW: Final = """\
How: for what the person has said, find the findings, and enter those that were said. Call next_question with all
answers, and put its question as it is worded. Questions whose id begins with `scope.` come first; their answers go into
`scope`. If the patient turns out to be outside the scope, say where to go instead, and stop. Put the id of a question
that was left open into `skipped`. Repeat until `finished`, or until the person wants to stop. Then call diagnose, and
tell its result in its order. Last, list all answers that were heard with their quotes, and ask whether they are right;
if one is not, mend it and diagnose again."""


def instructions(network: Network) -> str:
    """What a client passes to the model when it connects."""
    lines = (
        f"{network.title}: exact probabilities of causes, from numbers that each carry a range, a source and a grade.",
        scope_line(network),
        network.caution,
        "find_findings turns words into findings; diagnose tells urgency and probabilities; next_question what to ask;",
        "explain why; what_if what would change. Nothing is kept between calls: pass all answers each time.",
        RULES,
    )
    return "\n".join(filter(None, lines))


def interview_text(network: Network, complaint: str) -> str:
    """The prompt of an interview.

    Args:
        network: that of the tools.
        complaint: what the person said at first; may be empty.
    """
    return "\n".join(_interview(network, complaint))


def _interview(network: Network, complaint: str) -> Iterator[str]:
    yield f"Interview a person with the tools of this server ({network.title}), one question at a time."
    yield from scope_lines(network)
    yield RULES
    yield HOW
    if complaint:
        yield f"The person said: {complaint}"
