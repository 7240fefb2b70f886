"""Where a text speaks of a finding: phrases of the network, word for word or its words near one another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.heard.english import DENIALS, PAST, WEAK
from bayesknee.patient.heard.tokens import Token, tokens_of

MOST_BETWEEN: Final = 3  # words that may stand among those of a phrase: "lump is hot, red and hard"; judged
FEWER_BETWEEN: Final = 2  # among words that many questions have, such as "knee" and "pain"; judged
ME: Final = "me"  # light, unless a phrase has it: "it wakes me up" is not "I woke up"
# Questions with a word, from which on it means none of them when it stands alone, as "pain" does: a tenth of the
# network's, but not fewer than this. Judged.
OFTEN: Final = 5
MOST_LOOSE: Final = 6  # words of a phrase that may stand in any order: of longer ones, the order tells the sense


class Sense(NamedTuple):
    """What a phrase stands for: a finding, and one of its states if the phrase says which.

    Attributes:
        finding: its id.
        state: empty where the phrase says only what it is about.
        is_loose: whether the words of the phrase tell it in any order. Those of a label, which is a title, do not; nor
            those of a time or size that is a band of numbers.
        has_tense: whether the phrase has "was" or "had" itself: "had my knee replaced" is not over.
    """

    finding: str
    state: str = ""
    is_loose: bool = True
    has_tense: bool = False


@dataclass(frozen=True)
class Phrases:
    """The phrases of a network.

    Attributes:
        in_order: by the stems of a phrase, light words left out, in their order.
        in_any_order: by the stems that carry its sense.
        of_stem: keys of `in_any_order` by the stem that fewest of them have.
        questions_with: how many questions have a stem.
        longest: words of the longest phrase in order.
    """

    in_order: Mapping[tuple[str, ...], tuple[Sense, ...]]
    in_any_order: Mapping[frozenset[str], tuple[Sense, ...]]
    of_stem: Mapping[str, tuple[frozenset[str], ...]]
    questions_with: Mapping[str, int]
    longest: int

    def most_between(self, key: frozenset[str]) -> int:
        """How many words may stand among those of a phrase in any order."""
        is_common = all(self.questions_with[stem] > OFTEN for stem in key - WEAK)
        return FEWER_BETWEEN if is_common else MOST_BETWEEN


@dataclass(frozen=True)
class Mention:
    """A place that speaks of a finding.

    Attributes:
        sense: what it speaks of.
        places: numbers of the tokens that say so, rising.
        is_in_order: whether the phrase stands there as it is, but for light words.
    """

    sense: Sense
    places: tuple[int, ...]
    is_in_order: bool

    @property
    def first(self) -> int:
        """The number of its first token."""
        return self.places[0]

    @property
    def last(self) -> int:
        """The number of its last token."""
        return self.places[-1]


def phrases_of(network: Network, asked_of: Collection[str]) -> Phrases:
    """The phrases for what is asked of these: synonyms of findings and of their states, and the labels."""
    asked = [question for question in network.questions.values() if question.asked_of in asked_of]
    labels = ((Sense(question.id, is_loose=False), question.label) for question in asked)
    return _sorted_in((*labels, *phrases_said(asked)))


@lru_cache(maxsize=32)  # some networks, each with those who are asked; the 1,500 phrases of a large one take 0.1 s
def _sorted_in(said: tuple[tuple[Sense, str], ...]) -> Phrases:
    in_order: dict[tuple[str, ...], list[Sense]] = defaultdict(list)
    heads: dict[tuple[str, ...], frozenset[str]] = {}
    findings = {sense.finding for sense, _ in said}
    loose: dict[frozenset[str], list[Sense]] = defaultdict(list)
    having: dict[str, set[str]] = defaultdict(set)
    for meant, phrase in said:
        words = tokens_of(phrase)
        sense = meant._replace(has_tense=not PAST.isdisjoint(token.word for token in words))
        tokens = [token for token in words if not token.is_light or token.word == ME]
        key = tuple(token.stem for token in tokens)
        telling = frozenset(token.stem for token in tokens if not token.is_joining and not token.is_light)
        for stem in telling:
            having[stem].add(sense.finding)
        if telling - WEAK:
            _add(in_order[key], sense)
            heads[key] = telling
        if sense.is_loose and _may_be_loose(telling):
            _add(loose[telling], sense)
    often = max(OFTEN, len(findings) / 10)
    told = {key: each for key, each in in_order.items() if len(heads[key]) > 1 or len(having[min(heads[key])]) <= often}
    return _indexed(told, loose, {stem: len(names) for stem, names in having.items()})


def _add(senses: list[Sense], sense: Sense) -> None:
    """Adds a sense, unless the same answer is there already."""
    if not any(each[:2] == sense[:2] for each in senses):
        senses.append(sense)


def _may_be_loose(telling: frozenset[str]) -> bool:
    """Whether its words tell a phrase in any order: two that say something, and no "no", which any word follows."""
    return len(telling - WEAK) > 1 and len(telling) <= MOST_LOOSE and "no" not in telling


def _indexed(
    in_order: Mapping[tuple[str, ...], list[Sense]],
    loose: Mapping[frozenset[str], list[Sense]],
    questions_with: Mapping[str, int],
) -> Phrases:
    often = Counter(stem for key in loose for stem in key)
    of_stem: dict[str, list[frozenset[str]]] = defaultdict(list)
    for key in loose:
        of_stem[min(key, key=lambda stem: (often[stem], stem))].append(key)
    return Phrases(
        {key: tuple(meanings) for key, meanings in in_order.items()},
        {key: tuple(meanings) for key, meanings in loose.items()},
        {stem: tuple(keys) for stem, keys in of_stem.items()},
        questions_with,
        max(map(len, in_order), default=0),
    )


def phrases_said(questions: Iterable[Question]) -> Iterator[tuple[Sense, str]]:
    """What people say for these questions and for their states."""
    for question in questions:
        for phrase in question.synonyms:
            yield Sense(question.id), phrase
        for state, phrases in question.state_synonyms.items():
            for phrase in phrases:
                yield Sense(question.id, state, is_loose=not question.bands), phrase


def mentions_of(phrases: Phrases, tokens: Sequence[Token]) -> tuple[Mention, ...]:
    """What a text speaks of, in its order; of phrases that lie in one another, the longest."""
    found: list[Mention] = []
    for _, group in groupby(enumerate(tokens), lambda each: each[1].sentence):
        sentence = list(group)
        found += _in_order(phrases, [each for each in sentence if not each[1].is_light])
        found += _in_order(phrases, [each for each in sentence if not each[1].is_light or each[1].word == ME])
        found += _in_any_order(phrases, sentence)
    kept = _without_shared(phrases, tokens, _longest(list(dict.fromkeys(found))))
    return tuple(sorted(kept, key=lambda each: (each.places, each.sense)))


def _in_order(phrases: Phrases, words: Sequence[tuple[int, Token]]) -> Iterator[Mention]:
    for start in range(len(words)):
        stems: tuple[str, ...] = ()
        for place, token in words[start : start + phrases.longest]:
            if stems and token.after_comma:
                break
            stems = (*stems, token.stem)
            for sense in phrases.in_order.get(stems, ()):
                places = tuple(each for each, _ in words[start : start + len(stems)])
                yield Mention(sense, places, is_in_order=place == places[-1])


def _in_any_order(phrases: Phrases, sentence: Sequence[tuple[int, Token]]) -> Iterator[Mention]:
    """Phrases whose words stand in one clause, near one another."""
    telling = ((place, token) for place, token in sentence if not token.is_light and not token.is_joining)
    for _, group in groupby(telling, lambda each: each[1].clause):
        clause = list(group)
        stems = [token.stem for _, token in clause]
        for stem in dict.fromkeys(stems):
            for key in phrases.of_stem.get(stem, ()):
                window = _window(stems, key, phrases.most_between(key))
                if window and not _is_denied_elsewhere(window, clause, key):
                    places = tuple(clause[each][0] for each in window)
                    yield from (Mention(sense, places, is_in_order=False) for sense in phrases.in_any_order[key])


def _window(stems: Sequence[str], key: frozenset[str], most: int) -> tuple[int, ...]:
    """Where the words of a phrase stand nearest to one another; empty if they do not, or are too far apart."""
    if not key.issubset(stems):
        return ()
    best: tuple[int, ...] = ()
    for start, stem in enumerate(stems):
        if stem in key:
            window = _from(stems, key, range(start, min(len(stems), start + len(key) + most)))
            if window and (not best or window[-1] - window[0] < best[-1] - best[0]):
                best = window
    return best


def _from(stems: Sequence[str], key: frozenset[str], places: range) -> tuple[int, ...]:
    seen: dict[str, int] = {}
    for place in places:
        if stems[place] in key:
            seen.setdefault(stems[place], place)
            if len(seen) == len(key):
                return tuple(sorted(seen.values()))
    return ()


def _is_denied_elsewhere(window: Sequence[int], clause: Sequence[tuple[int, Token]], key: frozenset[str]) -> bool:
    """Whether a denial of the phrase is that of another word: "sore, not swollen" is no "not sore"."""
    denials = [each for each in window if clause[each][1].word in DENIALS]
    return any(each + 1 >= len(clause) or clause[each + 1][1].stem not in key for each in denials)


def _longest(found: Sequence[Mention]) -> list[Mention]:
    """Without what lies in a longer phrase; of two in one place, that in order; of a finding, that with a state."""
    at = _by_place(found)
    return [mention for mention in found if not any(_gives_way(mention, other) for other in at[mention.first])]


def _by_place(found: Sequence[Mention]) -> Mapping[int, list[Mention]]:
    at: dict[int, list[Mention]] = defaultdict(list)
    for mention in found:
        for place in mention.places:
            at[place].append(mention)
    return at


def _gives_way(mention: Mention, other: Mention) -> bool:
    places, others = set(mention.places), set(other.places)
    if places < others:
        return True
    if places != others or mention is other:
        return False
    if mention.is_in_order != other.is_in_order:
        return other.is_in_order
    return mention.sense.finding == other.sense.finding and mention.sense.state < other.sense.state


def _without_shared(phrases: Phrases, tokens: Sequence[Token], found: Sequence[Mention]) -> Iterable[Mention]:
    """Without loose phrases whose most telling word belongs to a closer one: "calf pain and swollen knee"."""
    at = _by_place(found)
    return [
        mention
        for mention in found
        if not any(_is_borrowed(phrases, tokens, mention, other) for place in mention.places for other in at[place])
    ]


def _is_borrowed(phrases: Phrases, tokens: Sequence[Token], mention: Mention, other: Mention) -> bool:
    shared = set(mention.places) & set(other.places)
    if mention.is_in_order or not shared or len(mention.places) > len(other.places):
        return False
    if _width(mention) <= _width(other):
        return False
    rarest = min(mention.places, key=lambda place: phrases.questions_with.get(tokens[place].stem, 0))
    return rarest in shared and not _is_listed(tokens, set(mention.places) - shared, set(other.places) - shared)


def _is_listed(tokens: Sequence[Token], places: set[int], others: set[int]) -> bool:
    """Whether two words stand in one list: "swelling in the knee or the calf"."""
    first, last = sorted((max(places), max(others)))
    between = tokens[first + 1 : last + 1]
    plain = all(token.is_light or token.is_joining for token in between[:-1])
    return plain and any(token.after_comma or token.word in ("or", "and", "nor") for token in between)


def _width(mention: Mention) -> int:
    return mention.last - mention.first
