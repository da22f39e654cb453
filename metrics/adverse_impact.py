"""D2–D7 as arithmetic on counts: selection rates, impact ratios, the four-fifths rule, significance, flip-flop, shortfall, scoring rates.

What belongs here: exact counts in, figures out, and the verdict that noisy counts allow. What doesn't: where counts come from. Exact
ones exist in an audit pack alone; pages get verdicts from released counts (metrics.families.verdicts).

Sources: Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D and their Questions and Answers 11, 20–22; NYC Local Law 144,
6 RCNY 5-300; Holm, Scandinavian J. Statistics 6 (1979) 65–70; Fisher's exact test, two-sided by the probability of the table.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

SMALLEST_SHARE = 50  # a group of less than one fiftieth (2 %) of the people is listed, never compared
SIGNIFICANCE = 0.05
LEAST_GROUP, LEAST_HIRES = 30, 10

Verdict = Literal["none", "below_not_significant", "indication", "too_few"]


@dataclass(frozen=True)
class Impact:
    """What the selections say about one group.

    Attributes:
        group, selected, people: the counts.
        selection_rate: D2, selected / people; None without people.
        impact_ratio: D3, the rate divided by the highest rate of all groups of at least 2 %; None for a smaller group.
        is_below_four_fifths: the ratio is below 4/5, decided in integers.
        p_value, test: D4 against the group of the highest rate; None for that group itself and for smaller ones.
        adjusted_p_value: Holm's, over the groups compared.
        is_flip_flop: D5, one selection moved from the highest group to this one would reverse the order: the difference is too small.
        shortfall: D6, selections missing at the rate both groups have together; negative for a surplus.
    """

    group: str
    selected: int
    people: int
    selection_rate: float | None
    impact_ratio: float | None = None
    is_below_four_fifths: bool = False
    p_value: float | None = None
    test: Literal["fisher", "z", ""] = ""
    adjusted_p_value: float | None = None
    is_flip_flop: bool = False
    shortfall: float | None = None

    @property
    def is_indication(self) -> bool:
        """Whether the ratio is below 4/5, beyond chance, and not of one selection's making."""
        significant = self.adjusted_p_value is not None and self.adjusted_p_value < SIGNIFICANCE
        return self.is_below_four_fifths and significant and not self.is_flip_flop


def is_below_four_fifths(selected: int, people: int, selected_highest: int, people_highest: int) -> bool:
    """Say whether a group's rate is below 4/5 of the highest; integers, since (6/10) / (15/20) < 0.8 is true in floats."""
    return 5 * selected * people_highest < 4 * selected_highest * people


def is_flip_flop(selected: int, people: int, selected_highest: int, people_highest: int) -> bool:
    """Say whether moving one selection from the highest group to this one would put this one's rate above."""
    return (selected + 1) * people_highest > (selected_highest - 1) * people


def fisher_exact(selected: int, people: int, selected_other: int, people_other: int) -> float:
    """Return the two-sided p-value of Fisher's exact test: all tables no likelier than this one, in exact integers."""
    hits = selected + selected_other
    least, most = max(0, hits - people_other), min(hits, people)
    weights = {k: math.comb(people, k) * math.comb(people_other, hits - k) for k in range(least, most + 1)}
    return sum(weight for weight in weights.values() if weight <= weights[selected]) / sum(weights.values())


def pooled_z(selected: int, people: int, selected_other: int, people_other: int) -> float:
    """Return the two-sided p-value of the pooled two-proportion z-test; 1 where nobody or everybody was selected."""
    pooled = (selected + selected_other) / (people + people_other)
    variance = pooled * (1 - pooled) * (1 / people + 1 / people_other)
    return 1.0 if variance == 0 else math.erfc(abs(selected / people - selected_other / people_other) / math.sqrt(2 * variance))


