"""The registry's versions as mlflow loads and serves them: the same figures as the prediction API's, for both models."""

import getpass
import importlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import psycopg
import pytest

from foundation import clock
from models_ml.bundle import Bundle, BundleRefused, load_bundle, write_bundle
from models_ml.bundle_files import ModelName
from models_ml.candidate_success import pipeline, train
from models_ml.candidate_success.config import CONFIG, HEADS
from models_ml.candidate_success.dataset import cut, prepare
from models_ml.feature_contract import CANDIDATE_SUCCESS, Encoder
from models_ml.pyfunc import OUTPUTS
from models_ml.registry import Registry
from models_ml.scores import score_rows
from nexus.cli import main
from nexus.databases import DatabaseUrls
from tests.integration.test_serving_predictions import app_over, post
from tests.support.feature_frames import AS_OF, candidate_frames
from tests.support.http_server import served
from tests.support.serving_home import DATA, ServingHome, make_serving_home

Answers = list[dict[str, float | None]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> ServingHome:
    return make_serving_home(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="module")
def prior(home: ServingHome) -> str:
    """Bundle id of the candidate-success fallback."""
    rows = prepare(candidate_frames(1500))
    cases = {head: cut(rows, head, None, AS_OF, AS_OF) for head in HEADS}
    encoder = CANDIDATE_SUCCESS.fit(cases["hired"].frame)
    draft = pipeline.draft("prior_rate", encoder, {head: pipeline.fit_prior(cases[head], head, CONFIG) for head in HEADS}, DATA)
    return write_bundle(home.root / "bundles", train._with_golden(draft, cases["hired"]), clock.now()).name


@pytest.fixture
def tracking(home: ServingHome) -> Iterator[None]:
    with warnings.catch_warnings():  # mlflow.pyfunc finds fault with type hints of its own
        warnings.simplefilter("ignore", UserWarning)
        importlib.import_module("mlflow.pyfunc")
        importlib.import_module("mlflow.pyfunc.scoring_server")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{home.root / 'mlflow' / 'registry.db'}")
    yield
    mlflow.set_tracking_uri(before)


def make_champion(home: ServingHome, model: ModelName, bundle_id: str) -> Bundle:
    registry, folder = Registry(home.root), home.root / "bundles" / bundle_id
    registry.promote(model, registry.register(model, folder, score_rows(model, "made", {}), "card"))
    return load_bundle(folder)


def test_a_person_changes_the_champion_for_a_reason_which_the_audit_log_keeps_first(
    home: ServingHome, migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for bundle_id in (home.fallback, home.hazard):
        make_champion(home, "time_to_hire", bundle_id)
    first, second = (Registry(home.root).versions("time_to_hire"))[:2]
    monkeypatch.setenv("NEXUS_HOME", str(home.root))
    for role in ("owner", "hiring"):
        monkeypatch.setenv(f"NEXUS_DATABASE_{role.upper()}_URL", getattr(migrated_database, role))

    def nexus(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["nexus", "models", *arguments])
        with pytest.raises(SystemExit) as ending:
            main()
        return int(ending.value.code or 0)

    assert nexus("rollback", "time_to_hire", "--reason", " ") == 1
    assert "--reason" in capsys.readouterr().err
    assert nexus("rollback", "time_to_hire", "--reason", "Scores drifted") == 0
    assert Registry(home.root).champion("time_to_hire") == first
    assert nexus("promote", "time_to_hire", second.version, "--reason", "It was the outage") == 0
    assert Registry(home.root).champion("time_to_hire") == second
    assert nexus("promote", "time_to_hire", "99", "--reason", "x") == 1
    with psycopg.connect(migrated_database.owner) as connection:
        rows = connection.execute("select actor, action, object_id, reason from audit.events order by seq").fetchall()
    who = f"operator:{getpass.getuser()}"
    assert rows == [
        (who, "model.rollback", f"time_to_hire:{first.version}", "Scores drifted"),
        (who, "model.promote", f"time_to_hire:{second.version}", "It was the outage"),
    ]
    monkeypatch.setenv("NEXUS_DATABASE_HIRING_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    assert nexus("rollback", "time_to_hire", "--reason", "Scores drifted") == 1
    assert "could not be logged" in " ".join(capsys.readouterr().err.split())
    assert Registry(home.root).champion("time_to_hire") == second


def golden_frame(bundle: Bundle) -> pd.DataFrame:
    """The golden rows as a client of mlflow sends them: booleans as numbers, nulls as they are."""
    numbers = {feature.name: "float64" for feature in bundle.manifest.features if feature.kind != "category"}
    frame = pd.DataFrame([row["features"] for row in bundle.golden], columns=bundle.encoder.names)
    return frame.astype(numbers)


def of_the_api(home: ServingHome, bundle: Bundle) -> Answers:
    """Publish the bundle and ask the prediction API for every golden row."""
    model = bundle.manifest.model
    if model == "time_to_hire":
        home.publish(bundle.manifest.bundle_id)
    else:
        replace(home, success=bundle.manifest.bundle_id).publish(home.hazard)
    answers: Answers = []
    with served(app_over(home.root)) as client:
        for row in bundle.golden:
            reply = post(client, model.replace("_", "-"), {"features": row["features"]})
            assert reply.status_code == 200, reply.text
            answers.append(flat(reply.json()["predictions"][0]))
    return answers


def flat(answer: dict[str, Any]) -> dict[str, float | None]:
    if answer["metric"] == "T5":
        return answer
    parts = {"": "value", "_lower": "lower", "_upper": "upper"}
    return {f"{name}{part}": answer[name][key] for name in ("p_hired", "p_success_given_hired") for part, key in parts.items()}


def same_figures(loaded: Answers, api: Answers, model: ModelName) -> int:
    names = [name for name in OUTPUTS[model] if name != "p_cancelled"]  # the API does not give it
    assert [{name: row[name] for name in names} for row in loaded] == [{name: row[name] for name in names} for row in api]
    return len(loaded)


@pytest.mark.parametrize("kind", ["hazard", "fallback", "success", "prior"])
def test_loaded_champion_gives_the_apis_figures_for_the_golden_rows(home: ServingHome, prior: str, tracking: None, kind: str) -> None:
    bundle_id = prior if kind == "prior" else getattr(home, kind)
    model: ModelName = "time_to_hire" if kind in ("hazard", "fallback") else "candidate_success"
    bundle = make_champion(home, model, bundle_id)
    assert bundle.manifest.is_fallback == (kind in ("fallback", "prior"))
    loaded = mlflow.pyfunc.load_model(f"models:/{model}@champion")
    assert loaded.metadata.metadata["bundle_id"] == bundle_id
    assert [column.name for column in loaded.metadata.signature.inputs] == bundle.encoder.names
    answers = loaded.predict(golden_frame(bundle))
    assert list(answers.columns) == list(OUTPUTS[model])
    assert same_figures(answers.to_dict("records"), of_the_api(home, bundle), model) == len(bundle.golden) > 5


def test_mlflows_server_takes_unknown_values_as_unknown(home: ServingHome, tracking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.pyfunc.scoring_server import init

    bundle = make_champion(home, "time_to_hire", home.hazard)
    encoded: list[np.ndarray] = []  # these models answer alike for "not known" and "no", so look at what reaches them
    matrix = Encoder.matrix

    def watched(encoder: Encoder, frame: pl.DataFrame) -> np.ndarray:
        encoded.append(matrix(encoder, frame))
        return encoded[-1]

    columns = bundle.encoder.names
    data = [[row["features"][name] for name in columns] for row in bundle.golden]  # true, false and null as JSON has them
    with served(init(mlflow.pyfunc.load_model("models:/time_to_hire@champion"))) as client:
        monkeypatch.setattr(Encoder, "matrix", watched)
        reply = client.post("/invocations", json={"dataframe_split": {"columns": columns, "data": data}})
        missing = client.post("/invocations", json={"dataframe_split": {"columns": columns[1:], "data": [data[0][1:]]}})
    monkeypatch.undo()
    assert reply.status_code == 200, reply.text
    assert np.array_equal(encoded[0], [bundle.encoder.vector(row["features"]) for row in bundle.golden], equal_nan=True)
    assert np.isnan(encoded[0][-1, bundle.encoder.position["is_on_hold"]])
    same_figures(reply.json()["predictions"], of_the_api(home, bundle), "time_to_hire")
    assert missing.status_code == 400
    assert columns[0] in missing.text


def test_run_without_a_model_file_becomes_loadable_when_registered_again(home: ServingHome, tracking: None) -> None:
    make_champion(home, "time_to_hire", home.hazard)
    for file in (home.root / "mlflow" / "artifacts").rglob("MLmodel"):
        file.unlink()
    version = Registry(home.root).register("time_to_hire", home.root / "bundles" / home.hazard, pl.DataFrame(), "card")
    assert mlflow.pyfunc.load_model(f"models:/time_to_hire/{version}").metadata.metadata["bundle_id"] == home.hazard


def test_an_altered_champion_is_refused_by_mlflow_too(home: ServingHome, tracking: None) -> None:
    make_champion(home, "time_to_hire", home.fallback)
    folders = [path.parent for path in (home.root / "mlflow" / "artifacts").rglob("manifest.json") if home.fallback in path.read_text()]
    assert len(folders) == 1
    tables: Path = folders[0] / "tables.json"
    whole = tables.read_text()
    tables.write_text(whole.replace("0.1", "0.2", 1))
    with pytest.raises(BundleRefused, match=r"tables\.json was altered"):
        mlflow.pyfunc.load_model("models:/time_to_hire@champion")
    tables.write_text(whole)
