"""Adverse impact on known examples: the Guidelines' own, integers where floats fail, a third-party log with a planted bias, and noise."""

import csv
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, fisher_exact

from ingestion.equity import RELEASES
from metrics import adverse_impact
from metrics.adverse_impact import Impact, NoisyGroup, holm, impacts, is_below_four_fifths, is_flip_flop, noisy_impacts, scoring_rates
from metrics.families.equity import EPSILONS, noise_deviation

SHARED_LOG = Path(__file__).parents[3] / "shared" / "data" / "hiring_log_10k"


def by_group(groups: dict[str, tuple[int, int]]) -> dict[str, Impact]:
    return {impact.group: impact for impact in impacts(groups)}


def test_the_guidelines_example_gives_75_80_and_85_percent_of_the_highest_rate() -> None:
    found = by_group({"white": (60, 100), "black": (45, 100), "hispanic": (48, 100), "asian": (51, 100)})
    assert {name: impact.impact_ratio for name, impact in found.items()} == {
        "white": 1.0, "black": pytest.approx(0.75), "hispanic": pytest.approx(0.80), "asian": pytest.approx(0.85)
    }  # fmt: skip
    assert [name for name, impact in found.items() if impact.is_below_four_fifths] == ["black"]
    assert found["white"].selection_rate == 0.6


def test_a_ratio_of_exactly_four_fifths_is_not_below_where_floats_say_it_is() -> None:
    assert (6 / 10) / (15 / 20) < 0.8, "what integers are for"
    assert not is_below_four_fifths(6, 10, 15, 20)
    assert is_below_four_fifths(59, 100, 150, 200)


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
@settings(max_examples=200, deadline=None)
def test_fisher_equals_scipys(selected: int, rejected: int, selected_other: int, rejected_other: int) -> None:
    table = [[selected, rejected], [selected_other, rejected_other]]
    ours = adverse_impact.fisher_exact(selected, selected + rejected, selected_other, selected_other + rejected_other)
    assert ours == pytest.approx(fisher_exact(table).pvalue, rel=1e-9)


def test_fisher_is_taken_where_an_expected_count_is_below_five_and_the_pooled_z_elsewhere() -> None:
    assert by_group({"a": (5, 10), "b": (3, 10)})["b"].test == "fisher", "expected selections are 4"
    assert by_group({"a": (5, 10), "b": (5, 10)})["b"].test == "z", "every expected count is 5"
    z = (0.5 - 0.3) / math.sqrt(0.4 * 0.6 * (2 / 100))
    assert by_group({"a": (50, 100), "b": (30, 100)})["b"].p_value == pytest.approx(math.erfc(z / math.sqrt(2)))


def test_holm_steps_down_from_the_smallest_p_value() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_holm_is_never_below_the_raw_p_value_nor_below_a_false_discovery_rates(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))
    assert all(a >= f - 1e-12 for a, f in zip(adjusted, false_discovery_control(p_values), strict=True))


def test_one_moved_selection_that_reverses_the_order_makes_a_difference_too_small() -> None:
    assert is_flip_flop(1, 10, 3, 14), "2/10 against 2/14"
    assert not is_flip_flop(10, 100, 30, 100)
    flip = by_group({"a": (3, 14), "b": (1, 10)})["b"]
    assert flip.is_below_four_fifths
    assert flip.is_flip_flop
    assert not flip.is_indication


def test_shortfall_is_the_selections_missing_at_the_common_rate() -> None:
    found = by_group({"a": (60, 100), "b": (40, 100)})
    assert found["b"].shortfall == pytest.approx(10)
    assert found["a"].shortfall is None


def test_groups_below_two_percent_are_listed_and_neither_compared_nor_the_highest() -> None:
    found = by_group({"a": (50, 500), "b": (40, 480), "tiny": (9, 9)})
    assert found["tiny"] == Impact("tiny", 9, 9, 1.0)
    assert found["a"].impact_ratio == 1.0
    assert found["b"].adjusted_p_value == found["b"].p_value, "one comparison, nothing to adjust"
    assert by_group({"a": (5, 49), "edge": (1, 1)})["edge"].impact_ratio == 1.0, "exactly 2 % is compared"


def test_nobody_selected_gives_no_ratio_and_impossible_counts_are_refused() -> None:
    assert all(impact.impact_ratio is None for impact in impacts({"a": (0, 30), "b": (0, 40)}))
    with pytest.raises(ValueError, match="a"):
        impacts({"a": (5, 4)})


def test_scoring_rate_counts_scores_strictly_above_the_median_of_the_full_sample() -> None:
    scores = {"a": [0.9, 0.8, 0.5], "b": [0.5, 0.1], "unknown": [0.2]}
    assert scoring_rates(scores) == {"a": (2, 3), "b": (0, 2), "unknown": (0, 1)}
    assert scoring_rates({"a": [0.5, 0.5]}) == {"a": (0, 2)}
    assert scoring_rates({"a": []}) == {"a": (0, 0)}


