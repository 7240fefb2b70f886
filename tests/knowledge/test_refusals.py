"""What the reader refuses: each fault of the format, told with file, line, value, expectation and remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from bayesknee import NetworkError, load_network
from bayesknee.errors import NetworkNotFoundError
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

TINY = NETWORKS / "tiny"
KNEE = KNEE_11
Change = Callable[[str, str], Path]


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """A copy of the tiny network with one text replaced by another."""

    def changed(old: str, new: str) -> Path:
        folder = tmp_path / "tiny"
        shutil.copytree(TINY, folder)
        text = (folder / "network.yaml").read_text(encoding="utf-8")
        assert old in text
        (folder / "network.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return changed


def refusal(folder: Path) -> str:
    with pytest.raises(NetworkError) as caught:
        load_network(folder)
    return str(caught.value)


LEAK = "leak: {value: 0.02, low: 0.01, high: 0.05}"
GRIP = "strain: {value: 0.8, low: 0.7, high: 0.9}"
FLAG_SOURCE = "    source: smith_2015\n\n"
STEP = "{level: same_day, at: {value: 0.02, low: 0.01, high: 0.05}}"
NOW = "{level: emergency, at: {value: 0.3, low: 0.1, high: 0.5}, do: a splint now}"
REST = "    must_not_miss: true\n    stake: 5\n    basis: {grade: D, source: judged, note: for tests}\n"
FRACTURE = f"    level: emergency\n{REST}    limit: {{value: 0.02, low: 0.01, high: 0.05}}\n"


def score(old: str, new: str) -> str:
    """A section of one score, with one text replaced by another."""
    text = f"""scores:
  points:
    name: Points
    source: smith_2015
    items: {ITEMS}
    steps:
      - {{from: -2, label: unlikely}}
      - {{from: 2, label: likely, level: urgent, do: a scan}}
"""
    assert old in text
    return text.replace(old, new, 1)


def steps(*thresholds: str) -> str:
    """The broken bone with a list of thresholds in place of a level and a limit."""
    return f"{REST}    thresholds:\n" + "".join(f"      - {threshold}\n" for threshold in thresholds)


CAUTION = "  caution: For tests only."
FIXED = "{fall: [0, 10], sudden: [10, 20], gradual: [20, 30]}"
BY_CUT_OFF = "{fall: [0, upper], sudden: [upper, 20], gradual: [20, 30]}"
PER_AGE = "{per: age, factor: 0.1, least: 3, source: smith_2015}"
PER_TENNIS = "{per: tennis, by: {yes: 5, no: 6}, source: smith_2015}"
ITEMS = """
      grip: {label: Grip, points: 2, when: [{pain_on_grip: [yes]}]}
      aged: {label: Over 55, points: 1, number: {age: [55, 121]}}
      lost: {label: Not asked, points: 1, not_asked: true}
      other: {label: Something else, points: -2, at_least_as_likely_as: strain}"""
FLAG_WHEN = """    when:
      - {onset: [sudden, fall]}
      - {swelling_noticed: [yes], effusion_felt: [yes]}
