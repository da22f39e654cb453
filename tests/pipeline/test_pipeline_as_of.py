"""A version as of an earlier instant: what the pipeline would have published then, beside the current version, which stays."""

from contextlib import closing
from datetime import UTC, datetime

from simulator import simulate
from tests.pipeline.test_pipeline_faults import MARTS, current_file, prepare
from tests.support.pipeline_runs import Pipeline, table_digests
from warehouse.connection import published_path, read_pointer
from warehouse.versions import KeptVersions

SINCE = datetime(2024, 9, 1, tzinfo=UTC)
EARLIER = datetime(2025, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 5, 1, tzinfo=UTC)
# Equity is released once in time; what the source keeps no history of (a hire's present status, merged candidates) is as it is now.
COUNTED = ("marts.mart_funnel_cohorts", "marts.mart_stage_activity", "marts.fct_openings", "marts.mart_time_to_fill")


def test_a_build_as_of_then_counts_what_a_run_on_that_day_counted(new_source, tmp_path):
    urls = new_source("pipeline_as_of")
    home = prepare(tmp_path / "home", urls)
    with closing(Pipeline(home)) as pipeline:
        compare(urls, home, pipeline)


def compare(urls, home, pipeline):
    simulate(urls.owner, home, scale="tiny", since=SINCE, until=EARLIER)
    assert pipeline.run().failure == ""
    then = read_pointer(home)
    on_that_day = table_digests(current_file(home), MARTS)

    simulate(urls.owner, home, scale="tiny", since=SINCE, until=UNTIL)
    assert pipeline.run().failure == ""
    now, today = read_pointer(home), table_digests(current_file(home), MARTS)

    beside = pipeline.run(as_of=then.as_of.isoformat())
    assert beside.failure == ""
    assert read_pointer(home) == now
    version = beside.summary["publish_version"]
    assert {pointer.publish_version: pointer.as_of for pointer in KeptVersions(home).pointers()}[version] == then.as_of
    rebuilt = table_digests(published_path(home, version), MARTS)
    assert {name: rebuilt[name] for name in COUNTED} == {name: on_that_day[name] for name in COUNTED}
    assert rebuilt["marts.mart_funnel_cohorts"] != today["marts.mart_funnel_cohorts"]

    refused = pipeline.run(as_of="2100-01-01T00:00:00+00:00")
    assert "name an instant between" in refused.failure
    again = pipeline.run()
    assert (again.failure, again.summary["changed"], read_pointer(home)) == ("", False, now)
