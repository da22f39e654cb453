"""The answer key, in ``NEXUS_HOME/truth`` (files 0600): what no other process may read.

What belongs here: true effects, latent matches and the true end of every opening, beyond the simulated present too; and what was simulated.
What doesn't: anything written to the source database.
"""

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from simulator.ledger import FrozenLedger
from simulator.market import Market


def _private(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    file.touch(mode=0o600)
    file.chmod(0o600)
    return file


def folder(home: Path) -> Path:
    """Return the folder of the answer key."""
    return home / "truth"


def read_memory(home: Path) -> dict[str, Any] | None:
    """Return what has been simulated in this home, or None."""
    file = folder(home) / "simulation.json"
    return dict(json.loads(file.read_text())) if file.exists() else None


def read_effects(home: Path) -> dict[str, Any]:
    """Return the true effects of the simulated world."""
    return dict(json.loads((folder(home) / "effects.json").read_text()))


def write_json(home: Path, name: str, value: dict[str, Any]) -> None:
    """Write a JSON file of the answer key atomically, readable by the owner only."""
    file = folder(home) / name
    draft = _private(file.with_name(f".{name}.draft"))
    draft.write_text(json.dumps(value, indent=1, sort_keys=True))
    draft.replace(file)


def _moment(start: datetime, days: list[float]) -> pl.Series:
    micros = [None if math.isnan(day) else int(start.timestamp() * 1_000_000) + round(day * 86_400_000_000) for day in days]
    return pl.Series(micros, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))


def market_truth(market: Market, frozen: FrozenLedger, until: float) -> dict[str, pl.DataFrame]:
    """Return the answer key of one market for what is known at ``until`` (days), its future included.

    Openings and applications: ``status_at_end``, and ``filled_at``, at the end of the simulated future: later than ``until`` for those
    open then.
    """
    start = market.ledger.start
    openings = [(job, opening) for job in market.jobs for opening in job.openings if job.approved_at <= until]
    applications = [application for application in market.applications if application.applied_at <= until]
    schools = frozen.ids("identity.organisations")
    return {
        "openings": pl.DataFrame(
            {
                "opening_id": [frozen.ids("jobs.openings")[opening.index] for _, opening in openings],
                "job_id": [frozen.ids("jobs.jobs")[job.index] for job, _ in openings],
                "approved_at": _moment(start, [job.approved_at for job, _ in openings]),
                "filled_at": _moment(start, [opening.filled_at for _, opening in openings]),
                "status_at_end": ["filled" if o.is_filled else "cancelled" if o.is_cancelled else "open" for _, o in openings],
                "job_frailty": [job.frailty for job, _ in openings],
            }
        ),
        "applications": pl.DataFrame(
            {
                "application_id": frozen.ids("applications.applications").gather([each.index for each in applications]),
                "latent_match": [each.match for each in applications],
                "latent_ability": [each.candidate.ability for each in applications],
                "status_at_end": [each.status for each in applications],
            }
        ),
        "hires": pl.DataFrame(
            {
                "hire_id": frozen.ids("applications.hires").gather([each["row"] for each in market.hires]),
                "latent_match": [each["match"] for each in market.hires],
                "is_late": [each["is_late"] for each in market.hires],
            }
        ),
        "schools": pl.DataFrame(
            {
                "organisation_id": [schools[school.organisation] for school in market.schools],
                "pace": [school.pace for school in market.schools],
                "appeal": [school.appeal for school in market.schools],
                "pay": [school.pay for school in market.schools],
                "has_mentoring": [school.has_mentoring for school in market.schools],
            }
        ),
    }


def write_tables(home: Path, parts: list[dict[str, pl.DataFrame]]) -> None:
    """Write the answer key of all markets as Parquet."""
    for name in parts[0] if parts else ():
        write_frame(home, name, pl.concat([part[name] for part in parts if part[name].height] or [parts[0][name]]))


def write_frame(home: Path, name: str, frame: pl.DataFrame) -> None:
    """Write one table of the answer key, readable by the owner only."""
    frame.write_parquet(_private(folder(home) / f"{name}.parquet"))