def significance(selected: int, people: int, selected_other: int, people_other: int) -> tuple[float, Literal["fisher", "z"]]:
    """Return the p-value and its test: Fisher's where any expected count is below 5, else the pooled z."""
    hits, everybody = selected + selected_other, people + people_other
    if min(people, people_other) * min(hits, everybody - hits) < 5 * everybody:
        return fisher_exact(selected, people, selected_other, people_other), "fisher"
    return pooled_z(selected, people, selected_other, people_other), "z"


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down adjusted p-values, in the order given."""
    adjusted, running = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = running
    return adjusted


def impacts(groups: Mapping[str, tuple[int, int]]) -> list[Impact]:
    """Return D2–D6 of each group from exact counts.

    Args:
        groups: group → (selected, people), 0 <= selected <= people. People of unknown group do not belong in it.

    Raises:
        ValueError: more selected than people, or a negative count.
    """
    if wrong := [name for name, (selected, people) in groups.items() if not 0 <= selected <= people]:
        raise ValueError(f"selected must lie between 0 and the people of the group: {', '.join(wrong)}")
    everybody = sum(people for _, people in groups.values())
    compared = {name: counts for name, counts in groups.items() if counts[1] and SMALLEST_SHARE * counts[1] >= everybody}
    highest = max(compared, key=lambda name: (compared[name][0] / compared[name][1], compared[name][1]), default="")
    tested = {
        name: significance(*counts, *compared[highest]) for name, counts in compared.items() if name != highest and compared[highest][0]
    }
    adjusted = dict(zip(tested, holm([p for p, _ in tested.values()]), strict=True))
    found = []
    for name, (selected, people) in groups.items():
        rate = selected / people if people else None
        if name not in compared or not compared[highest][0]:
            found.append(Impact(name, selected, people, rate))
            continue
        x, n = compared[highest]
        if name == highest:
            found.append(Impact(name, selected, people, rate, impact_ratio=1.0))
            continue
        found.append(
            Impact(
                name, selected, people, rate, (selected * n) / (people * x), is_below_four_fifths(selected, people, x, n),
                *tested[name], adjusted[name], is_flip_flop(selected, people, x, n), people * (selected + x) / (people + n) - selected,
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class NoisyGroup:
    """A group's released counts before projection; either may be off by the noise, the number of selected even negative.

    ``others_cells`` is how many released cells make up the people who were not selected.
    """

    selected: int
    others: int
    others_cells: int

    @property
    def people(self) -> int:
        """Everybody of the group, as released."""
        return self.selected + self.others


@dataclass(frozen=True)
class NoisyImpact:
    """What released counts allow to say of a group, without a count.

    Attributes:
        verdict: the dashboard verdict. ``is_highest``: D2, the rate is the highest of those compared. ``is_below_four_fifths``: D3.
        is_flip_flop: D5. ``is_short``: D6, selections are missing beyond the margin of the noise and of chance.
    """

    verdict: Verdict
    is_highest: bool = False
    is_below_four_fifths: bool = False
    is_flip_flop: bool = False
    is_short: bool = False


def noisy_impacts(groups: Mapping[str, NoisyGroup], noise_variance: float) -> dict[str, NoisyImpact]:
    """Return the verdict on each group from noisy counts: chance and the noise of the release both widen the test.

    Compared are groups of at least 30 people, two standard deviations of their noise taken off, and 2 % of the people, where at least 10
    were hired and 10 were not in all. Without taking noise off, a group that noise alone lifts above 30 would bring a lifted rate along.

    Args:
        groups: group → its counts before projection. People of unknown group do not belong in it.
        noise_variance: variance of one released cell, in people squared.
    """
    everybody, hired = sum(group.people for group in groups.values()), sum(group.selected for group in groups.values())
    compared = {
        name: group
        for name, group in groups.items()
        if group.people - 2 * math.sqrt(noise_variance * (1 + group.others_cells)) >= LEAST_GROUP
        and SMALLEST_SHARE * group.people >= everybody
    }
    if hired < LEAST_HIRES or everybody - hired < LEAST_HIRES or len(compared) < 2:
        return dict.fromkeys(groups, NoisyImpact("too_few"))
    highest = max(compared, key=lambda name: (compared[name].selected / compared[name].people, compared[name].people))
    tested = {name: _noisy_p_value(group, compared[highest], noise_variance) for name, group in compared.items() if name != highest}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    found = {name: NoisyImpact("too_few") for name in groups} | {highest: NoisyImpact("none", is_highest=True)}
    for name, p_value in adjusted.items():
        counts = (max(0, compared[name].selected), compared[name].people, max(0, compared[highest].selected), compared[highest].people)
        below, flips = is_below_four_fifths(*counts), is_flip_flop(*counts)
        clear = p_value < SIGNIFICANCE and not flips
        verdict: Verdict = "none" if not below else "indication" if clear else "below_not_significant"
        found[name] = NoisyImpact(verdict, False, below, flips, clear)
    return found


def _noisy_p_value(group: NoisyGroup, highest: NoisyGroup, noise_variance: float) -> float:
    """Return the two-sided p-value of equal rates: the pooled z-test with the noise of every cell added by the delta method."""
    pooled = min(max((group.selected + highest.selected) / (group.people + highest.people), 0.0), 1.0)
    variance = 0.0
    for one in (group, highest):
        cells = (1 - pooled) ** 2 + pooled**2 * one.others_cells
        variance += pooled * (1 - pooled) / one.people + noise_variance * cells / one.people**2
    return math.erfc(abs(group.selected / group.people - highest.selected / highest.people) / math.sqrt(2 * variance))


def scoring_rates(scores: Mapping[str, Sequence[float]]) -> dict[str, tuple[int, int]]:
    """Return D7's counts: group → (people scored strictly above the median of the full sample, people scored).

    The sample is everybody in ``scores``, people of unknown group too. ``impacts`` turns the counts into rates and ratios.
    """
    everybody = [score for group in scores.values() for score in group]
    if not everybody:
        return dict.fromkeys(scores, (0, 0))
    middle = median(everybody)
    return {name: (sum(score > middle for score in group), len(group)) for name, group in scores.items()}
