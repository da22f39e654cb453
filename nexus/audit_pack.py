"""The words of an audit pack: exact tables of one year for a bias auditor, in the form New York City's Local Law 144 asks for.

What belongs here: counts to text. What doesn't: joining people (ingestion.equity_audit), arithmetic (metrics.adverse_impact).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ingestion.equity_audit import UNKNOWN, AuditPeople
from metrics.adverse_impact import Impact, impacts, scoring_rates

DIMENSIONS = {"Sex": ["sex"], "Race or ethnicity": ["ethnicity"], "Sex and race or ethnicity": ["sex", "ethnicity"]}
_HEAD = "| {} | {} | {} | rate | impact ratio | below 4/5 | p (Holm) | test | flip-flop | shortfall |"


def render(permit: Mapping[str, Any], people: AuditPeople) -> str:
    """Return the pack as Markdown.

    Args:
        permit: the row of the audit log: seq, at, auditor, model, year, reason, expires_on.
        people: of the year, pooled over all schools.
    """
    lines = [
        f"# Bias audit of {permit['model']}, academic years that began in {permit['year']}",
        "",
        f"Row {permit['seq']} of the audit log, {permit['at']}. Auditor: {permit['auditor']}. Reason: {permit['reason']}.",
        f"**Expires on {permit['expires_on']}: delete every copy by then.** Exact figures of people: do not pass on, do not publish cells.",
        "",
        "People with several schools count once with each. Selected: hired. Groups below 2 % of those who told are listed, not compared.",
        "Unknown: did not answer or declined; counted, never compared. p: Fisher's exact test where an expected count is below 5, else the",
        "pooled z-test, against the group of the highest rate, adjusted by Holm. Flip-flop: one selection moved would reverse the order.",
    ]
    for title, dimensions in DIMENSIONS.items():
        lines += ["", f"## {title}: selection rate", "", *_table("group", "people", "selected", people.selections(dimensions))]
    for title, dimensions in DIMENSIONS.items():
        counts = scoring_rates(people.scores(dimensions))
        lines += ["", f"## {title}: scoring rate, above the median of the full sample", ""]
        lines += _table("group", "scored", "above median", counts) if counts else ["No score of these people was logged."]
    return "\n".join(lines) + "\n"


def _table(group: str, people: str, selected: str, counts: Mapping[str, tuple[int, int]]) -> list[str]:
    known = {name: pair for name, pair in counts.items() if name != UNKNOWN}
    rows = [_row(impact) for impact in impacts(known)]
    hits, everybody = counts.get(UNKNOWN, (0, 0))
    total = [sum(pair[place] for pair in counts.values()) for place in (0, 1)]
    ends = [[UNKNOWN, everybody, hits], ["all", total[1], total[0]]]
    cells = [*rows, *([*(str(cell) for cell in end), *[""] * 7] for end in ends)]
    head = _HEAD.format(group, people, selected)
    return [head, "|" + "---|" * 10, *(f"| {' | '.join(row)} |" for row in cells)]


def _row(impact: Impact) -> list[str]:
    return [impact.group, str(impact.people), str(impact.selected), *_figures(impact)]


def _figures(impact: Impact) -> Iterator[str]:
    yield "" if impact.selection_rate is None else f"{impact.selection_rate:.4f}"
    if impact.impact_ratio is None:
        yield from ("not compared", "", "", "", "", "")
        return
    yield f"{impact.impact_ratio:.4f}"
    if impact.adjusted_p_value is None:
        yield from ("", "", "highest rate", "", "")
        return
    yield "yes" if impact.is_below_four_fifths else "no"
    yield f"{impact.adjusted_p_value:.4g}"
    yield impact.test
    yield "yes" if impact.is_flip_flop else "no"
    yield f"{impact.shortfall:.1f}"
