"""The model registry: MLflow runs, versions and aliases. The only importer of mlflow (seconds, so only when first used).

What belongs here: register, alias ``challenger`` and ``champion``, rollback. What doesn't: judging (gate), serving (bundles are
read from their directories; publishing rewrites ``CURRENT`` from the champion alias).
"""

import os
import platform
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from models_ml.bundle_files import Manifest, ModelName, read_bundle

CHAMPION, CHALLENGER = "champion", "challenger"


class NothingToRollBackTo(RuntimeError):
    """A model has had one champion only."""


@dataclass(frozen=True)
class RegisteredBundle:
    """A version of the registry and the bundle it stands for."""

    model: str
    version: str
    bundle_id: str
    kind: str
    is_fallback: bool
    as_of: datetime


class Registry:
    """Versions and aliases of the models below ``home``: SQLite and local artifacts in ``mlflow/``, bundles in ``bundles/``.

    Args:
        home: NEXUS_HOME.
        tracking_uri: any MLflow tracking URI; the embedded SQLite store when empty.
    """

    def __init__(self, home: Path, tracking_uri: str = "") -> None:
        """Remember where the store is; nothing is opened yet."""
        self.bundles = home / "bundles"
        self._folder = home / "mlflow"
        self._uri = tracking_uri or f"sqlite:///{self._folder.absolute() / 'registry.db'}"

    @cached_property
    def _client(self) -> Any:
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        os.environ["DO_NOT_TRACK"] = "true"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        with warnings.catch_warnings():  # mlflow maps its tables in ways that SQLAlchemy 2.1 deprecates
            warnings.simplefilter("ignore", DeprecationWarning)
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
            client.search_experiments(max_results=1)  # opens the store, which imports the mapping
        return client

    def champion(self, model: ModelName) -> RegisteredBundle | None:
        """Return the champion, or None before the first training."""
        return self._by_alias(model, CHAMPION)

    def challenger(self, model: ModelName) -> RegisteredBundle | None:
        """Return the newest registered bundle, champion or not."""
        return self._by_alias(model, CHALLENGER)

    def versions(self, model: ModelName) -> list[RegisteredBundle]:
        """Return every version, oldest first."""
        found = self._client.search_model_versions(f"name = '{model}'")
        return [_registered(item) for item in sorted(found, key=lambda item: int(item.version))]

    def _by_alias(self, model: str, alias: str) -> RegisteredBundle | None:
        from mlflow.exceptions import MlflowException

        client = self._client
        try:
            return _registered(client.get_model_version_by_alias(model, alias))
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def register(self, model: ModelName, folder: Path, scores: pl.DataFrame, card: str) -> str:
        """Log a run (figures, digests, card, the bundle as a loadable model) and return the version, aliased ``challenger``.

        The same bundle is registered once. ``mlflow models serve -m models:/<model>@champion`` serves it, where this product is installed.
        """
        manifest = read_bundle(folder).manifest
        for known in self.versions(model):
            if known.bundle_id == manifest.bundle_id:
                self._make_loadable(self._client.get_model_version(model, known.version).run_id, manifest)
                self._client.set_registered_model_alias(model, CHALLENGER, known.version)
                return known.version
        run = self._client.create_run(self._experiment(model), run_name=manifest.bundle_id)
        self._log(run.info.run_id, folder, scores, card)
        tags = {
            "bundle_id": manifest.bundle_id,
            "kind": manifest.kind,
            "is_fallback": str(manifest.is_fallback).lower(),
            "as_of": manifest.as_of.isoformat(),
        }
        self._ensure_model(model)
        source = f"{run.info.artifact_uri}/bundle"
        version = self._client.create_model_version(model, source, run.info.run_id, tags=tags, description=card[:5000])
        self._client.set_terminated(run.info.run_id)
        self._client.set_registered_model_alias(model, CHALLENGER, version.version)
        return str(version.version)

    def _experiment(self, model: str) -> str:
        known = self._client.get_experiment_by_name(model)
        if known:
            return str(known.experiment_id)
        return str(self._client.create_experiment(model, artifact_location=(self._folder / "artifacts" / model).absolute().as_uri()))

    def _ensure_model(self, model: str) -> None:
        if not self._client.search_registered_models(f"name = '{model}'"):
            self._client.create_registered_model(model)

    def _log(self, run_id: str, folder: Path, scores: pl.DataFrame, card: str) -> None:
        from mlflow.entities import Metric, Param, RunTag

        manifest = read_bundle(folder).manifest
        mine = scores.filter((pl.col("bundle_id") == manifest.bundle_id) & (pl.col("origin") == "all"))
        moment = int(manifest.trained_at.timestamp() * 1000)
        metrics = [
            Metric(f"{row['metric_id']}.{row['predictor']}.{row['landmark']}{part}", row[column], moment, 0)
            for row in mine.iter_rows(named=True)
            for column, part in (("value", ""), ("lower", ".lower"), ("upper", ".upper"))
            if row[column] is not None
        ]
        params = {
            "data_digest": manifest.data_digest,
            "feature_contract_digest": manifest.feature_contract_digest,
            "kind": manifest.kind,
            "as_of": manifest.as_of.isoformat(),
            "model_version": manifest.model_version,
        }
        tags = [RunTag("world", manifest.world), RunTag("bundle_id", manifest.bundle_id)]
        for start in range(0, len(metrics), 900):  # the store takes at most 1,000 a call
            self._client.log_batch(run_id, metrics=metrics[start : start + 900])
        self._client.log_batch(run_id, params=[Param(key, value) for key, value in params.items()], tags=tags)
        self._client.log_text(run_id, card, "MODEL_CARD.md")
        self._client.log_text(run_id, scores.write_json(), "scores.json")
        self._client.log_artifacts(run_id, str(folder), "bundle")
        self._make_loadable(run_id, manifest)

    def _make_loadable(self, run_id: str, manifest: Manifest) -> None:
        """Lay an ``MLmodel`` beside the logged bundle; a run of an earlier release may lack it."""
        if not any(item.path == "bundle/MLmodel" for item in self._client.list_artifacts(run_id, "bundle")):
            self._client.log_text(run_id, _model_file(manifest, run_id), "bundle/MLmodel")

    def promote(self, model: ModelName, version: str) -> None:
        """Make a version the champion; the order of champions is kept for rollback."""
        current = self.champion(model)
        if current and current.version == version:
            return
        order = [int(item.tags["champion_number"]) for item in self._numbered(model)]
        self._client.set_model_version_tag(model, version, "champion_number", str(max(order, default=0) + 1))
        self._client.set_registered_model_alias(model, CHAMPION, version)

    def earlier_champion(self, model: ModelName) -> RegisteredBundle:
        """Return the champion before the present one.

        Raises:
            NothingToRollBackTo: there was none.
        """
        current = self.champion(model)
        numbered = {str(item.version): int(item.tags["champion_number"]) for item in self._numbered(model)}
        now = numbered.get(current.version, 0) if current else 0
        earlier = {number: version for version, number in numbered.items() if number < now}
        if not earlier:
            raise NothingToRollBackTo(f"{model} has no earlier champion to roll back to")
        return _registered(self._client.get_model_version(model, earlier[max(earlier)]))

    def rollback(self, model: ModelName) -> RegisteredBundle:
        """Move the alias to the champion before the present one; publish afterwards, so that readers follow.

        Raises:
            NothingToRollBackTo: there was no champion before.
        """
        earlier = self.earlier_champion(model)
        self._client.set_registered_model_alias(model, CHAMPION, earlier.version)
        return earlier

    def _numbered(self, model: str) -> list[Any]:
        return [item for item in self._client.search_model_versions(f"name = '{model}'") if "champion_number" in item.tags]