"""
FIGURE = "{value: 0.5, low: 0.4, high: 0.6}"


def in_forms(slow: str, fast: str) -> str:
    """A tendon strain in two forms of these shares."""
    each = f"slow: {{name: Slow, share: {slow}}}, fast: {{name: Fast, share: {fast}}}"
    return f"    what_helps: Rest.\n    forms: {{{each}}}\n"


ONE_FAULT = {
    **{
        f"shares of forms: {name}": ("    what_helps: Rest.\n", in_forms(share, other), told)
        for name, (share, other, told) in {
            "off 1": (FIGURE, FIGURE.replace("0.5", "0.4"), ["strain.forms", "shares that sum to 0.9", "correct one"]),
            "off 1 in a setting": (
                f"{{any_setting: {FIGURE}, emergency: {FIGURE}}}",
                f"{{any_setting: {FIGURE}, emergency: {FIGURE.replace('0.5', '0.4')}}}",
                ["shares in emergency that sum to 0.9", "shares that sum to 1 in each setting", "correct one of them"],
            ),
            "an unknown setting": (
                f"{{any_setting: {FIGURE}, emergncy: {FIGURE}}}",
                f"{{any_setting: {FIGURE}, emergncy: {FIGURE}}}",
                ["slow.share.emergncy", "'emergncy'", "did you mean emergency"],
            ),
            "a setting without any": (
                f"{{emergency: {FIGURE}}}",
                f"{{emergency: {FIGURE}}}",
                ["slow.share", "nothing for clinic", "add it, or any_setting"],
            ),
            "not all by setting": (
                f"{{any_setting: {FIGURE}, emergency: {FIGURE}}}",
                FIGURE,
                ["fast.share", "a share without settings", "one for any_setting, emergency, as of slow"],
            ),
            "a bare number of a setting": (
                f"{{any_setting: {FIGURE}, emergency: 0.5}}",
                f"{{any_setting: {FIGURE}, emergency: {FIGURE}}}",
                ["slow.share.emergency", "'0.5'", "a number with source and grade", "say where it comes from"],
            ),
            "a slip in a number": (
                FIGURE.replace("value", "vlaue"),
                FIGURE,
                ["slow.share.value", "nothing", "a key value"],
            ),
        }.items()
    },
    "unknown key": ("    icd10: M77.1", "    icd_10: M77.1", ["icd_10", "a known key", "did you mean icd10"]),
    "unknown section": ("\nsigns:", "\nsings:", ["'sings'", "a section of the format", "did you mean signs"]),
    "missing key": ("    name: Tendon strain\n", "", ["strain.name", "nothing", "a key name", "add it"]),
    "repeated key": ("    level: routine", "    level: routine\n    level: urgent", ["'level' again", "each key once"]),
    "unknown level": ("    level: routine", "    level: rutine", ["'rutine'", "did you mean routine"]),
    "bad ICD-10 code": ("icd10: M77.1", "icd10: 77M", ["'77M'", "an ICD-10 code"]),
    "unknown state of a parent": ("tennis: {yes: {value: 4", "tennis: {yess: {value: 4", ["'yess'", "state of tennis"]),
    "unknown parent": ("      tennis: {yes:", "      tenis: {yes:", ["'tenis'", "risk factor or another", "tennis?"]),
    "unknown source": ("source: smith_2015", "source: smith_2016", ["'smith_2016'", "references", "smith_2015?"]),
    "unknown sign": ("sign: joint_swelling", "sign: joint_sweling", ["'joint_sweling'", "did you mean joint_swelling"]),
    "unknown cause": ("        infection: {value: 0.95", "        infectoin: {value: 0.95", ["did you mean infection"]),
    "unknown topic": ("topic: exam", "topic: exma", ["'exma'", "a topic of the network", "did you mean exam"]),
    "unknown kind": ("kind: exam", "kind: exma", ["'exma'", "a kind of finding", "did you mean exam"]),
    "unknown setting": ("      emergency: {value: 0.4", "      emergncy: {value: 0.4", ["did you mean emergency"]),
    "unknown gate": ("only_if: {tennis: [yes]}", "only_if: {tenis: [yes]}", ["'tenis'", "did you mean tennis"]),
    "unknown state of a gate": ("only_if: {tennis: [yes]}", "only_if: {tennis: [often]}", ["'often'", "tennis"]),
    "red flag of an unknown level": ("level: urgent\n    reason", "level: urgnt\n    reason", ["'urgnt'", "urgent?"]),
    "red flag without a source": (FLAG_SOURCE, "\n", ["hot_elbow.source", "nothing", "add it"]),
    "red flag of an unknown source": (FLAG_SOURCE, "    source: smith\n\n", ["'smith'", "references"]),
    "judged red flag without a note": (
        FLAG_SOURCE,
        "    source: judged\n\n",
        ["no note", "add a note"],
    ),
    "red flag that is no list": (
        "    when:\n      - {onset: [sudden, fall]}\n      - {swelling_noticed: [yes], effusion_felt: [yes]}",
        "    when: onset",
        ["'onset'", "a list", "begins with -"],
    ),
    "red flag without a line": ("      - {onset: [sudden, fall]}", "      - {}", ["without a finding", "at least one"]),
    "red flag with a word": ("      - {onset: [sudden, fall]}", "      - onset", ["'onset'", "a mapping"]),
    "red flag of an unknown finding": ("- {onset: [sudden, fall]}", "- {onsett: [fall]}", ["'onsett'", "onset?"]),
    "red flag of an unknown state": ("- {onset: [sudden, fall]}", "- {onset: [fal]}", ["'fal'", "fall?"]),
    "red flag of what is absent": (
        "swelling_noticed: [yes]",
        "swelling_noticed: [no]",
        ["the state no", "never"],
    ),
    "red flag that always holds": (
        "{onset: [sudden, fall]}",
        "{onset: [sudden, fall, gradual]}",
        ["all states"],
    ),
    "opening of an unknown question": ("[setting, age,", "[setting, agge,", ["'agge'", "did you mean age"]),
    "opening with a gated question": ("[setting, age,", "[backhand_pain,", ["'backhand_pain'", "anybody", "drop it"]),
    "opening with a question twice": ("[setting, age,", "[age, age,", ["age, age", "each question once"]),
    "ticks of an unknown topic": (
        "question: Which of these do you have?\n",
        "question: Which of these do you have?\n      topic: pian\n",
        ["complaints.topic", "'pian'", "did you mean pain?"],
    ),
    "ticks without members": ("members: [pain_on_grip, swelling_noticed]", "members: []", ["a list of words"]),
    "ticks with one member": ("[pain_on_grip, swelling_noticed]", "[pain_on_grip]", ["two findings or more"]),
    "ticks of an unknown finding": ("[pain_on_grip, swelling_noticed]", "[pain_on_grp, tennis]", ["pain_on_grip?"]),
    "ticks of other states": ("[pain_on_grip, swelling_noticed]", "[pain_on_grip, onset]", ["no and yes", "by itself"]),
    "ticks of a gated finding": ("[pain_on_grip, swelling_noticed]", "[pain_on_grip, backhand_pain]", ["anybody"]),
    "ticks named as a finding": (
        "age, complaints]\n  tick_all:\n    complaints:",
        "age, tennis]\n  tick_all:\n    tennis:",
        ["'tennis'", "nothing else has"],
    ),
    "ticks with an unknown key": ("      question: Which of these", "      qestion: Which of these", ["'qestion'"]),
    "gate that always holds": ("only_if: {tennis: [yes]}", "only_if: {tennis: [yes, no]}", ["all states of tennis"]),
    "odd id of the network": ("  id: tiny", "  id: Tiny one", ["network.id", "'Tiny one'", "a lower-case word"]),
    "odds ratio too large": (
        "tennis: {yes: {value: 4, low: 2, high: 8",
        "tennis: {yes: {value: 1e300, low: 2, high: 1e301",
        ["got 1e+300", "below 10000"],
    ),
    "odds ratio too small": (
        "tennis: {yes: {value: 4, low: 2",
        "tennis: {yes: {value: 4, low: 1e-5",
        ["got 1e-05", "above 0.0001"],
    ),
    "odd address": (
        'url: "https://example.org"',
        "url: javascript:x",
        ["smith_2015.url", "'javascript:x'", "https://"],
    ),
    "thresholds beside a level": (
        "    limit: {value: 0.02, low: 0.01, high: 0.05}",
        f"    thresholds: [{STEP}]",
        ["fracture", "'level'", "a known key"],
    ),
    "thresholds out of order": (
        FRACTURE,
        steps(STEP, NOW.replace("0.3, low: 0.1", "0.01, low: 0.01")),
        ["thresholds.emergency", "0.01 after 0.02", "put them in order"],
    ),
    "thresholds that become less urgent": (
        FRACTURE,
        steps(STEP, NOW.replace("emergency", "routine")),
        ["routine after same_day", "a more urgent level"],
    ),
    "thresholds of one level": (
        FRACTURE,
        steps(STEP, NOW.replace("emergency", "same_day")),
        ["same_day twice", "keep one"],
    ),
    "threshold of an unknown level": (
        FRACTURE,
        steps(STEP, NOW.replace("emergency", "emergncy")),
        ["'emergncy'", "did you mean emergency"],
    ),
    "threshold without a probability": (
        FRACTURE,
        steps("{level: same_day}"),
        ["fracture.thresholds", "nothing", "add it"],
    ),
    "exception that raises the flag": (
        FLAG_SOURCE,
        f"{FLAG_SOURCE.rstrip()}\n    unless: [{{when: {{onset: [fall]}}, reason: So, source: smith_2015}}]\n\n",
        ["unless.onset", "raises the flag", "drop it"],
    ),
    "exception without a source": (
        FLAG_SOURCE,
        f"{FLAG_SOURCE.rstrip()}\n    unless: [{{when: {{tennis: [no]}}, reason: So}}]\n\n",
        ["unless.source", "nothing"],
    ),
    "judged exception without a note": (
        FLAG_SOURCE,
        f"{FLAG_SOURCE.rstrip()}\n    unless: [{{when: {{tennis: [no]}}, reason: So, source: judged}}]\n\n",
        ["unless.note", "no note"],
    ),
    "exception of an unknown finding": (
        FLAG_SOURCE,
        f"{FLAG_SOURCE.rstrip()}\n    unless: [{{when: {{tenis: [no]}}, reason: So, source: smith_2015}}]\n\n",
        ["'tenis'", "did you mean tennis"],
    ),
    "exception of an unknown state": (
        FLAG_SOURCE,
        f"{FLAG_SOURCE.rstrip()}\n    unless: [{{when: {{tennis: [never]}}, reason: So, source: smith_2015}}]\n\n",
        ["'never'", "a state of tennis"],
    ),
    "unknown group member": ("[fracture, infection]", "[fracture, infektion]", ["'infektion'", "did you mean infec"]),
    "unknown catch-all": ("catch_all: other", "catch_all: others", ["'others'", "did you mean other"]),
    "no catch-all": ("  catch_all: other\n", "", ["catch_all", "none of the others", "add catch_all"]),
    "probability 0": (LEAK, LEAK.replace("0.02", "0"), ["got 0.0", "inside (0, 1)"]),
    "probability 1": (GRIP, GRIP.replace("0.8", "1"), ["got 1.0", "inside (0, 1)"]),
    "probability NaN": (GRIP, GRIP.replace("0.8", "nan"), ["'nan'", "a number"]),
    "decimal comma": (GRIP, GRIP.replace("0.8", "'0,8'"), ["'0,8'", "write 0.8"]),
    "number as text": (GRIP, GRIP.replace("0.8", "high"), ["'high'", "a number"]),
    "low above value": (GRIP, GRIP.replace("low: 0.7", "low: 0.85"), ["low 0.85, value 0.8", "low <= value <= high"]),
    "high below value": (GRIP, GRIP.replace("high: 0.9", "high: 0.7"), ["high 0.7", "low <= value <= high"]),
    "odds ratio 0": ("tennis: {yes: {value: 4", "tennis: {yes: {value: 0", ["got 0.0", "an odds ratio above 0"]),
    "no range": (GRIP, "strain: {value: 0.8}", ["strain.low", "give the value and its 95 % range"]),
    "bare number": (GRIP, "strain: 0.8", ["'0.8'", "with source and grade"]),
    "grade without source": (GRIP, GRIP.replace("}", ", grade: D}"), ["strain.source", "source and grade"]),
    "source without grade": (GRIP, GRIP.replace("}", ", source: smith_2015}"), ["strain.grade", "source and grade"]),
    "unknown grade": (GRIP, GRIP.replace("}", ", grade: E, source: smith_2015}"), ["'E'", "A, B, C or D"]),
    "judged with grade A": (GRIP, GRIP.replace("}", ", grade: A, source: judged, note: x}"), ["lower the grade"]),
    "unknown method": (
        GRIP,
        GRIP.replace("}", ", grade: D, source: judged, method: vote}"),
        ["'vote'", "expected panel", "write that, or leave it out"],
    ),
    "panel with a source": (
        GRIP,
        GRIP.replace("}", ", grade: B, source: smith_2015, method: panel}"),
        ["a panel with source smith_2015", "expected source judged"],
    ),
    "judged without note": (GRIP, GRIP.replace("}", ", grade: D, source: judged}"), ["no note", "add a note"]),
    "P below leak": (GRIP, "strain: {value: 0.05, low: 0.01, high: 0.1}", ["P 0.05 below the leak 0.1", "raise it"]),
    "distribution off 1": (
        "gradual: {value: 0.6, low: 0.5",
        "gradual: {value: 0.60000001, low: 0.5",
        ["a sum of 1.00000001", "sum to 1"],
    ),
    "state missing": (
        "          gradual: {value: 0.02, low: 0.01, high: 0.05}\n",
        "",
        ["no gradual", "a probability for each state"],
    ),
    "unknown state": ("          sudden: {value: 0.08", "          suden: {value: 0.08", ["did you mean sudden"]),
    "repeated state": ("states: [fall, sudden, gradual]", "states: [fall, fall, gradual]", ["each state once"]),
    "prior off 1": ("over_50: {value: 0.5", "over_50: {value: 0.499", ["a sum of 0.999"]),
    "bands with a gap": ("over_50: [50, 121]", "over_50: [51, 121]", ["a start at 51", "let the bands meet"]),
    **{
        f"bands: {name}": ("states: [fall, sudden, gradual]", text, told)
        for name, (text, told) in {
            "other states beside them": (
                "states: [fall, sudden, gradual]\n    bands: {low: [0, 1], high: [1, 2]}",
                ["onset.states", "the states of the bands: low, high", "leave them out"],
            ),
            "an unknown cut-off": (
                f"bands: {BY_CUT_OFF}",
                ["onset.bands", "'upper'", "a number, or the name of a cut-off"],
            ),
            "a cut-off that no band names": (
                f"bands: {FIXED}\n    cut_offs: {{upper: {PER_AGE}}}",
                ["cut_offs.upper", "which no band ends at", "name it in bands"],
            ),
            "a cut-off of an unknown question": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_AGE.replace('age', 'aeg')}}}",
                ["upper.per", "'aeg'", "did you mean age"],
            ),
            "a factor for words": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_AGE.replace('age', 'tennis')}}}",
                ["upper.per", "tennis, which is not asked as a number", "by: {state: number}"],
            ),
            "a factor below 0": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_AGE.replace('0.1', '-0.1')}}}",
                ["upper.factor", "got -0.1", "above 0"],
            ),
            "least above most": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_AGE.replace('least: 3', 'least: 9, most: 3')}}}",
                ["upper.least", "least 9, most 3", "swap them"],
            ),
            "neither factor nor states": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_AGE.replace('factor: 0.1, ', '')}}}",
                ["both or neither of factor and by", "one of the two"],
            ),
            "a state without a cut-off": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_TENNIS.replace(', no: 6', '')}}}",
                ["upper.by", "nothing for no", "a cut-off for each state"],
            ),
            "a cut-off of an unknown state": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_TENNIS.replace('no: 6', 'no: 6, never: 5')}}}",
                ["by.never", "a state of tennis"],
            ),
            "a cut-off beyond the next end": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_TENNIS.replace('no: 6', 'no: 21')}}}",
                ["bands.sudden", "[upper, 20]", "a lower end below the upper end"],
            ),
            "a cut-off at the outside": (
                f"bands: {BY_CUT_OFF.replace('20, 30', '20, upper')}\n    cut_offs: {{upper: {PER_TENNIS}}}",
                ["bands.gradual", "a cut-off as an outer end", "write a number"],
            ),
            "a cut-off without a source": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_TENNIS.replace(', source: smith_2015', '')}}}",
                ["upper.source", "nothing"],
            ),
            "a cut-off of an unknown source": (
                f"bands: {BY_CUT_OFF}\n    cut_offs: {{upper: {PER_TENNIS.replace('smith', 'smit')}}}",
                ["upper.source", "'smit_2015'", "did you mean smith_2015"],
            ),
            "a unit without them": (
                "states: [fall, sudden, gradual]\n    unit: cm",
                ["onset.unit", "unit without bands", "add bands"],
            ),
            "a word for an end": (
                f"bands: {FIXED.replace('20, 30', '20, 3O')}",
                ["onset.bands.gradual", "'3O'", "a number"],
            ),
        }.items()
    },
    **{
        f"scores: {name}": ("\ninterview:\n", f"\n{score(old, new)}\ninterview:\n", told)
        for name, (old, new, told) in {
            "an unknown finding": (
                "pain_on_grip: [yes]",
                "pain_on_grap: [yes]",
                ["grip.when.pain_on_grap", "pain_on_grip"],
            ),
            "an unknown state": ("pain_on_grip: [yes]", "pain_on_grip: [yess]", ["'yess'", "a state of pain_on_grip"]),
            "all states": ("pain_on_grip: [yes]", "pain_on_grip: [no, yes]", ["all states", "drop those"]),
            "points that are no number": ("points: 2,", "points: two,", ["grip.points", "'two'", "a number"]),
            "no points": ("points: 2,", "points: 0,", ["grip.points", "0 points", "drop the item"]),
            "points that are missing": ("points: 2,", "", ["grip.points", "nothing", "add it"]),
            "an unknown condition": ("as: strain", "as: strian", ["'strian'", "did you mean strain"]),
            "two ways to tell an item": (
                "not_asked: true",
                "not_asked: true, when: [{tennis: [yes]}]",
                ["when and not_asked"],
            ),
            "no way to tell an item": (
                ", not_asked: true",
                "",
                ["items.lost", "none of them", "say how the item is told"],
            ),
            "a range of words": ("number: {age: [", "number: {onset: [", ["number.onset", "a question with bands"]),
            "a range upside down": ("[55, 121]", "[55, 20]", ["[55, 20]", "swap them"]),
            "steps out of order": ("from: 2", "from: -3", ["points.steps", "-3 after -2", "put them in order"]),
            "a first step that is too high": (
                "from: -2",
                "from: -1",
                ["a first step from -1", "-2 or less", "begin lower"],
            ),
            "a step that nobody reaches": ("from: 2", "from: 20", ["a last step from 20", "can reach"]),
            "a step from no number": ("from: 2", "from: many", ["'many'", "a number"]),
            "an unknown level": ("level: urgent", "level: urgnt", ["'urgnt'", "did you mean urgent"]),
            "an unknown source": (
                "source: smith_2015",
                "source: smit_2015",
                ["points.source", "did you mean smith_2015"],
            ),
            "no items": (ITEMS, "{}", ["points.items", "no item", "drop the score"]),
            "an unknown key": ("name: Points", "name: Points\n    nam: x", ["'nam'", "did you mean name"]),
        }.items()
    },
    "no and yes without a unit": (
        "    topic: exam\n",
        "    topic: exam\n    bands: {no: [0, 5], yes: [5, 9]}\n",
        ["effusion_felt.unit", "0 and 1 stand for no and yes"],
    ),
    "band upside down": ("over_50: [50, 121]", "over_50: [50, 20]", ["[50, 20]", "swap them"]),
    "base rates too low": (
        "base_rate: {any_setting: {value: 0.5, low: 0.4, high: 0.6}}\n    odds_ratios:\n      tennis",
        "base_rate: {any_setting: {value: 0.3, low: 0.2, high: 0.6}}\n    odds_ratios:\n      tennis",
        ["base rates in clinic that sum to 0.92", "a sum above 1", "raise the catch-all"],
    ),
    "no cause at most": (CAUTION, f"{CAUTION}\n  most_causes: 0", ["network.most_causes", "got 0", "from 1 to 5"]),
    "six causes at most": (CAUTION, f"{CAUTION}\n  most_causes: 6", ["got 6", "from 1 to 5", "leave it out"]),
    "half a cause": (CAUTION, f"{CAUTION}\n  most_causes: 2.5", ["'2.5'", "a whole number", "such as 3"]),
    "one cause and base rates of more": (
        CAUTION,
        f"{CAUTION}\n  most_causes: 1",
        [
            "base rates in clinic that sum to 1.12",
            "a sum of 1",
            "most_causes: 1",
            "scale them to 1, or raise most_causes",
        ],
    ),
    "setting without base rate": ("      clinic: {value: 0.1, low: 0.05, high: 0.2}\n", "", ["nothing for clinic"]),
    "cycle of conditions": (
        "      age: {over_50: {value: 3",
        "      infection: {yes: {value: 2, low: 1, high: 3}}\n      age: {over_50: {value: 3",
        ["fracture <- infection <- fracture", "without a cycle"],
    ),
    "own parent": ("      tennis: {yes: {value: 4", "      strain: {yes: {value: 4", ["'strain'", "another condition"]),
    "uninformative reading": (
        "specificity: {value: 0.9, low: 0.8, high: 0.95}",
        "specificity: {value: 0.2, low: 0.1, high: 0.5}",
        ["sensitivity 0.8 and specificity 0.2", "a sum above 1"],
    ),
    "finding that nothing causes": (
        "        strain: {value: 0.9, low: 0.7, high: 0.95}",
        "        strain: {value: 0.1, low: 0.05, high: 0.2}",
        ["no cause above the leak", "add one, or drop the entry"],
    ),
    "two rules": ("    states: [fall,", "    reads: {sign: joint_swelling}\n    states: [fall,", ["one of reads"]),
    "anchor": ("name: Clinic}", "name: &clinic Clinic}", ["the anchor &clinic", "plain data"]),
    "alias": ("emergency: {name: Emergency}", "emergency: *x", ["the alias *x", "write the value out"]),
    "tag": ("name: Clinic}", "name: !!python/name:os.system Clinic}", ["the tag", "plain data without tags"]),
    "broken syntax": ("groups:\n", "groups: [\n", ["expected YAML"]),
    "a colon in a text": (
        "title: A sore elbow",
        "title: Elbow: sore",
        ["mapping values are not allowed", "put a text that holds a colon in quotes"],
    ),
    "a comma in a text": ("name: Clinic}", "name: Clinic, old}", ["'old'", "a comma in quotes"]),
    "second document": ("\nsigns:", "\n---\nsigns:", ["a second document", "one document in a file"]),
    "list as key": ("  bad: {name:", "  [bad]: {name:", ["a list or mapping as a key"]),
    "upper-case id": ("  bad: {name:", "  Bad: {name:", ["'Bad'", "a lower-case word"]),
    "reserved id": ("  bad: {name:", "  judged: {name:", ["'judged'", "not reserved"]),
    "id used twice": ("  joint_swelling:\n", "  tennis:\n", ["'tennis'", "risk_factors do not use yet", "rename one"]),
    "burden 0": ("    burden: 2", "    burden: 0", ["got 0", "a burden above 0"]),
    "format of the future": ("  format: 1", "  format: 2", ["'2'", "format 1", "update bayesknee"]),
    "escape sequence": (
        "  title: A sore elbow",
        '  title: "A \\e[31msore elbow"',
        ["x1b[31msore", "control characters"],
    ),
    "list instead of text": ("    name: Tendon strain", "    name: [Tendon]", ["a list of 1", "a text"]),
    "text instead of mapping": ("  clinic: {name: Clinic}", "  clinic: Clinic", ["settings.clinic.name"]),
}


def test_base_rates_that_few_causes_cannot_have() -> None:
    parts = [condition(name, 0.7) for name in "abc"]
    with pytest.raises(
        NetworkError, match=r"sum to 2.1; expected a sum below 2, since nobody has more .* raise most_c"
    ):
        network(*parts, most_causes=2)
    with pytest.raises(NetworkError, match=r"sum to 2.1; expected a sum below 2"):
        network(*parts, complaint="", most_causes=2)


def test_with_one_cause_all_state_base_rates_for_the_same_settings() -> None:
    with pytest.raises(NetworkError, match=r"a.base_rate: got nothing for home, ward; expected with most_causes: 1"):
        network(
            condition("a", 0.5), condition("b", {"ward": 0.5, "home": 0.5}), settings=["ward", "home"], most_causes=1
        )


@pytest.mark.parametrize(("old", "new", "told"), ONE_FAULT.values(), ids=ONE_FAULT.keys())
def test_a_fault_is_told_with_file_and_line(change: Change, old: str, new: str, told: list[str]) -> None:
    message = refusal(change(old, new))
    assert message.startswith("network.yaml:")
    for part in ("got ", "expected ", *told):
        assert part in message


def test_shares_of_forms_are_read(change: Change) -> None:
    """One number for all settings, or a number a setting; `any_setting` for the others."""
    old = "    what_helps: Rest.\n"
    one = load_network(change(old, in_forms(FIGURE, FIGURE))).conditions["strain"]
    assert [one.shares_in(setting) for setting in ("clinic", "emergency")] == [(0.5, 0.5)] * 2


def test_shares_of_forms_by_setting_are_read(change: Change) -> None:
    slow, fast = (FIGURE.replace("0.5", value) for value in ("0.45", "0.55"))
    shares = (f"{{any_setting: {FIGURE}, emergency: {figure}}}" for figure in (slow, fast))
    strain = load_network(change("    what_helps: Rest.\n", in_forms(*shares))).conditions["strain"]
    assert [strain.shares_in(setting) for setting in ("clinic", "emergency")] == [(0.5, 0.5), (0.45, 0.55)]


def test_a_score_is_read(change: Change) -> None:
    made = load_network(change("\ninterview:\n", f"\n{score('', '')}\ninterview:\n")).scores["points"]
    assert (made.least, made.most, [step.start for step in made.steps]) == (-2, 4, [-2, 2])
    assert [(item.id, item.points, item.is_asked) for item in made.items.values()] == [
        ("grip", 2, True),
        ("aged", 1, True),
        ("lost", 1, False),
        ("other", -2, True),
    ]
    assert made.items["grip"].when == ({"pain_on_grip": ("yes",)},)
    assert made.items["aged"].number == {"age": (55, 121)}
    assert (made.steps[1].level, made.steps[1].do, made.step_at(1.5).label) == ("urgent", "a scan", "unlikely")


def test_all_faults_of_all_files_are_told_at_once(change: Change) -> None:
    folder = change(LEAK, LEAK.replace("0.02", "2"))
    text = (folder / "network.yaml").read_text(encoding="utf-8")
    head, findings = text.split("\nfindings:\n")
    (folder / "network.yaml").write_text(head.replace("level: routine", "level: soon", 1), encoding="utf-8")
    (folder / "findings.yaml").write_text(
        "findings:\n" + findings.replace("sign: joint_swelling", "sign: swelling").replace("topic: exam", "topic: x"),
        encoding="utf-8",
    )
    lines = refusal(folder).splitlines()
    assert [line.split(":")[0] for line in lines] == ["findings.yaml"] * 3 + ["network.yaml"] * 2
    assert [line.split(" got ")[1].split(";")[0] for line in lines] == [
        "'swelling'",
        "'x'",
        "'swelling'",
        "'soon'",
        "2.0",
    ]


def test_the_same_id_in_two_files_is_refused(change: Change) -> None:
    folder = change("version: 0.0.1", "version: 0.0.2")
    (folder / "more.yaml").write_text("settings:\n  clinic: {name: Again}\n", encoding="utf-8")
    assert "'clinic' again (first in more.yaml); expected each id once" in refusal(folder)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "more.yaml: got an empty file; expected YAML data"),
        (b"# nothing but a comment\n", "more.yaml: got an empty file"),
        (b"- a\n- b\n", "more.yaml:1: got a list of 2; expected sections"),
        (b"root:x:0:0:root\n", "more.yaml:1: got a text; expected sections"),  # where a link leads, perhaps
        (b"signs: {a: \xff\xfe}\n", "more.yaml:1: got the byte 0xff; expected UTF-8 text; save the file as UTF-8"),
        (b"\x00\x01\x02\x03", "more.yaml"),
        (b"signs: " + b"[" * 50 + b"]" * 50, "more than 20 levels"),
        (b"x" * 4_000_001, "more.yaml: got more than 4,000,000 bytes"),
    ],
    ids=["empty", "comment", "list", "text", "not UTF-8", "binary", "deep", "large"],
)
def test_a_file_that_is_no_data_is_refused(change: Change, content: bytes, told: str) -> None:
    folder = change("version: 0.0.1", "version: 0.0.2")
    (folder / "more.yaml").write_bytes(content)
    assert told in refusal(folder)


def test_small_files_of_many_keys_and_values_are_refused_before_the_next_is_read(
    change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesknee.knowledge.reading.reader.MOST_NODES", 1000)
    folder = change("version: 0.0.1", "version: 0.0.2")
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(f"topics: [{'a,' * 1000}]", encoding="utf-8")
    told = "a.yaml:1: got too many keys and values; expected no more than a network has; leave out what is not needed"
    assert refusal(folder) == told


def test_a_bomb_of_aliases_is_refused_and_not_unfolded(change: Change) -> None:
    folder = change("version: 0.0.1", "version: 0.0.2")
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    (folder / "bomb.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert "bomb.yaml:2: got the alias *a0; expected plain data; write the value out" in refusal(folder)


def test_a_missing_network_is_told_with_near_names() -> None:
    with pytest.raises(NetworkNotFoundError, match=r"network 'posterior_kne' does not exist; .* did you mean poster"):
        load_network("posterior_kne")


def test_a_folder_without_network_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "conditions.yaml").write_text("conditions: {}\n", encoding="utf-8")
    assert "got no network.yaml; expected the folder of a network" in refusal(tmp_path)


def test_a_half_written_network_is_refused(change: Change) -> None:
    folder = change("version: 0.0.1", "version: 0.0.2")
    text = (folder / "network.yaml").read_text(encoding="utf-8")
    for part in (10, 3, 2):
        (folder / "network.yaml").write_text(text[: len(text) // part], encoding="utf-8")
        assert refusal(folder)


def test_a_network_that_lacks_a_file_is_refused(change: Change) -> None:
    folder = change("version: 0.0.1", "version: 0.0.2\n  files: [network.yaml, red_flags.yaml]")
    assert refusal(folder).endswith(
        "network.files: got no file 'red_flags.yaml'; expected all files of the network; copy the whole folder"
    )
    (folder / "red_flags.yaml").write_text("red_flags: {}\n", encoding="utf-8")
    assert load_network(folder).version == "0.0.2"


@pytest.mark.parametrize("file", sorted(path.name for path in KNEE.glob("*.yaml")))
def test_the_network_that_ships_is_refused_without_any_of_its_files(file: str, tmp_path: Path) -> None:
    shutil.copytree(KNEE, tmp_path / "knee")
    (tmp_path / "knee" / file).unlink()
    assert refusal(tmp_path / "knee")


def test_a_network_made_in_memory_is_checked_too() -> None:
    network = load_network(TINY)
    with pytest.raises(NetworkError, match=r"network\.catch_all: got 'nothing'; expected a condition of the network"):
        replace(network, catch_all="nothing")


def test_gates_that_can_never_hold_together_are_refused() -> None:
    rule = noisy_or(0.1, a=0.8)
    parts = (
        risk_factor("sport", {"none": 0.5, "running": 0.3, "cycling": 0.2}),
        condition("a", 0.6),
        condition("b", 0.6),
        finding("stitch", rule, only_if={"sport": ("running",)}),
    )
    with pytest.raises(NetworkError, match=r"f\.only_if: got gates that want sport to be running and cycling"):
        network(*parts, finding("f", rule, only_if={"sport": ("cycling",), "stitch": ("yes",)}))
    network(*parts, finding("f", rule, only_if={"sport": ("cycling", "running"), "stitch": ("yes",)}))


def test_a_network_is_frozen() -> None:
    network = load_network(TINY)
    with pytest.raises(FrozenInstanceError):
        network.title = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        network.conditions["x"] = network.conditions["strain"]  # type: ignore[index]


def test_a_list_outside_the_opening_may_hold_gated_findings(change: Change) -> None:
    loaded = load_network(
        change(
            "  tick_all:\n",
            "  tick_all:\n    about_tennis:\n      question: And at tennis?\n      topic: pain\n"
            "      members: [tennis, backhand_pain]\n",
        )
    )
    group = loaded.opening.tick_all["about_tennis"]
    assert (group.members, group.topic) == (("tennis", "backhand_pain"), "pain")
    assert loaded.opening.questions == ("setting", "age", "complaints")
