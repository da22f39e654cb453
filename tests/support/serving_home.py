"""A home whose published version and bundles really fit together: small models trained on known hazards, published for real."""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from foundation import clock
from models_ml.bundle import BundleDraft, write_bundle
from models_ml.candidate_success import pipeline as success_pipeline
from models_ml.candidate_success import train as success_train
from models_ml.candidate_success.config import CONFIG as SUCCESS
from models_ml.candidate_success.dataset import cut as cut_success
from models_ml.candidate_success.dataset import prepare as prepare_success
from models_ml.feature_contract import CANDIDATE_SUCCESS
from models_ml.time_to_hire import train as hire_train
from models_ml.time_to_hire.config import CONFIG as HIRE
from models_ml.time_to_hire.dataset import cut as cut_hire
from models_ml.time_to_hire.dataset import prepare as prepare_hire
from models_ml.time_to_hire.pipeline import fit_hazard, fit_kaplan_meier
from tests.support.feature_frames import AS_OF, candidate_frames, hiring_time_frames
from tests.support.published_file import Made, publish_made
from warehouse.connection import Pointer, Warehouse
from warehouse.publishing import publish

PUBLISHED = frozenset({"features.features_time_to_hire", "features.features_candidate_success", "marts.fct_applications"})
DATA = {"data_digest": "made", "as_of": AS_OF, "world": "made"}


@dataclass(frozen=True)
class ServingHome:
    """A home with a published version, a trained hazard champion and its fallback."""

    root: Path
    hazard: str
    fallback: str
    success: str
    openings: pl.DataFrame
    applications: pl.DataFrame

    def publish(self, time_to_hire: str) -> Pointer:
        """Publish another version with the given time-to-hire bundle."""
        bundles = {"time_to_hire": time_to_hire, "candidate_success": self.success}
        return publish(self.root, as_of=AS_OF, bundles=bundles, required=PUBLISHED, world="made")


def make_serving_home(root: Path) -> ServingHome:
    """Train on a few hundred openings and applications and publish their features."""
    hires, candidates = hiring_time_frames(2500), candidate_frames(1500)
    cases = cut_hire(prepare_hire(hires), None, AS_OF, AS_OF)

    def write(draft: BundleDraft) -> str:
        return write_bundle(root / "bundles", draft, clock.now()).name

    hazard = write(hire_train._with_golden(fit_hazard(cases, HIRE, 7, DATA), cases))
    fallback = write(hire_train._with_golden(fit_kaplan_meier(cases, HIRE, 7, DATA), cases))
    rows = prepare_success(candidates)
    hired = cut_success(rows, "hired", None, AS_OF, AS_OF)
    encoder = CANDIDATE_SUCCESS.fit(hired.frame)
    heads = {
        "hired": success_pipeline.fit_head(hired, encoder, SUCCESS, 7),
        "success": success_pipeline.fit_prior(cut_success(rows, "success", None, AS_OF, AS_OF), "success", SUCCESS),
    }
    success = write(success_train._with_golden(success_pipeline.draft("two_stage", encoder, heads, DATA), hired))
    applied = candidates["features.features_candidate_success"].filter(pl.col("landmark") == "applied")
    features = {
        "features_time_to_hire": hires["features.features_time_to_hire"],
        "features_candidate_success": applied.head(300).with_columns(landmark=pl.lit("current")),
    }
    with Warehouse(root).build() as connection:
        for name, frame in features.items():
            connection.register("made", frame)
            connection.execute(f"create table features.{name} as from made")
            connection.unregister("made")
        connection.execute(
            """create table marts.fct_applications as select application_id, tenant_id, 'open' as outcome,
            case when hash(application_id) % 5 = 0 then 'agency-1' end as agency_id from features.features_candidate_success
            where landmark = 'current'"""
        )
        connection.execute("create table predictions.model_scores (model varchar)")
    current = [frame.filter(pl.col("landmark") == "current") for frame in features.values()]
    home = ServingHome(root, hazard, fallback, success, *current)
    pointer = publish(
        root,
        as_of=AS_OF,
        bundles={"time_to_hire": hazard, "candidate_success": success},
        required=PUBLISHED,
        world="made",
    )
    assert pointer.bundles["time_to_hire"] == hazard
    return home


def make_metrics_home(home: Path) -> Made:
    """Publish made-up marts into a home, beside bundles that load."""
    trained = make_serving_home(home)
    made = publish_made(home)
    with duckdb.connect(str(made.file)) as connection:
        for table, rows in (("features_time_to_hire", trained.openings), ("features_candidate_success", trained.applications)):
            connection.register("rows", rows)
            connection.execute(f"create table if not exists features.{table} as from rows")
            connection.unregister("rows")
    pointer = json.loads((home / "CURRENT").read_text())
    pointer["bundles"] = {"time_to_hire": trained.fallback, "candidate_success": trained.success}
    (home / "CURRENT").write_text(json.dumps(pointer))
    return made
