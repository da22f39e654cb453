"""The questions a report answers with a chart. Each asks the metrics, words its finding and draws the chart of the pages.

What belongs here: one function a question. What doesn't: the table of figures and the order of things (board.py).
"""

from typing import Any

import polars as pl

from dashboards import charts, figures
from dashboards.drawing import Spec
from dashboards.figures import STAGE_NAMES
from dashboards.report.content import FULL, HALF, Drawing, Question, Section, Sentence, first, known, margin, receipt
from dashboards.report.period import ReportPeriod
from dashboards.report.vectors import svg
from dashboards.scope import Answer

_MONTHS = 12
_JOBS = 10


def leaving(question: Question) -> Section:
    """Where candidates leave (F1, F2, F4), the stage that loses most marked."""
    reached, share, left = (question.by_stage(metric) for metric in ("F1", "F2", "F4"))
    shares, drops = (dict(answer.frame.select("stage", "value").iter_rows()) for answer in (share, left))
    worst = most_leave(left)
    rows = [
        {
            "name": STAGE_NAMES[row["stage"]],
            "reached": row["value"],
            "label": figures.count(row["value"]) + (f" ({figures.percent(shares[row['stage']])})" if shares.get(row["stage"]) else ""),
            "drop_label": f"{figures.percent(drops[row['stage']])} left" if drops.get(row["stage"]) and row["stage"] != "hired" else "",
            "is_worst": bool(worst) and row["stage"] == worst["stage"],
        }
        for row in reached.frame.iter_rows(named=True)
    ]
    finding = Sentence(leaving_words(worst), (receipt(left, worst or None), receipt(reached)))
    remark = "Bars: applications of these months that reached the stage. Right: the share of them that ended there, for any reason."
    drawing = _drawing(charts.funnel(_frame(rows)), FULL, finding) if rows else ()
    return Section("Where do candidates leave?", finding, drawing, remark)


def most_leave(left: Answer) -> dict[str, Any]:
    """Return the row of the stage that loses the largest share, among those large enough to rank; empty when none is."""
    ranked = left.frame.filter(pl.col("is_rankable") & (pl.col("stage") != "hired")).sort("value", descending=True)
    return ranked.row(0, named=True) if ranked.height else {}


def leaving_words(worst: dict[str, Any]) -> str:
    """Return the finding on where candidates leave."""
    if not worst:
        return "Too few decided applications to say where most candidates leave."
    return f"Most candidates leave at the stage “{STAGE_NAMES[worst['stage']]}”: {figures.record(worst, 'rate')} of those who got there."


def durations(question: Question) -> Section:
    """How long an application spends in each stage (T2)."""
    answer = question.by_stage("T2", without=("hired",))
    longest = known(answer).filter("is_rankable").sort("value", descending=True)
    text, receipts = "Too few applications to say which stage takes longest.", [receipt(answer)]
    if longest.height:
        row = longest.row(0, named=True)
        text = f"“{STAGE_NAMES[row['stage']]}” takes longest: a median of {figures.record(row, 'days')}."
        receipts.insert(0, receipt(answer, row))
    finding = Sentence(text, tuple(receipts))
    chart = charts.dots(dots(known(answer), "stage", "days"), unit_format=".0f", least=20) if known(answer).height else None
    remark = "Median days with 95 % interval; whoever is still in a stage counts as not finished."
    return Section("How long does each stage take?", finding, _drawing(chart, HALF, finding) if chart else (), remark, is_half=True)


def channels(question: Question) -> Section:
    """What becomes of each channel's applicants (S2, decided cohorts only); small channels shown, never ranked."""
    answer = question.ask("S2", ("channel_type",), switches={"cohorts": "mature_only"})
    ordered = known(answer).sort(["is_rankable", "value"], descending=[True, True])
    ranked = ordered.filter("is_rankable")
    finding = Sentence(channel_words(ranked), (receipt(answer, ranked.row(0, named=True)), receipt(answer)) if ranked.height else ())
    chart = charts.dots(dots(ordered, "channel_type", "rate"), unit_format=".0%", least=0.12) if ordered.height else None
    remark = "Share hired with 95 % interval, decided months only. Grey: fewer than 30, not ranked."
    return Section("Which channels bring hires?", finding, _drawing(chart, HALF, finding) if chart else (), remark, is_half=True)


