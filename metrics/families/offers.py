"""O metrics: what becomes of offers. One offer is one chain of versions."""

import polars as pl

from metrics.answer import rate
from metrics.rows import Rows

_MEASURES = {  # measure → answers that count, answers it is a share of
    "acceptance": ("accepted", ("accepted", "declined", "expired", "withdrawn")),
    "rescinded": ("rescinded", ("accepted", "declined", "expired", "withdrawn", "rescinded")),
}
_NOT_ACCEPTED = ("declined", "expired", "withdrawn")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def acceptance(rows: Rows) -> pl.DataFrame:
    """O1: share of answered offers that were accepted; pending ones are counted apart."""
    measure = rows.switches["measure"]
    if measure == "reneged":
        hits, of = "r.is_reneged and r.answer = 'accepted'", "r.answer = 'accepted'"
    else:
        counted, among = _MEASURES[measure]
        hits, of = f"r.answer = '{counted}'", f"r.answer in ({_listed(among)})"
    conditions = {"hits": hits, "n": of, "n_open": "r.answer = 'pending'"}
    return rate(rows.total({name: f"count(*) filter ({condition})" for name, condition in conditions.items()}))


def decline_reasons(rows: Rows) -> pl.DataFrame:
    """O2: share of offers not accepted by the candidate, by reason; a reason nobody wrote down is ``unknown``."""
    answers = ("declined",) if rows.switches["answers"] == "declined" else _NOT_ACCEPTED
    where = [f"r.answer in ({_listed(answers)})"]
    groups = [name for name in rows.groups if name != "decline_reason"]
    hits = rows.total({"hits": "count(*)"}, where=where)
    whole = rows.total({"n": "count(*)"}, groups=groups, where=where, ignore=["decline_reason"])
    return rate(hits.join(whole, on=groups, how="left") if groups else hits.join(whole, how="cross"))


METRICS = {"O1": acceptance, "O2": decline_reasons}
