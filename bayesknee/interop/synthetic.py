"""Made-up noisy-OR networks of the shape of real ones, for tests, timings and trying things out; not about medicine.

The shape is that of QMR-DT (Shwe et al., Methods of Information in Medicine, 1991: about 600 diseases, 4,000 findings,
40,000 links): priors over four powers of ten, links from rare to nearly always, a small leak, and findings that range
from such as few conditions cause to such as a large share does.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

LINK_LEVELS: Final = (0.025, 0.2, 0.5, 0.8, 0.985)  # QMR's frequencies 1 to 5 as its makers turned them into figures
# Judged: weak and middling links are the most frequent, and nearly certain ones rare.
LINK_WEIGHTS: Final = (2.0, 4.0, 3.0, 2.0, 1.0)
LINKS_PER_FINDING: Final = 10.0  # of QMR-DT: 40,000 links of 4,000 findings
TAIL: Final = 1.3  # of the Pareto distribution of how many conditions cause a finding


def synthetic_document(
    conditions: int = 600, findings: int = 4000, seed: int = 0, links: float = LINKS_PER_FINDING
) -> dict[str, Any]:
    """A network in the form that `bayesknee.interop.noisy_or_files` reads; the same seed gives the same one.

    Args:
        conditions: how many.
        findings: how many.
        seed: of the drawing.
        links: the mean number of conditions that cause a finding, about.

    Raises:
        ValueError: fewer than one of either.
    """
    if conditions < 1 or findings < 1:
        raise ValueError(f"got {conditions} conditions and {findings} findings; expected at least one of each")
    rng = Random(seed)  # noqa: S311 (no secrets here)
    names = [f"c{i}" for i in range(1, conditions + 1)]
    return {
        "name": f"synthetic_{conditions}_{findings}_{seed}",
        "conditions": [{"id": name, "prior": float(f"{10 ** rng.uniform(-5, -1.5):.3g}")} for name in names],
        "findings": [_finding(rng, f"f{j}", names, links) for j in range(1, findings + 1)],
    }


def _finding(rng: Random, name: str, conditions: list[str], links: float) -> dict[str, Any]:
    mean = TAIL / (TAIL - 1.0)
    count = max(1, min(round(rng.paretovariate(TAIL) * links / mean), len(conditions) // 4 + 1))
    causes = rng.sample(conditions, count)
    levels = rng.choices(LINK_LEVELS, LINK_WEIGHTS, k=count)
    return {
        "id": name,
        "leak": float(f"{10 ** rng.uniform(-3.5, -1.5):.3g}"),
        "links": dict(zip(causes, levels, strict=True)),
    }


def synthetic_evidence(document: dict[str, Any], present: int, absent: int, seed: int = 0) -> dict[str, str]:
    """Evidence of somebody who might be: some conditions are drawn, then findings given these.

    Args:
        document: a network, as `synthetic_document` makes them.
        present: how many findings are present.
        absent: how many are absent.
        seed: of the drawing.
    """
    rng = Random(seed)  # noqa: S311 (no secrets here)
    here = {each["id"] for each in rng.sample(document["conditions"], min(3, len(document["conditions"])))}
    drawn: dict[bool, list[str]] = {True: [], False: []}
    for finding in rng.sample(document["findings"], len(document["findings"])):
        no = 1.0 - finding["leak"]
        for cause in here.intersection(finding["links"]):
            no *= 1.0 - finding["links"][cause]
        drawn[rng.random() > no].append(finding["id"])
    return dict.fromkeys(drawn[True][:present], "present") | dict.fromkeys(drawn[False][:absent], "absent")