def channel_words(ranked: pl.DataFrame) -> str:
    """Return the finding on channels, from ranked rows, best first."""
    if ranked.height < 2:
        return "Too few decided applications to rank channels (30 each are needed)."
    best, second = ranked.row(0, named=True), ranked.row(1, named=True)
    is_ahead = best["lower"] > second["upper"]
    verdict = "clearly ahead of the rest" if is_ahead else f"not clearly ahead of “{figures.words(second['channel_type'])}”"
    name = figures.words(best["channel_type"])
    return f"“{name}” brings the applicants hired most often: {figures.record(best, 'rate')}, {verdict}."


def cohorts(question: Question) -> Section:
    """How far each month's applicants got (F2); months that are not decided are dashed and never ranked."""
    stages = list(STAGE_NAMES)[1:]
    answer = question.ask("F2", ("applied_month", "stage"), filters={"stage": stages})
    decided = question.ask("F6", ("applied_month",))
    months = answer.frame["applied_month"].unique().sort(descending=True).to_list()[:_MONTHS] if answer.frame.height else []
    shown = answer.frame.filter(pl.col("applied_month").is_in(months)).sort("applied_month", descending=True) if months else answer.frame
    rows = [
        {
            "row": f"{figures.month(row['applied_month'])} (n {figures.count(row['n'])})",
            "column": STAGE_NAMES[row["stage"]].replace("References & checks", "Checks"),
            "value": row["value"],
            "label": figures.percent(row["value"]) if row["is_mature"] else "not decided yet",
            "is_mature": bool(row["is_mature"]),
        }
        for row in shown.iter_rows(named=True)
    ]
    finding = Sentence(maturity_words(decided), (receipt(decided), receipt(answer)))
    drawing: tuple[Drawing, ...] = ()
    if rows:
        frame = _frame(rows)
        columns = [STAGE_NAMES[stage].replace("References & checks", "Checks") for stage in stages]
        drawing = _drawing(charts.heat_map(frame, columns, frame["row"].unique(maintain_order=True).to_list()), FULL, finding)
    few = f" The last {len(months)} months of the period are shown." if answer.frame.height > len(shown) else ""
    remark = f"Share of each month's applicants who reached the stage. Dashed: too few decided yet, neither shown nor ranked.{few}"
    return Section("How far did each month's applicants get?", finding, drawing, remark)


def maturity_words(decided: Answer) -> str:
    """Return the finding on how many months can be judged (F6 by month)."""
    young = decided.frame.filter(~pl.col("is_mature").fill_null(True))
    if not decided.frame.height:
        return "There are no applications in these months."
    if not young.height:
        return f"All {decided.frame.height} months with applications are decided enough to be judged."
    are = "is" if young.height == 1 else "are"
    return (
        f"{young.height} of {decided.frame.height} months with applications {are} not decided enough to be judged yet; "
        f"{'it is' if young.height == 1 else 'they are'} not ranked and not in the share of applicants hired."
    )


def open_jobs(question: Question) -> Section:
    """When open jobs will be filled: the forecast of the model in use, those that can still be helped first."""
    answer = question.insights.rows("open_openings")
    if answer.frame.is_empty():
        return Section("When will open jobs be filled?", Sentence("No opening is open.", (receipt(answer),)))
    jobs = answer.frame.with_columns(starts=pl.coalesce("term_start_date", "target_start_date"))
    jobs = jobs.with_columns(is_past=(pl.col("starts") <= pl.col("as_of").dt.date()).fill_null(False))
    jobs = jobs.sort("is_past", "p_filled_before_term_start", "opening_id", nulls_last=True)
    shown, names = jobs.head(_JOBS), set[str]()
    rows = []
    for job in shown.iter_rows(named=True):
        beyond, chance = job["beyond_days"], job["p_filled_before_term_start"]
        name = base = job["title"] or job["subject"] or "Open job"
        while name in names:
            name = f"{base} ({sum(taken.startswith(base) for taken in names) + 1})"
        names.add(name)
        target = float((job["starts"] - job["as_of"].date()).days) if job["starts"] else None
        in_time = f"{figures.percent(chance)} in time" if figures.known(chance) else ""
        rows.append(
            {
                "name": name,
                "elapsed": -job["elapsed_days"],
                "low": job["p10_days"],
                "median": job["median_days"],
                "high": job["p90_days"] if job["p90_days"] is not None else beyond,
                "target": target,
                "label": "",
                "open_label": "",
                "chance": "term has begun" if job["is_past"] else in_time,
                "is_late": job["is_past"] or (figures.known(chance) and chance < 0.5),
            }
        )
    finding = Sentence(open_jobs_words(jobs), (receipt(answer),))
    few = f" The {shown.height} most at risk are shown." if shown.height < jobs.height else ""
    model = " From the baseline: no trained model is in use." if bool(jobs["is_fallback"].all()) else ""
    remark = (
        f"Dot: median of the forecast; band: 80 %; ◇: start of term; grey line: open so far; orange: more likely late than not.{few}{model}"
    )
    return Section("When will open jobs be filled?", finding, _drawing(charts.forecast(_frame(rows)), FULL, finding), remark)