def _registered(version: Any) -> RegisteredBundle:
    tags = version.tags
    return RegisteredBundle(
        model=version.name,
        version=str(version.version),
        bundle_id=tags["bundle_id"],
        kind=tags["kind"],
        is_fallback=tags["is_fallback"] == "true",
        as_of=datetime.fromisoformat(tags["as_of"]),
    )


def _model_file(manifest: Manifest, run_id: str) -> str:
    """Return the ``MLmodel`` file that makes a folder with a bundle a model of mlflow's ``python_function`` flavour.

    The flavour is written by hand: importing ``mlflow.pyfunc`` for it would cost every training seconds and a warning.
    """
    from mlflow.models import Model

    made_at = f"{manifest.trained_at:%Y-%m-%d %H:%M:%S.%f}"
    model = Model("bundle", run_id, made_at, signature=_signature(manifest), metadata={"bundle_id": manifest.bundle_id})
    model.add_flavor("python_function", loader_module="models_ml.pyfunc", python_version=platform.python_version())
    return str(model.to_yaml())


def _signature(manifest: Manifest) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    from models_ml.pyfunc import OUTPUTS

    # Booleans are declared as numbers: mlflow's server would read a null boolean, which means "not known", as false.
    kinds = {"number": DataType.double, "boolean": DataType.double, "category": DataType.string}
    return ModelSignature(
        inputs=Schema([ColSpec(kinds[feature.kind], feature.name) for feature in manifest.features]),
        outputs=Schema([ColSpec(DataType.double, name) for name in OUTPUTS[manifest.model]]),
    )
