"""Panels of the sources: what each channel brings, what becomes of it and what it costs. Little is told from little, and said so."""

from typing import Final

import polars as pl

from dashboards import charts, figures
from dashboards.filters import Choice
from dashboards.panels.panel import dot_rows, one, panel, ranked_first
from dashboards.scope import Answer

_DECIDED: Final = {"cohorts": "mature_only"}
_BETTER: Final = "Better: probability of lying above the median channel."


def ranking(choice: Choice) -> None:
    """Draw channels by the share of their applicants hired (S2, shrunk, decided months only); ranked from n = 30."""
    answer = ask(choice, "S2", _DECIDED | {"estimate": "shrunk"})
    frame, ranked = _ordered(answer)
    panel(
        "sources",
        "Which channels bring hires?",
        _finding(ranked, "rate", "applicants are hired most often"),
        charts.dots(frame, unit_format=".0%", least=0.12) if frame.height else None,
        (answer,),
        answer.frame,
        note=f"Decided months; channels with few applicants are drawn towards the others. {_BETTER}{_left_out(answer)}"
        if frame.height
        else "",
    )


def best(choice: Choice, outcome: str) -> None:
    """Draw channels by retention or quality of their hires (S6); ranked from n = 10."""
    answer = ask(choice, "S6", {"outcome": outcome}, from_the_start=True)
    frame, ranked = _ordered(answer)
    is_retention = outcome == "retention"
    praise = "hires stay a year most often" if is_retention else "hires turn out best"
    panel(
        f"best-{outcome}",
        "Whose hires stay a year?" if is_retention else "Whose hires turn out best?",
        _finding(ranked, "rate" if is_retention else "score", praise, needed=10),
        charts.dots(frame, unit_format=".0%" if is_retention else ".2f", least=0.3) if frame.height else None,
        (answer,),
        answer.frame,
        note=(
            f"{'' if is_retention else 'Retention, performance and satisfaction together, 0 to 1. '}All hires whose first year was over; "
            f"few hires are drawn towards the others. {_BETTER}{_left_out(answer)}"
        )
        if frame.height
        else "",
    )


def upcoming(choice: Choice) -> None:
    """Draw what the months that are not decided yet will bring, by channel (F5): a projection, so in no order of merit."""
    until = choice.until_now
    months = choice.insights.metric("F6", period_from=choice.period.start, period_to=until, group_by=("applied_month",))
    young = months.frame.filter(~pl.col("is_mature").fill_null(True))["applied_month"].to_list()
    answers = [months]
    frame = known = pl.DataFrame()
    if young:
        conditions = choice.conditions | {"applied_month": young}
        answers.append(
            choice.insights.metric("F5", period_from=choice.period.start, period_to=until, group_by=("channel_type",), filters=conditions)
        )
        known = answers[-1].frame.filter(pl.col("value").is_not_null()).sort("n", descending=True)
        frame = dot_rows(known.with_columns(is_rankable=pl.lit(value=False)), "channel_type")
    finding = "Every month shown is decided: the rates above are final."
    if known.height:
        row = known.row(0, named=True)
        largest = f"{figures.words(row['channel_type'])}, the largest, is heading for {figures.record(row, 'rate')}."
        finding = f"{figures.counted(len(young), 'month')} still undecided. {largest}"
    elif young:
        finding = "Too little has been followed for long enough to project the undecided months."
    panel(
        "source-outlook",
        "What will the undecided months bring?",
        finding,
        charts.dots(frame, unit_format=".0%", least=0.12) if frame.height else None,
        answers,
        known,
        note="Share that will have been hired 120 days after applying; largest channel first, not a ranking." if frame.height else "",
    )


def quality(choice: Choice) -> None:
    """Draw how far each channel's screened applicants get (S3)."""
    answer = ask(choice, "S3", _DECIDED)
    frame, ranked = _ordered(answer)
    chart = charts.dots(frame, unit_format=".2f", least=0.3) if frame.height else None
    finding = _finding(ranked, "score", "applicants get furthest once screened (0 = applied, 1 = hired)")
    panel("source-quality", "Whose applicants get furthest?", finding, chart, (answer,), answer.frame)


