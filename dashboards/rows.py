"""The lists a page may show as they are: one fixed SELECT each, scoped by the door. No rate, no sum across schools.

``{scope}`` stands for the tenant condition that ``dashboards.scope`` fills in; a page can't write SQL.
"""

from dataclasses import dataclass
from typing import Final

from foundation.access import Page


@dataclass(frozen=True)
class Read:
    """One list: its table, its SELECT, the column that names the school, the page whose roles it needs.

    ``platform_columns`` count rows of all schools together: only people with a platform-wide grant get them.
    """

    table: str
    sql: str
    tenant_column: str = "tenant_id"
    page: Page | None = None
    platform_columns: tuple[str, ...] = ()

    @property
    def is_scoped(self) -> bool:
        """Whether rows belong to schools."""
        return "{scope}" in self.sql


READS: Final[dict[str, Read]] = {
    "schools": Read(
        "marts.dim_organisations",
        """select organisation_id, name, academic_year_start_month, timezone
from marts.dim_organisations
where kind = 'school' and {scope}
order by name, organisation_id""",
        tenant_column="organisation_id",
    ),
    "subjects": Read(
        "marts.fct_applications",
        """select distinct subject
from marts.fct_applications
where subject is not null and {scope}
order by subject""",
    ),
    "open_openings": Read(
        "predictions.open_openings",
        """select o.opening_id, o.tenant_id, s.name as school, j.title, o.subject, o.as_of, o.elapsed_days, o.median_days,
  o.p10_days, o.p90_days, o.beyond_days, o.p_filled_before_term_start, f.target_start_date, f.term_start_date,
  o.bundle_id, o.is_fallback
from predictions.open_openings o
left join marts.dim_jobs j on j.job_id = o.job_id and j.tenant_id = o.tenant_id
left join marts.fct_openings f on f.opening_id = o.opening_id and f.tenant_id = o.tenant_id
left join marts.dim_organisations s on s.organisation_id = o.tenant_id
where {scope}
order by o.p_filled_before_term_start, o.opening_id""",
        tenant_column="o.tenant_id",
    ),
    "reconciliation": Read(
        "marts.mart_reconciliation",
        """select r.source_system, s.name as school, r.truth, r.left_count, r.right_count, r.difference_count
from marts.mart_reconciliation r
left join marts.dim_organisations s on s.organisation_id = r.tenant_id
where {scope}
order by abs(r.difference_count) desc, r.truth, school""",
        tenant_column="r.tenant_id",
    ),
    "cleaning_counts": Read(
        "marts.mart_cleaning_counts",
        """select c.source_system, s.name as school, c.cleaning_step, c.rows_count
from marts.mart_cleaning_counts c
left join marts.dim_organisations s on s.organisation_id = c.tenant_id
where {scope}
order by c.cleaning_step, school""",
        tenant_column="c.tenant_id",
    ),
    "checks": Read(
        "marts.check_results",
        """select check_name, layer, table_name, passed, checked_at, failing_count, message
from marts.check_results
order by passed, layer, table_name, check_name""",
        platform_columns=("failing_count", "message"),
    ),
    "publish_info": Read("marts.publish_info", "select publish_version, as_of, published_at, world\nfrom marts.publish_info"),
    "equity_releases": Read(
        "marts.mart_equity_releases",
        """select distinct release, tenant_id, period_kind, period_start, period_end, outcome_bin, attribute, cohort_people_count,
  key_id, released_at
from marts.mart_equity_releases
where {scope}
order by release, period_start, outcome_bin, attribute""",
        page=Page.EQUITY,
    ),
    "equity_benchmarks": Read(
        "marts.mart_equity_benchmarks",
        "select distinct period_start, period_end\nfrom marts.mart_equity_benchmarks\norder by period_start",
        page=Page.EQUITY,
    ),
}
