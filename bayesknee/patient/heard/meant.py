"""How something is meant: present, absent, past, unsure, or of somebody else, by cues and how far they reach.

After NegEx (Chapman et al 2001, J Biomed Inform 34:301-310) and ConText (Harkema et al 2009, J Biomed Inform
42:839-851): a cue before or behind a phrase says how it is meant, as far as the clause goes. Theirs are cues of
doctors' letters, these are of patients. Where two cues undo one another, or a warning sign is denied other than
plainly, it is unsure.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from immutabledict import immutabledict

from bayesknee.patient.heard.english import DENIALS, PAST, RELATIVES, REPORTING
from bayesknee.patient.heard.mentions import Mention
from bayesknee.patient.heard.tokens import Token

Assertion: TypeAlias = Literal["present", "absent", "past", "unsure", "someone_else"]
TimeMeant: TypeAlias = Literal["now", "recently", "ever"]

NEAR_DENIAL: Final = 6  # words between a denial and a warning sign, beyond which it is no longer plain; judged
FARTHEST_GONE: Final = 12  # words behind a clause among which "but it has gone" still speaks of it; judged
NEAR_TIME: Final = 20  # words to either side among which a time or a relative belongs to a phrase; judged

_DENIED: Final = (
    "no", "not", "never", "without", "nor", "neither", "none", "nothing", "denies", "free of", "lack of", "absence of",
    "no sign of", "not any", "not ever", "not remember any", "not recall any",
)  # fmt: skip
# Words that look like a denial of what follows and are none.
_NO_DENIAL: Final = (
    "not only", "not just", "no doubt", "without doubt", "without a doubt", "no wonder", "not to mention", "not until",
    "no matter", "nothing but", "no change", "no use", "no idea why", "not know why", "no reason",
)  # fmt: skip
_IN_DOUBT: Final = (
    "might", "may", "maybe", "perhaps", "possibly", "probably", "possible", "not sure", "unsure", "not certain",
    "i think", "i guess", "i suppose", "i suspect", "not think", "not know", "hard to say", "hard to tell",
    "not tell", "wonder", "wondering", "could be", "could have", "worried about", "worried that", "afraid",
    "in case", "whether", "hardly", "barely", "scarcely", "hardly any", "not really", "not say", "not that",
    "not exactly", "not necessarily", "if i have", "if i had", "if there is", "not remember", "not recall",
    "not impossible", "apparently",
)  # fmt: skip
_OVER_BEFORE: Final = (
    "used to",
    "no longer",
    "not any more",
    "not anymore",
    "previously",
    "formerly",
    "stopped having",
)
_OVER_BEHIND: Final = ("any more", "anymore", "in the past", "as a child", "as a kid", "as a teenager")
_EXCEPT: Final = ("apart from", "except", "except for", "other than", "aside from", "besides")
_LONG_AGO: Final = re.compile(
    r"\b(years (ago|back)|decades? ago|as a (child|kid|teenager)|in my (teens|twenties|thirties|forties|fifties)"
    r"|used to|when i was (young|little|younger|a child|a kid)|in (19|20)\d\d|in the past)\b"
)
_AFTER_AND: Final = frozenset({"or", "nor", "and"})
_GONE: Final = re.compile(
    r"(all |has |have |is |are |had |it |now |just |completely |since )*"
    r"(gone (away|down|off)|went (away|down|off)|settled( down)?|disappeared|vanished|cleared( up)?|resolved|healed"
    r"|stopped|subsided|better now|over now|not there (any more|anymore|now)"
    r"|(has|have|is|are) (now |all |completely )?gone)\b"
    r"(?! (red|pale|cold|numb|white|purple|blue|to|dead|stiff|tight|hard))"
)
_PRESENT: Final = frozenset({"is", "are", "am", "have", "has", "been", "feels", "since"})
_LEAD: Final = re.compile(
    r"((but|and|though|although|which|that|it|they|this|then|later|after|a|day|days|week|or|two) )*"
)
_TENSES: Final[tuple[tuple[TimeMeant, re.Pattern[str]], ...]] = (
    (
        "ever",
        re.compile(r"\b(ever|told|known|been told|has a doctor|has a parent)\b|\b(have|has) (you|this)\b.*\bbefore\b"),
    ),
    ("recently", re.compile(r"\b(did|was|were|have you|has this|since|has been|in the last|begin|began)\b")),
)


class Asked(NamedTuple):
    """What matters of the question that a place may answer.

    Attributes:
        time: of what time it asks.
        is_warning: whether a red flag reads it: it is absent only where that is said plainly.
        of_relatives: whether it asks of them, so that to speak of them is to answer it.
    """

    time: TimeMeant
    is_warning: bool
    of_relatives: bool


@dataclass(frozen=True)
class Cue:
    """Words that say how others are meant: the numbers of the first token and of that behind the last."""

    start: int
    stop: int


@dataclass(frozen=True)
class Cues:
    """The cues of a text, by kind."""

    denied: tuple[Cue, ...]
    in_doubt: tuple[Cue, ...]
    over_before: tuple[Cue, ...]
    over_behind: tuple[Cue, ...]
    exceptions: tuple[Cue, ...]


def about(question: str) -> TimeMeant:
    """Of what time a question asks, from its words: what is now, what was since something began, or what ever was."""
    asked = question.lower()
    return next((time for time, words in _TENSES if words.search(asked)), "now")


def cues_of(tokens: Sequence[Token]) -> Cues:
    """The cues of a text. Of two that begin alike the longer counts, and a word is part of one cue only."""
    kinds = {
        "denied": _DENIED,
        "nothing": _NO_DENIAL,
        "in_doubt": _IN_DOUBT,
        "over_before": _OVER_BEFORE,
        "over_behind": _OVER_BEHIND,
        "exceptions": _EXCEPT,
    }
    found: dict[str, list[Cue]] = {kind: [] for kind in kinds}
    for kind, cue in _scanned(tokens, kinds):
        found[kind].append(cue)
    del found["nothing"]
    return Cues(**{kind: tuple(cues) for kind, cues in found.items()})


def _scanned(tokens: Sequence[Token], kinds: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, Cue]]:
    by_words = immutabledict({tuple(cue.split()): kind for kind, cues in kinds.items() for cue in cues})
    longest = max(map(len, by_words))
    place = 0
    while place < len(tokens):
        for length in range(longest, 0, -1):
            words = tuple(token.word for token in tokens[place : place + length])
            if (
                len(words) == length
                and words in by_words
                and tokens[place].sentence == tokens[place + length - 1].sentence
            ):
                yield by_words[words], Cue(place, place + length)
                place += length - 1
                break
        place += 1


def assertion_of(mention: Mention, tokens: Sequence[Token], cues: Cues, asked: Asked) -> Assertion:
    """How a place means what it speaks of.

    Args:
        mention: the place.
        tokens: of the text.
        cues: of the text.
        asked: what is known of the question.
    """
    clause = _Clause.around(mention, tokens)
    if not asked.of_relatives and clause.is_of_somebody_else:
        return "someone_else"
    if tokens[mention.first].is_asked or clause.has_any(cues.in_doubt):
        return "unsure"
    denials = clause.denials(cues.denied)
    if len(denials) > 1 or clause.is_excepted(cues):
        return "unsure"
    if clause.is_over(cues, asked.time):
        return "past"
    if not denials:
        return "present"
    return "unsure" if asked.is_warning and not clause.is_plain(denials[0]) else "absent"


@dataclass(frozen=True)
class _Clause:
    """A place in its clause, which begins at the token `start` and ends before `stop`."""

    mention: Mention
    tokens: Sequence[Token]
    start: int
    stop: int

    @classmethod
    def around(cls, mention: Mention, tokens: Sequence[Token]) -> _Clause:
        """The clause of a mention; of one that reaches over several, all of them."""
        first, last = tokens[mention.first].clause, tokens[mention.last].clause
        start = bisect_left(tokens, first, key=lambda token: token.clause)
        return cls(mention, tokens, start, bisect_right(tokens, last, key=lambda token: token.clause))

    def _is_free(self, cue: Cue) -> bool:
        """Whether no word of a cue is part of the phrase itself: "without trying" denies nothing."""
        return not any(cue.start <= place < cue.stop for place in self.mention.places)

    def _cues(self, cues: Sequence[Cue], start: int, stop: int) -> Iterator[Cue]:
        """The cues that begin between two tokens and are no part of the phrase, the last one first."""
        after = bisect_left(cues, stop, key=lambda cue: cue.start)
        for place in range(after - 1, -1, -1):
            if cues[place].start < start:
                return
            if self._is_free(cues[place]):
                yield cues[place]

    def has_any(self, cues: Sequence[Cue]) -> bool:
        """Whether a cue stands in the clause."""
        return any(True for _ in self._cues(cues, self.start, self.stop))

    def denials(self, cues: Sequence[Cue]) -> list[Cue]:
        """The denials that reach the place, the nearest first, two at most. Of a list, each part has one of its own."""
        inside = [Cue(place, place + 1) for place in self.mention.places if self.tokens[place].word in DENIALS]
        nearest, reaching = inside[:1], list[Cue]()
        for cue in self._cues(cues, self.start, self.mention.last):
            if len(reaching) > 1 or (nearest and self._is_parted(cue, nearest[0])):
                break
            nearest = [cue]
            reaching.append(cue)
        return reaching

    def _is_parted(self, earlier: Cue, later: Cue) -> bool:
        """Whether a list goes on between two denials: "no fever and no chills" denies nothing twice."""
        between = self.tokens[earlier.stop : later.start + 1]
        return any(token.after_comma or token.word in _AFTER_AND for token in between)

    def is_plain(self, denial: Cue) -> bool:
        """Whether a denial stands near, or a list with "or" carries it on: "no fever and chills" may say both."""
        if any(token.word in ("or", "nor") for token in self.tokens[denial.start : self.stop]):
            return True
        between = self.tokens[denial.stop : self.mention.first + 1]
        joined = any(token.word == "and" or token.after_comma for token in between)
        return not joined and sum(not token.is_light and not token.is_joining for token in between) <= NEAR_DENIAL

    def is_excepted(self, cues: Cues) -> bool:
        """Whether it is what a denial leaves out: "no pain apart from at night"."""
        start = max(0, self.mention.first - NEAR_TIME)
        exception = next(self._cues(cues.exceptions, start, self.mention.first), None)
        if exception is None or self.tokens[exception.start].sentence != self.tokens[self.mention.first].sentence:
            return False
        return any(True for _ in self._cues(cues.denied, start, exception.start))

    def is_over(self, cues: Cues, time: TimeMeant) -> bool:
        """Whether it was and is no more, of a question that asks of what is."""
        if time == "ever":
            return False
        words = _text(self.tokens[self._near_start : self._near_stop])
        if _LONG_AGO.search(words) and "since" not in words:
            return True
        if any(True for _ in self._cues(cues.over_before, self._near_start, self.mention.last)):
            return True
        if time == "recently":
            return False
        behind = any(True for _ in self._cues(cues.over_behind, self.mention.first, self._near_stop))
        return behind or self._is_gone or (self._is_told_as_past and not self.mention.sense.has_tense)

    @property
    def _near_start(self) -> int:
        return max(self.start, self.mention.first - NEAR_TIME)

    @property
    def _near_stop(self) -> int:
        return min(self.stop, self.mention.last + NEAR_TIME)

    @property
    def _is_gone(self) -> bool:
        """Whether it is told to have gone, right behind or inside the phrase, or of "it" in what follows."""
        spoken = set(self.mention.places)
        behind = [
            self.tokens[place].word for place in range(self.mention.first, self._near_stop) if place not in spoken
        ]
        if "not" not in behind and any(_GONE.match(" ".join(behind[place:])) for place in range(len(behind))):
            return True
        rest = _text(self.tokens[self.stop : self.stop + FARTHEST_GONE])
        lead = _LEAD.match(rest)
        return bool(lead and lead.end() and _GONE.match(rest[lead.end() :]))

    @property
    def _is_told_as_past(self) -> bool:
        """Whether the verb is "was", "were" or "had", and not "have had"."""
        before = self._words_before
        for place in range(len(before) - 1, -1, -1):
            if before[place] in _PRESENT:
                return False
            if before[place] in PAST:
                return not any(word in {"have", "has"} for word in before[max(0, place - 2) : place])
        return False

    @property
    def _words_before(self) -> list[str]:
        return [token.word for token in self.tokens[self._near_start : self.mention.last]]

    @property
    def is_of_somebody_else(self) -> bool:
        """Whether a relative is the subject, and does not speak of the patient: "my wife says my calf is swollen"."""
        before = self._words_before
        place = next((place for place, word in enumerate(before) if word in RELATIVES), None)
        if place is None:
            return False
        return not any(word in REPORTING or word in {"my", "me", "i"} for word in before[place + 1 :])


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(token.word for token in tokens)