@pytest.mark.skipif(not SHARED_LOG.exists(), reason="the third-party log is not part of the project")
def test_planted_bias_of_a_third_party_log_is_found_and_the_negative_control_is_not() -> None:
    with (SHARED_LOG / "events.csv").open() as stream:
        offered = {row["case_id"] for row in csv.DictReader(stream) if row["activity"] == "Make Job Offer"}
    with (SHARED_LOG / "cases.csv").open() as stream:
        cases = list(csv.DictReader(stream))
    expected = {"protected": 0.1172, "gender": 0.6656, "citizen": 0.6345, "religious": 0.6527, "german_speaking": 0.9891}
    for column, ratio in expected.items():
        counts = {
            value: (sum(c["case_id"] in offered for c in cases if c[column] == value), sum(c[column] == value for c in cases))
            for value in ("true", "false")
        }
        lower = min(impacts(counts), key=lambda impact: impact.impact_ratio or 1)
        assert lower.impact_ratio == pytest.approx(ratio, abs=5e-5)
        assert lower.is_indication == (column != "german_speaking")
        if column == "german_speaking":
            assert lower.p_value == pytest.approx(0.75, abs=0.005), "the pooled z; Fisher's exact test says 0.76"
            assert adverse_impact.fisher_exact(*counts["true"], *counts["false"]) == pytest.approx(0.765, abs=0.005)
            assert not lower.is_below_four_fifths


def test_pages_and_private_step_use_the_same_epsilons() -> None:
    assert {release: float(text) for release, text in RELEASES.items()} == EPSILONS


def _noise(chance: random.Random, epsilon: float = 0.5) -> int:
    q = math.exp(-epsilon)
    return sum(sign * int(math.log(1 - chance.random()) / math.log(q)) for sign in (1, -1))


def _verdicts(rates: dict[str, float], people: int, years: int, seed: int) -> list[str]:
    """Return the verdicts on the second group of many school-years whose true rates are known."""
    chance, found = random.Random(seed), []
    for _ in range(years):
        groups = {}
        for name, rate in rates.items():
            hired = sum(chance.random() < rate for _ in range(people))
            groups[name] = NoisyGroup(hired + _noise(chance), people - hired + _noise(chance) + _noise(chance), 2)
        found.append(noisy_impacts(groups, noise_deviation(0.5) ** 2)[list(rates)[1]].verdict)
    return found


def test_equal_rates_give_an_indication_in_fewer_than_one_year_in_twenty_noise_included() -> None:
    for people in (40, 120, 400):
        verdicts = _verdicts({"a": 0.25, "b": 0.25}, people, 600, people)
        assert verdicts.count("indication") / 600 < 0.05
    assert set(verdicts) <= {"none", "below_not_significant", "indication"}


def test_a_group_near_thirty_people_is_not_accused_by_the_noise_that_lifted_it() -> None:
    chance, verdicts = random.Random(8), []
    for _ in range(1500):
        hired, few = (sum(chance.random() < 0.1 for _ in range(people)) for people in (400, 25))
        groups = {"many": NoisyGroup(hired + _noise(chance), 400 - hired + _noise(chance) + _noise(chance), 2)}
        groups["few"] = NoisyGroup(few + _noise(chance), 25 - few + _noise(chance) + _noise(chance), 2)
        verdicts.append({impact.verdict for impact in noisy_impacts(groups, noise_deviation(0.5) ** 2).values()})
    assert sum("indication" in found for found in verdicts) / 1500 < 0.01


def test_a_large_planted_difference_is_indicated_in_most_years() -> None:
    verdicts = _verdicts({"a": 0.4, "b": 0.15}, 200, 200, 9)
    assert verdicts.count("indication") > 190


def test_without_the_noises_share_of_the_margin_small_schools_would_be_accused_too_often() -> None:
    chance, wrong = random.Random(5), 0
    for _ in range(600):
        groups = {}
        for name in ("a", "b"):
            hired = sum(chance.random() < 0.25 for _ in range(40))
            groups[name] = NoisyGroup(hired + _noise(chance), 40 - hired + _noise(chance) + _noise(chance), 2)
        wrong += "indication" in {impact.verdict for impact in noisy_impacts(groups, 0.0).values()}
    assert wrong / 600 > 0.05, "the test above would not see a missing noise term"


@pytest.mark.parametrize("people", [46, 48, 50, 52])
def test_a_gap_that_is_clear_only_while_the_noise_is_ignored_stays_open(people: int) -> None:
    variance = noise_deviation(0.5) ** 2
    groups = {"a": NoisyGroup(people // 2, people - people // 2, 2), "b": NoisyGroup(people // 2 - 10, people // 2 + 10, 2)}
    selected = [group.selected for group in groups.values()]
    assert adverse_impact.pooled_z(selected[1], people, selected[0], people) < 0.05, "clear as the counts stand"
    assert all(group.people - 2 * math.sqrt(3 * variance) >= 30 for group in groups.values()), "both are large enough to be compared"
    assert noisy_impacts(groups, variance)["b"].verdict == "below_not_significant"


def test_too_few_people_hires_or_groups_give_no_verdict() -> None:
    def verdict(**groups: tuple[int, int]) -> dict[str, str]:
        noisy = {name: NoisyGroup(*counts, 2) for name, counts in groups.items()}
        return {name: impact.verdict for name, impact in noisy_impacts(noisy, 7.8).items()}

    assert verdict(a=(20, 80), b=(5, 34)) == {"a": "too_few", "b": "too_few"}, "39 may be 29 and noise, and one group is no comparison"
    assert verdict(a=(5, 95), b=(4, 96)) == {"a": "too_few", "b": "too_few"}, "nine hires"
    assert verdict(a=(95, 5), b=(96, 4)) == {"a": "too_few", "b": "too_few"}, "nine who were not hired"
    assert verdict(a=(20, 80), b=(20, 80), c=(5, 20)) == {"a": "none", "b": "none", "c": "too_few"}
    assert verdict(a=(20, 80), b=(-2, 60))["b"] == "indication", "noise may make a count negative"
