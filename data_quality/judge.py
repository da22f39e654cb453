"""Great Expectations judging one pandas frame after another, without telemetry, files or a project folder."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import pandas as pd

from data_quality.library import gx

_numbers = count()


@dataclass(frozen=True)
class Verdict:
    """What one expectation found in one frame."""

    rows: int
    failing: int
    examples: tuple[str, ...]
    observed: Any
    problem: str = ""


@cache
def _batch_definition() -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources.add_pandas("raw").add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")


def judge(frame: pd.DataFrame, expectations: Sequence[Any]) -> list[Verdict]:
    """Return a verdict for each expectation, in order."""
    suite = gx.ExpectationSuite(name=f"suite {next(_numbers)}")
    suite.expectations = [expectation.copy(update={"meta": {"number": number}}) for number, expectation in enumerate(expectations)]
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": frame})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # great_expectations against pandas 3: deprecations inside the library
        outcome = batch.validate(suite, result_format="BASIC")
    results = sorted(outcome.results, key=lambda result: result.expectation_config.meta["number"])
    return [_verdict(result, len(frame)) for result in results]


def _verdict(result: Any, rows: int) -> Verdict:
    content = result.result
    failing = content.get("unexpected_count")
    problem = "" if failing is not None or result.success else str((result.exception_info or {}).get("exception_message") or "no result")
    if failing is None:
        failing = 0 if result.success else 1
    examples = dict.fromkeys(str(value) for value in content.get("partial_unexpected_list", []))
    return Verdict(rows, int(failing), tuple(examples)[:3], content.get("observed_value"), problem)