def volume(choice: Choice) -> None:
    """Draw applications by channel (S1), the unknown ones too."""
    answer = ask(choice, "S1", {"measure": "share_of_applications"})
    counts = ask(choice, "S1", {"measure": "applications"})
    shares = dict(answer.frame.select("channel_type", "value").iter_rows()) if answer.frame.height else {}
    rows = counts.frame.sort("value", descending=True)
    frame = pl.DataFrame(
        [
            {
                "name": figures.words(row["channel_type"]),
                "value": row["value"],
                "label": f"{figures.count(row['value'])} ({figures.percent(shares.get(row['channel_type']))})",
            }
            for row in rows.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    finding = "Applications by first touch."
    if frame.height:
        finding = f"{frame['name'][0]} brings most applications: {frame['label'][0]}."
    chart = charts.bars(frame) if frame.height and (counts.frame["value"] > 0).any() else None
    note = f"Source unknown: {figures.percent(shares.get('unknown', 0.0))} of applications." if frame.height else ""
    panel("source-volume", "Where do applications come from?", finding, chart, (counts, answer), counts.frame, note=note)


def cost(choice: Choice) -> None:
    """List what a hire costs by channel (S7), and a hire who stayed a year."""
    each = ask(choice, "S7", {"measure": "per_hire"}, also=("currency",))
    kept = ask(choice, "S7", _DECIDED | {"measure": "per_retained_hire"}, also=("currency",), from_the_start=True)
    keys = ["channel_type", "currency"]
    retained = kept.frame.select(*keys, pl.col("value").alias("per_retained_hire"), pl.col("n").alias("retained"))
    table = each.frame.filter(pl.col("currency") != "unknown").join(retained, on=keys, how="left")
    table = table.sort("currency", "value", "channel_type", descending=[False, True, False], nulls_last=True)
    ranked = table.filter(pl.col("is_rankable") & (pl.col("value") > 0))
    currencies = ranked["currency"].unique().to_list()
    chart = None
    if len(currencies) == 1 and ranked.height > 1:
        in_money = [
            {
                "name": figures.words(row["channel_type"]),
                **{name: figures.major(row[name], row["currency"]) for name in ("value", "lower", "upper")},
                "label": f"{figures.money(row['value'], row['currency'])} · n {figures.count(row['n'])}",
                "is_ranked": True,
            }
            for row in ranked.iter_rows(named=True)
        ]
        frame = pl.DataFrame(in_money)
        chart = charts.dots(frame, unit_format="~s", least=float(frame["upper"].max() or 1))  # type: ignore[arg-type]  # polars types max() as any literal
    grid = pl.DataFrame(
        [
            {
                "Channel": figures.words(row["channel_type"]),
                "Spend": figures.money(row["spend"], row["currency"]),
                "Agency fees": figures.money(row["agency_fees"], row["currency"]),
                "Hires": figures.count(row["n"]),
                "Cost per hire": figures.money(row["value"], row["currency"]),
                "Per hire kept a year": figures.money(row["per_retained_hire"], row["currency"]),
                "Kept": figures.count(row["retained"]),
            }
            for row in table.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    finding = "Costs in several currencies are listed apart; choose one school to compare channels." if table.height else ""
    if table["currency"].n_unique() == 1:
        finding = "Too few hires to compare costs (10 a channel are needed)."
        if ranked.height > 1:
            dear, cheap = ranked.row(0, named=True), ranked.row(-1, named=True)
            finding = f"A hire costs most by {_say(dear)}, least where money is spent by {_say(cheap)}."
    panel(
        "source-cost",
        "What does a hire cost?",
        finding,
        chart,
        (each, kept),
        table,
        grid=grid if grid.height else None,
        note="By first touch; spend and fees of these months over hires accepted in them, intervals by the number of hires. "
        "Kept a year: all months whose hires are a year in post. No hire, no figure."
        if table.height
        else "",
    )


def attribution(choice: Choice) -> None:
    """List hires, yield and cost by channel, by first and by last touch (S1, S2, S7)."""
    answers: list[Answer] = []
    table = pl.DataFrame(schema={"channel_type": pl.String})
    for touch in ("first", "last"):
        switch = {"attribution": f"{touch}_touch"}
        hires = ask(choice, "S1", {"measure": "hires"} | switch)
        rate = ask(choice, "S2", _DECIDED | switch)
        answers += [hires, rate]
        for name, answer in ((f"{touch}_touch_hires", hires), (f"{touch}_touch_yield", rate)):
            column = answer.frame.select("channel_type", pl.col("value").alias(name))
            table = table.join(column, on="channel_type", how="full", coalesce=True)
    table = table.sort("first_touch_hires", "channel_type", descending=[True, False], nulls_last=True)
    grid = pl.DataFrame(
        [
            {
                "Channel": figures.words(row["channel_type"]),
                "Hires, first touch": figures.count(row["first_touch_hires"]),
                "Hires, last touch": figures.count(row["last_touch_hires"]),
                "Hired, first touch": figures.percent(row["first_touch_yield"]),
                "Hired, last touch": figures.percent(row["last_touch_yield"]),
            }
            for row in table.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    moved = table.filter(pl.col("first_touch_hires") != pl.col("last_touch_hires"))
    finding = (
        "First and last touch agree for every channel."
        if moved.is_empty()
        else "Channels that find people are not always those that close."
    )
    panel(
        "attribution",
        "Who earns the credit?",
        finding if table.height else "",
        None,
        answers,
        table,
        grid=grid if grid.height else None,
        note="Hired: share of applicants in decided months, as it was." if grid.height else "",
    )


def offers(choice: Choice) -> None:
    """Draw why offers are not accepted (O2), below how many are (O1)."""
    accepted, rescinded, reneged = (
        choice.insights.metric(
            "O1",
            period_from=choice.period.start,
            period_to=choice.period.end,
            filters=choice.conditions,
            switches={"measure": measure},
        )
        for measure in ("acceptance", "rescinded", "reneged")
    )
    reasons = choice.insights.metric(
        "O2", period_from=choice.period.start, period_to=choice.period.end, group_by=("decline_reason",), filters=choice.conditions
    )
    row = one(accepted)
    finding = f"{figures.record(row, 'rate')} of answered offers are accepted; {figures.count(row['n_open'])} are out." if row["n"] else ""
    known = reasons.frame.sort("value", descending=True)
    frame = pl.DataFrame(
        [
            {
                "name": figures.words(each["decline_reason"]),
                "value": each["value"],
                "label": f"{figures.percent(each['value'])} of {figures.count(each['n'])}",
            }
            for each in known.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    apart = [figures.record(one(answer), "rate") for answer in (rescinded, reneged)]
    panel(
        "offers",
        "Why are offers not accepted?",
        finding,
        charts.bars(frame, least=0.4) if frame.height else None,
        (accepted, rescinded, reneged, reasons),
        known,
        note=f"Taken back by the school: {apart[0]}. Undone after acceptance: {apart[1]}." if row["n"] else "",
    )


def ask(choice: Choice, metric_id: str, switches: dict[str, str], *, also: tuple[str, ...] = (), from_the_start: bool = False) -> Answer:
    """Ask a source metric by channel; ``from_the_start`` reaches back to the first row, for what takes a year to know."""
    return choice.insights.metric(
        metric_id,
        period_from=None if from_the_start else choice.period.start,
        period_to=choice.period.end,
        group_by=("channel_type", *also),
        filters=choice.conditions,
        switches=switches,
    )


def _ordered(answer: Answer) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return dot-plot rows, ranked channels first and best first, then the ones that are not ranked; and the ranked ones alone."""
    unit = answer.evaluation.unit if answer.evaluation else "rate"
    known = ranked_first(answer.frame.filter(pl.col("value").is_not_null()))
    rows = dot_rows(known, "channel_type", unit)
    if "p_better" in known.columns and known.height:
        chances = [f" · better {figures.chance(each)}" if figures.known(each) else "" for each in known["p_better"]]
        rows = rows.with_columns(label=pl.col("label") + pl.Series(chances))
    return rows, known.filter("is_rankable")


def _left_out(answer: Answer) -> str:
    hidden = answer.frame.filter(pl.col("value").is_null() & (pl.col("n") > 0))
    named = ", ".join(f"{figures.words(row['channel_type'])} (n {figures.count(row['n'])})" for row in hidden.iter_rows(named=True))
    return f" Too few to show: {named}." if named else ""


def _say(row: dict[str, object]) -> str:
    value, currency, n = row["value"], row["currency"], row["n"]
    return f"{figures.words(str(row['channel_type']))} ({figures.money(value, currency)}, n = {figures.count(n)})"  # type: ignore[arg-type]  # a row of an answer


def _finding(ranked: pl.DataFrame, unit: str, praise: str, needed: int = 30) -> str:
    if ranked.height < 2:
        return f"Too few decided cases to rank channels ({needed} each are needed)."
    best_row, second = ranked.row(0, named=True), ranked.row(1, named=True)
    is_ahead = best_row["lower"] > second["upper"]
    verdict = "ahead of the rest" if is_ahead else f"not clearly ahead of {figures.words(second['channel_type'])}"
    return f"{figures.words(best_row['channel_type'])} {praise}: {figures.record(best_row, unit)}, {verdict}."
