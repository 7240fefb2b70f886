"""Words of English that say how something is meant: contractions, irregular verbs, numbers, relatives, words of time.

Lists, since all of them are short and closed. What people call a finding is no part of them: that is in the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from immutabledict import immutabledict


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(text: str) -> Mapping[str, str]:
    """Each form of a verb by itself, from lines such as `swell: swollen swelled`."""
    lines = (line.partition(":") for line in text.strip().splitlines())
    return immutabledict({form: base.strip() for base, _, forms in lines for form in forms.split()})


# What stands behind an apostrophe, as a word; 'd is "had" more often than "would" where people tell what was.
ENDINGS: Final[Mapping[str, str]] = immutabledict({"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "had"})
HAVE_IS: Final = _words("it he she that there what who here how where everything nothing")  # it's: "it is"
# "can't" and what is typed for it. The base stands before "not".
NOT_BASES: Final[Mapping[str, str]] = immutabledict({"ca": "can", "wo": "will", "sha": "shall", "ai": "is"})
RUN_TOGETHER: Final[Mapping[str, tuple[str, ...]]] = immutabledict(
    {
        "cannot": ("can", "not"),
        **{
            f"{base}nt": ({"ca": "can", "wo": "will"}.get(base, base), "not")
            for base in [
                "do",
                "does",
                "did",
                "ca",
                "wo",
                "is",
                "are",
                "was",
                "were",
                "have",
                "has",
                "had",
                "could",
                "would",
                "should",
            ]
        },
        "im": ("i", "am"),
        "ive": ("i", "have"),
    }
)
# Forms that a stemmer does not bring together, since Porter's algorithm only takes endings off; British and American
# spellings; and, in the last lines, words for a complaint that patients use for one another.
IRREGULAR: Final = _forms(
    """
    swell: swollen swole
    wake: woke woken waking
    go: goes went gone
    stick: stuck
    lose: lost
    tear: tore torn
    feel: felt
    give: gave given
    run: ran
    fall: fell fallen
    break: broke broken
    come: came
    grow: grew grown
    get: got gotten
    keep: kept
    wear: wore worn
    drive: drove driven
    fly: flew flown
    tell: told
    bend: bent
    begin: began begun
    blow: blew blown
    catch: caught
    sit: sat
    stand: stood
    sleep: slept
    take: took taken
    bleed: bled
    hot: hotter heat
    warm: warmer warmth
    cold: colder coldness
    shake: shook shaken
    smoke: smoking
    lie: lay lain lying
    woman: women
    man: men
    calf: calves
    foot: feet
    knife: knives
    hit: hitting
    cut: cutting
    think: thought
    say: said
    hear: heard
    spread: spreading spreads
    wee: weeing weed
    pee: peeing peed
    estrogen: oestrogen
    oedema: edema
    anemia: anaemia
    tumor: tumour
    leukemia: leukaemia
    pajama: pyjama pyjamas pajamas
    gray: grey
    pregnant: pregnancy pregnancies
    pain: hurt hurts hurting ache aches aching ached sore soreness painful
    swell: puffy
    half: halfway
    """
)
# Words that say nothing of what is meant: the same is meant with them and without them.
LIGHT: Final = _words(
    "a an the my your his her its our their this that these those i it he she they we you me him us them am is are was "
    "were be been being has have had having do does did will would shall should of really very quite so rather just "
    "also too bit little lot lots some any s left right now about still actually pretty"
)
# Words that join others: a phrase may be said without them, its other words in any order.
JOINING: Final = _words(
    "and or in on at to of for from with by into onto when while if as than then like after because during again there"
)
# Stems that say little without the words beside them: "goes down to the calf" is not "has gone" near "calf".
WEAK: Final = _words(
    "all before up down out off over through get go come take make put keep feel look say tell think one "
    "like more time use as much so thing not no never"
)
PAST: Final = _words("was were had")
DENIALS: Final = _words("not no never without")
NEW_SUBJECTS: Final = _words("i it he she they we you there")
OWNERS: Final = _words("my the this that his her its our their your these those both")
CONTRAST: Final = _words("but although though however whereas because except nevertheless yet unless")
FINITE: Final = _words(
    "am is are was were has have had do does did can could will would hurts feels looks seems aches "
    "swelled got went gets goes started began came feel take takes get took swells keeps makes woke wakes "
    "gives locks stops stop eases starts started wakes helps hurt"
)
AND: Final = _words("and plus")
RELATIVES: Final = _words(
    "mum mom mother mam dad father brother sister son daughter husband wife partner uncle aunt aunty "
    "auntie cousin niece nephew grandmother grandfather grandma grandad grandpa gran nan nana friend "
    "neighbour neighbor colleague boyfriend girlfriend family parents grandparents"
)
REPORTING: Final = _words("says said say thinks thought noticed told tells reckons saw sees noticing worried asked")
NUMBERS: Final[Mapping[str, float]] = immutabledict(
    {
        word: float(number)
        for number, word in enumerate(
            [
                "zero",
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
            ]
        )
    }
    | {
        word: float(10 * tens)
        for tens, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty"], 2)
    }
    | {"ninety": 90.0, "a": 1.0, "an": 1.0, "half": 0.5, "dozen": 12.0}
)
# Units as people write them, and how `bayesknee.patient.units` calls them.
UNITS: Final[Mapping[str, str]] = immutabledict(
    {
        **{f"{unit}{end}": unit for unit in ("day", "week", "month", "year", "hour") for end in ("", "s")},
        **dict.fromkeys(("minute", "minutes", "min", "mins"), "min"),
        **dict.fromkeys(("hr", "hrs"), "hour"),
        **dict.fromkeys(("yr", "yrs"), "year"),
        **dict.fromkeys(("wk", "wks"), "week"),
        **dict.fromkeys(("cm", "cms", "centimetre", "centimetres", "centimeter", "centimeters"), "cm"),
        **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), "mm"),
        **dict.fromkeys(("inch", "inches"), "inch"),
    }
)