def open_jobs_words(jobs: pl.DataFrame) -> str:
    """Return the finding on open jobs; ``is_past`` says whose term has begun."""
    late = jobs.filter(~pl.col("is_past") & (pl.col("p_filled_before_term_start") < 0.5)).height
    past = jobs.filter("is_past").height
    are = "opening is" if jobs.height == 1 else "openings are"
    begun = f" For {past} the term has begun already." if past else ""
    if past == jobs.height:
        return f"{jobs.height} {are} open; the term has begun already."
    return (
        f"{jobs.height} {are} open. {late or 'None'} of those whose term is still to come will more likely than not miss its start.{begun}"
    )


def equity(question: Question) -> Section | None:
    """Who applied in the last released period: frozen figures with their margin, coverage first (D1, D8); None before any release."""
    frame = question.insights.rows("equity_releases").frame
    released = frame.filter(pl.col("release") == "A") if frame.height else frame
    if released.is_empty():
        return None
    start, end = released.select("period_start", "period_end").unique().sort("period_start", "period_end").row(-1)
    one_table = {"period_end": end}
    released_period = ReportPeriod("", start, start)  # told apart by its end: a year's rest begins on the day of its first quarter
    answered = question.ask("D1", filters=one_table, switches={"part": "answered"}, period=released_period)
    receipts, drawings = [receipt(answered, first(answered))], []
    for attribute in [name for name in ("gender", "age_band") if name in set(released["attribute"])]:
        answer = question.ask("D8", ("category",), filters=one_table | {"attribute": attribute}, period=released_period)
        ordered = known(answer).sort(pl.col("category") == "undisclosed", "value", descending=[False, True])
        rows = [
            {
                "name": figures.words(row["category"]),
                "value": round(min(max(row["value"], 0.025), 0.975), 2),
                "label": f"{figures.released_share(row['value'])} ± {margin(row)}",
            }
            for row in ordered.iter_rows(named=True)
        ]
        if rows:
            title = f"By {figures.words(attribute).lower()}"
            drawings.append(Drawing(svg(charts.bars(_frame(rows), least=0.5), HALF), _spoken(title, rows), title))
            receipts.append(receipt(answer))
    row = first(answered)
    coverage = (
        f"{figures.released_share(row['value'])} of {figures.count(row['n'])} invited applicants answered (± {margin(row)})."
        if figures.known(row.get("value"))
        else "How many answered is not known for this period."
    )
    finding = Sentence(f"{coverage} Released figures of {start:%B %Y} to {end:%B %Y}.", tuple(receipts))
    remark = "Released once and frozen; noise was added before release, so that nobody's answer can be told; ± is its 95 % margin."
    return Section("Who applies to us?", finding, tuple(drawings), remark)


def dots(frame: pl.DataFrame, dimension: str, unit: str) -> pl.DataFrame:
    """Return an answer's rows as ``charts.dots`` draws them; the frame has values only."""
    rows = [
        {
            "name": figures.words(row[dimension]),
            "value": row["value"],
            "lower": row["lower"] if row["lower"] is not None else row["value"],
            "upper": row["upper"] if row["upper"] is not None else row["value"],
            "label": f"{figures.figure(row['value'], unit)} · n {figures.count(row['n'])}",
            "is_ranked": bool(row["is_rankable"]),
        }
        for row in frame.iter_rows(named=True)
    ]
    return _frame(rows)


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _drawing(chart: Spec, width: int, finding: Sentence) -> tuple[Drawing, ...]:
    return (Drawing(svg(chart, width), finding.text),)


def _spoken(title: str, rows: list[dict[str, Any]]) -> str:
    return f"{title}: " + ", ".join(f"{row['name']} {row['label']}" for row in rows)
