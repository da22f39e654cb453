"""Training and batch prediction: each model is trained, judged and registered; its scores and forecasts go into the build file."""

from collections.abc import Mapping
from typing import get_args

import dagster as dg
import polars as pl

from ingestion.prediction_log import load_prediction_log
from models_ml.batch import predict_open_applications, predict_open_openings
from models_ml.bundle import load_bundle
from models_ml.bundle_files import ModelName
from models_ml.cards import card_row
from models_ml.drift import input_drift
from models_ml.live import judged_predictions, live_scores
from models_ml.registry import Registry
from models_ml.scores import with_oracle
from models_ml.training import JOBS_AT_MOST, required_tables, train
from orchestration.audit_log import PIPELINE, record
from orchestration.resources import WRITER, home, source_world, warehouse
from orchestration.steps import Steps
from warehouse.connection import Connection, scalar

_OPEN_OPENINGS = """
select f.*, cast(o.term_start_date - cast(f.as_of at time zone s.timezone as date) as double) as days_to_term_start
from features.features_time_to_hire as f
left join marts.fct_openings as o on o.opening_id = f.opening_id
left join marts.dim_organisations as s on s.organisation_id = f.tenant_id
where f.landmark = 'current'
order by f.opening_id"""
_OPEN_APPLICATIONS = "from features.features_candidate_success where landmark = 'current' order by application_id"


def _train(context: dg.AssetExecutionContext, steps: Steps, model: ModelName) -> dg.MaterializeResult[None]:
    root = home()
    with steps.step(f"train {model.replace('_', ' ')}"):
        with warehouse().build(read_only=True) as connection:
            frames = _frames(connection, model)
            as_of = scalar(connection, "select as_of from raw._build")
        result = train(model, frames, root, as_of, world=source_world(root), report=context.log.info, promoting=_log_promotion)
        drift = input_drift(model, frames[required_tables(model)[0]], as_of, source_world(root))
        with warehouse().build() as connection:
            replace_rows(connection, "model_scores", with_oracle(root, result.scores), {"model": model, "kind": "backtest"})
            replace_rows(connection, "model_calibration", result.calibration, {"model": model, "kind": "backtest"})
            replace_rows(connection, "input_drift", drift, {"model": model})
            replace_rows(connection, "model_cards", card_row(model, result), {"model": model})
            if model == "time_to_hire":
                replace_rows(connection, "backtest_openings", result.openings, {})
            forecast(connection, model)
    return dg.MaterializeResult(
        metadata={
            "bundle": result.bundle_id,
            "champion": result.champion_bundle_id,
            "accepted": result.accepted,
            "verdict": "\n".join(result.verdict),
        }
    )


def _log_promotion(model: str, version: str, bundle_id: str) -> None:
    """Log that the gate makes a version the champion, before it is."""
    record("model.promote", "model", f"{model}:{version}", after={"bundle_id": bundle_id, "model": model}, actor=PIPELINE)


def _frames(connection: Connection, model: ModelName) -> dict[str, pl.DataFrame]:
    """Read the tables a training takes; of more jobs than it needs, whole jobs drawn by a hash of their id, the same ones each time."""
    features, *others = required_tables(model)
    jobs = scalar(connection, f"select count(distinct job_id) from {features}")
    drawn = f"where md5(job_id) < '{int(16**8 * JOBS_AT_MOST / jobs):08x}'" if jobs > JOBS_AT_MOST else ""
    return {table: connection.sql(f"from {table} {drawn if table == features else ''}").pl() for table in (features, *others)}


def replace_rows(connection: Connection, table: str, rows: pl.DataFrame, which: Mapping[str, str]) -> None:
    """Put rows into a table of predictions in place of those that ``which`` (column to value) names; {} names all."""
    name, where = f"predictions.{table}", " and ".join(["true", *(f"{column} = ?" for column in which)])
    connection.register("arrived", rows)
    connection.execute(f"create table if not exists {name} as from arrived limit 0")
    connection.begin()
    connection.execute(f"delete from {name} where {where}", list(which.values()))
    connection.execute(f"insert into {name} by name from arrived")
    connection.commit()
    connection.unregister("arrived")


def forecast(connection: Connection, model: ModelName) -> None:
    """Write the champion's forecasts as of the build: ``predictions.open_openings`` or ``predictions.open_applications``."""
    bundle = load_bundle(home() / "bundles" / champions((model,))[model])
    if model == "time_to_hire":
        predicted, table = predict_open_openings(bundle, connection.sql(_OPEN_OPENINGS).pl()), "predictions.open_openings"
    else:
        predicted, table = predict_open_applications(bundle, connection.sql(_OPEN_APPLICATIONS).pl()), "predictions.open_applications"
    connection.register("predicted", predicted)
    connection.execute(f"create or replace table {table} as from predicted")
    connection.unregister("predicted")


def champions(models: tuple[ModelName, ...] = get_args(ModelName)) -> dict[str, str]:
    """Return the bundle id of the champion of each of ``models``.

    Raises:
        LookupError: a model has not been trained yet.
    """
    registry = Registry(home())
    found = {model: registry.champion(model) for model in models}
    if missing := [model for model, champion in found.items() if champion is None]:
        raise LookupError(f"no champion yet for {', '.join(missing)}: train first")
    return {model: champion.bundle_id for model, champion in found.items() if champion}


@dg.asset(
    key=["training", "time_to_hire"],
    group_name="training",
    deps=[table.split(".") for table in (*required_tables("time_to_hire"), "marts.fct_openings", "marts.dim_organisations")],
    kinds={"lightgbm", "mlflow"},
    pool=WRITER,
)
def time_to_hire(context: dg.AssetExecutionContext, steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Train the hazard model, judge it on rolling origins, and forecast every open opening with the champion."""
    return _train(context, steps, "time_to_hire")


@dg.asset(
    key=["training", "candidate_success"],
    group_name="training",
    deps=[table.split(".") for table in required_tables("candidate_success")],
    kinds={"lightgbm", "mlflow"},
    pool=WRITER,
)
def candidate_success(context: dg.AssetExecutionContext, steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Train both stages of candidate success, calibrate and judge them on rolling origins."""
    return _train(context, steps, "candidate_success")


@dg.asset(key=["predictions", "logged_predictions"], group_name="predictions", kinds={"duckdb"}, pool=WRITER)
def logged_predictions(steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Ship the prediction API's log into the warehouse, each prediction once."""
    with steps.step("prediction log"), warehouse().build() as connection:
        loaded = load_prediction_log(home() / "prediction_log", connection)
    return dg.MaterializeResult(metadata={"loaded": loaded})


@dg.asset(
    key=["predictions", "live_scores"],
    group_name="predictions",
    deps=[
        ["predictions", "logged_predictions"],
        ["training", "time_to_hire"],
        *[table.split(".") for table in required_tables("time_to_hire")],
    ],
    kinds={"duckdb"},
    pool=WRITER,
)
def score_live(steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Judge logged predictions of time to hire by what has happened since: the figures of kind ``live``."""
    root = home()
    with steps.step("live scores"), warehouse().build() as connection:
        frames = {table: connection.sql(f"from {table}").pl() for table in required_tables("time_to_hire")}
        logged = connection.sql("from predictions.logged_predictions where model = 'time_to_hire'").pl()
        as_of = scalar(connection, "select as_of from raw._build")
        judged = judged_predictions(logged, frames, as_of, root / "bundles")
        replace_rows(connection, "model_scores", live_scores(judged, source_world(root)), {"model": "time_to_hire", "kind": "live"})
    return dg.MaterializeResult(metadata={"judged": judged.height})
