"""Exact counts for an audit pack: answers, outcomes and scores of people meet in memory, and only tables of counts leave.

What belongs here: the join of the private step, for one year, pooled over schools, and the pack's own file until it expires. What
doesn't: rates and ratios (metrics.adverse_impact), who may ask (the hiring core's audit log), the pack's words (nexus.audit_pack).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from foundation.settings import Home
from ingestion.equity_key import EquityKey
from ingestion.snapshots import open_snapshot
from warehouse.connection import Connection

UNKNOWN = "unknown"
_DECLINED = "declined"


@dataclass(frozen=True)
class AuditPeople:
    """The people of a year, in memory only: never written, never logged.

    ``people`` has one row a person and school: sex, ethnicity (``unknown`` where not told), is_selected, score (null: not scored).
    """

    people: pl.DataFrame

    def selections(self, dimensions: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return group → (selected, people); groups of several dimensions are joined by ``" × "``."""
        grouped = self._grouped(dimensions).group_by("group").agg(pl.col("is_selected").sum(), pl.len()).sort("group")
        return {group: (int(selected), int(people)) for group, selected, people in grouped.iter_rows()}

    def scores(self, dimensions: Sequence[str]) -> dict[str, list[float]]:
        """Return group → scores of those scored."""
        scored = self._grouped(dimensions).filter(pl.col("score").is_not_null()).group_by("group").agg("score").sort("group")
        return dict(scored.iter_rows())

    def _grouped(self, dimensions: Sequence[str]) -> pl.DataFrame:
        told = pl.all_horizontal(pl.col(name) != UNKNOWN for name in dimensions)
        group = pl.when(told).then(pl.concat_str(dimensions, separator=" × ")).otherwise(pl.lit(UNKNOWN))
        return self.people.with_columns(group=group)


def audit_people(source_url: str, connection: Connection, root: Path, year: int) -> AuditPeople:
    """Join answers to outcomes and to logged scores of candidate success, for people whose application closed in a year.

    Args:
        source_url: Postgres of the hiring core, for the login that reads the survey.
        connection: the build file, read only.
        root: the home, whose secret ``equity_key`` opens the answers.
        year: academic years that began in it.

    Raises:
        MissingSecret: the key is absent. SourceUnavailable: the source cannot be read.
    """
    key = EquityKey.read(Home(home=root))
    with open_snapshot(source_url) as source, source.stream("select dei_key, gender, ethnicity from equity.responses") as reader:
        answered = pl.DataFrame(pl.from_arrow(reader.read_all()))
    answers = {row[0]: row[1:] for row in answered.iter_rows()}
    rows = []
    for tenant, candidate, merged, outcome, score in connection.execute(_people_sql(connection), [year]).fetchall():
        keys = (key.dei_key(tenant, person) for person in (candidate, *(merged or ())))
        sex, ethnicity = next((answers[one] for one in keys if one in answers), (UNKNOWN, UNKNOWN))
        told = [UNKNOWN if value == _DECLINED else value for value in (sex, ethnicity)]
        rows.append((*told, outcome == "hired", score))
    schema = {"sex": pl.String, "ethnicity": pl.String, "is_selected": pl.Boolean, "score": pl.Float64}
    return AuditPeople(pl.DataFrame(rows, schema=schema, orient="row"))


def _people_sql(connection: Connection) -> str:
    """Return the statement; the prediction log is a table of the build file once something was logged."""
    tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'predictions'").fetchall()
    scores = (
        """select applications.tenant_id, applications.person_id as candidate_id, max(logged.p_hired) as score
        from predictions.logged_predictions as logged
        inner join intermediate.int_applications_unioned as applications on logged.application_id = applications.application_id
        where logged.p_hired is not null group by all"""
        if ("logged_predictions",) in tables
        else "select null::varchar as tenant_id, null::varchar as candidate_id, null::double as score where false"
    )
    return f"""
        with scores as ({scores}),
        merged as (
            select person_id, list(candidate_id order by candidate_id) as merged_ids
            from intermediate.int_candidates_merged group by person_id
        )
        select people.tenant_id, people.candidate_id, merged.merged_ids, people.outcome_bin, scores.score
        from intermediate.int_application_outcomes as people
        left join scores on people.tenant_id = scores.tenant_id and people.candidate_id = scores.candidate_id
        left join merged on people.candidate_id = merged.person_id
        where people.outcome_bin is not null and year(people.academic_year_start) = ?
    """


def write_pack(root: Path, text: str, seq: int, expires_on: date) -> Path:
    """Write a pack's file, readable by its owner alone, and return its path; its name says when it expires.

    Raises:
        FileExistsError: a pack of this row of the audit log was written before.
    """
    folder = root / "audit_packs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{expires_on.isoformat()}_{seq:06d}.md"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    return path


def remove_expired_packs(root: Path, today: date) -> int:
    """Delete packs whose last day has passed and return how many."""
    expired = [file for file in (root / "audit_packs").glob("*.md") if date.fromisoformat(file.name[:10]) < today]
    for file in expired:
        file.unlink()
    return len(expired)
