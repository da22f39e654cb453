"""A hiring log of a school's earlier system as CSV files: every way an application can end, and rows that nobody can use."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FIRST_DAY = datetime(2024, 9, 2, 8, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]


def made_log(jobs_count: int) -> Rows:
    """Return the tables of a log that can be loaded whole: a job has two openings, of which one is filled, and five applications."""
    rows: Rows = {name: [] for name in ("jobs", "openings", "applications", "stage_events", "offers", "hires", "outcomes")}
    for number in range(jobs_count):
        _job(rows, f"j{number}", FIRST_DAY + timedelta(days=3 * number))
    return rows


def with_a_reneged_hire(rows: Rows) -> None:
    """Let the first job's hire never have started."""
    rows["hires"][0] |= {"status": "reneged"}
    rows["outcomes"].pop(0)
    rows["openings"][0] |= {"closed_at": rows["openings"][1]["closed_at"], "close_reason": "not_filling"}


def with_unusable_rows(rows: Rows) -> dict[str, int]:
    """Add rows that can't be loaded; return how many by table and reason."""
    applied = {"job_id": "j0", "applied_at": _at(FIRST_DAY, 5), "status": "active"}
    rows["applications"] += [
        {"application_id": "a-address", "candidate_id": "ada@mail.example", **applied},
        {"application_id": "a-lost", "candidate_id": "c-lost", **applied, "job_id": "j-nobody"},
        {"application_id": "a-jobless", "candidate_id": "c-jobless", **applied, "job_id": ""},
    ]
    rows["stage_events"] += [
        _event("a-address", "e1", "Phone call", "screen", _at(FIRST_DAY, 6)),
        _event("a-lost", "e1", "Phone call", "screen", _at(FIRST_DAY, 6)),
        _event("j0-rejected", "late", "Phone call", "screen", _at(FIRST_DAY, 40)) | {"canonical_stage": "telephone"},
    ]
    rows["offers"].append({"offer_id": "o-late", "application_id": "j0-rejected", "status": "sent", "created_at": _at(FIRST_DAY, 50)})
    return {
        "applications: personal_id": 1, "applications: dangling_key": 1, "applications: job_missing": 1, "stage_events: dangling_key": 2,
        "stage_events: unknown_enum": 1, "offers: application_ended": 1,
    }  # fmt: skip


def write_log(folder: Path, rows: Rows) -> Path:
    """Write one CSV file a table; return the folder."""
    folder.mkdir()
    for table, table_rows in rows.items():
        with (folder / f"{table}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(dict.fromkeys(key for row in table_rows for key in row)))
            writer.writeheader()
            writer.writerows(table_rows)
    return folder


def _job(rows: Rows, job_id: str, start: datetime) -> None:
    rows["jobs"].append(
        {
            "job_id": job_id, "title": "Mathematics teacher", "subject": "mathematics", "grade_range": "9-12", "staff_class": "teacher",
            "status": "closed", "approved_at": _at(start, 0), "opened_at": _at(start, 1), "closed_at": _at(start, 60),
            "close_reason": "not_filling", "headcount": 2, "fte": "1.0", "target_start_date": "2025-09-01",
        }
    )  # fmt: skip
    seat = {"job_id": job_id, "fte": "0.5", "opened_at": _at(start, 1)}
    rows["openings"] += [
        {"opening_id": f"{job_id}-seat1", **seat, "closed_at": _at(start, 30), "close_reason": "filled"},
        {"opening_id": f"{job_id}-seat2", **seat, "closed_at": _at(start, 60), "close_reason": "not_filling"},
    ]
    for ending in ("hired", "rejected", "offer_declined", "reopened", "job_closed"):
        _application(rows, job_id, ending, start)


def _application(rows: Rows, job_id: str, ending: str, start: datetime) -> None:
    application_id = f"{job_id}-{ending}"
    status = "withdrawn" if ending == "reopened" else ending
    ends = {"hired": 30, "rejected": 12, "offer_declined": 28, "reopened": 33, "job_closed": 60}[ending]
    side = {"rejected": "employer", "offer_declined": "candidate", "reopened": "candidate"}.get(ending, "")
    rows["applications"].append(
        {
            "application_id": application_id, "candidate_id": f"c-{application_id}", "job_id": job_id, "attempt_number": 1,
            "applied_at": _at(start, 2), "origin": "inbound", "is_internal": "false", "channel_type": "job_board", "status": status,
            "terminal_at": _at(start, ends), "terminal_side": side,
        }
    )  # fmt: skip
    moves = [("Application received", "applied", 2), ("Phone call", "screen", 5)]
    if ending in {"hired", "offer_declined"}:
        moves += [("Panel", "interview", 10), ("Offer", "offer", 20)]
        _offer(rows, job_id, application_id, ending, start, ends)
    if ending == "reopened":
        moves += [("Withdrawn", "withdrawn", 8), ("Phone call", "screen", 15), ("Panel", "interview", 18)]
    moves.append(("Hired" if status == "hired" else status.capitalize(), status, ends))
    for number, (stage, canonical, day) in enumerate(moves, start=1):
        rows["stage_events"].append(_event(application_id, f"e{number}", stage, canonical, _at(start, day)) | {"sequence": number})


def _offer(rows: Rows, job_id: str, application_id: str, ending: str, start: datetime, ends: int) -> None:
    status = "accepted" if ending == "hired" else "declined"
    place = {"application_id": application_id, "opening_id": f"{job_id}-seat1"}
    rows["offers"].append(
        {
            "offer_id": f"{application_id}-o1", **place, "chain_id": application_id, "version": 1, "status": status,
            "created_at": _at(start, 19), "approved_at": _at(start, 21), "sent_at": _at(start, 22), "resolved_at": _at(start, ends),
            "start_date": "2025-09-01", "fte": "0.5",
        }
    )  # fmt: skip
    if ending != "hired":
        return
    hire_id = f"{application_id}-h1"
    rows["hires"].append(
        {
            "hire_id": hire_id, **place, "offer_id": f"{application_id}-o1", "accepted_at": _at(start, ends), "hired_at": _at(start, ends),
            "start_date": "2025-09-01", "status": "started", "contract_kind": "permanent",
        }
    )  # fmt: skip
    scale = {"performance_scale": "1-5", "performance_value": "3.5", "manager_satisfaction": "8"}
    rows["outcomes"].append(
        {"outcome_id": f"{hire_id}-1", "hire_id": hire_id, "as_of": "2025-12-01", "still_employed": "true", "probation_passed": "true"}
        | scale
    )


def _event(application_id: str, name: str, stage: str, canonical: str, at: str) -> dict[str, Any]:
    row = {"event_id": f"{application_id}-{name}", "application_id": application_id, "sequence": "", "stage": stage}
    return row | {"canonical_stage": canonical, "event_at": at, "actor": "u1", "provenance": "observed"}


def _at(start: datetime, days: int) -> str:
    return (start + timedelta(days=days)).isoformat()
