"""The bundle's files: an immutable directory, written whole or not at all, refused when a byte differs.

What belongs here: manifest, writing, reading, digests. What doesn't: what the numbers mean (``time_to_hire.prediction``,
``candidate_success.prediction``).

A bundle directory holds ``manifest.json``, ``tables.json`` (bins, calibration, intervals, survival tables), one LightGBM text
file a booster (``<name>.txt``) and ``golden.json`` (rows with the answers they must give).
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from models_ml.feature_contract import Feature

ModelName = Literal["time_to_hire", "candidate_success"]


class BundleRefused(RuntimeError):
    """A bundle is missing, incomplete, altered, or does not give its golden answers. The message says which."""


class Manifest(BaseModel):
    """What a bundle is and where it comes from."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    bundle_id: str
    model: ModelName
    metric: Literal["T5", "S"]
    kind: Literal["hazard", "kaplan_meier", "two_stage", "prior_rate"]
    is_fallback: bool
    model_version: str
    features: tuple[Feature, ...]
    feature_contract_digest: str
    data_digest: str
    as_of: datetime
    trained_at: datetime
    world: str
    files: dict[str, str]


@dataclass(frozen=True)
class BundleDraft:
    """Everything of a bundle but its identity, which follows from the content.

    ``tables`` is JSON-ready; ``boosters`` maps a name to LightGBM text; ``golden`` rows are ``{"features", "expected"}``.
    """

    model: ModelName
    kind: Literal["hazard", "kaplan_meier", "two_stage", "prior_rate"]
    features: Sequence[Feature]
    feature_contract_digest: str
    data_digest: str
    as_of: datetime
    world: str
    tables: Mapping[str, Any]
    boosters: Mapping[str, str]
    golden: Sequence[Mapping[str, Any]] = ()

    @property
    def is_fallback(self) -> bool:
        """True for the kinds that learn no feature effects."""
        return self.kind in ("kaplan_meier", "prior_rate")


@dataclass(frozen=True)
class BundleContent:
    """A bundle's files as read."""

    folder: Path
    manifest: Manifest
    tables: dict[str, Any]
    boosters: dict[str, str]
    golden: list[dict[str, Any]]


def _dump(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, allow_nan=False).encode()


def _name(draft: BundleDraft, trained_at: datetime) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest that follows from the content, and the files it lists."""
    files = {f"{name}.txt": text.encode() for name, text in draft.boosters.items()}
    files |= {"tables.json": _dump(draft.tables), "golden.json": _dump(list(draft.golden))}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())}
    identity = [draft.model, draft.kind, draft.feature_contract_digest, draft.data_digest, draft.as_of.isoformat(), draft.world, digests]
    digest = hashlib.sha256(_dump(identity)).hexdigest()[:12]
    manifest = Manifest(
        bundle_id=f"{draft.model}-{digest}",
        model=draft.model,
        metric="T5" if draft.model == "time_to_hire" else "S",
        kind=draft.kind,
        is_fallback=draft.is_fallback,
        model_version=f"{draft.as_of:%Y.%m.%d}+{digest[:8]}",
        features=tuple(draft.features),
        feature_contract_digest=draft.feature_contract_digest,
        data_digest=draft.data_digest,
        as_of=draft.as_of,
        trained_at=trained_at,
        world=draft.world,
        files=digests,
    )
    return manifest, files


def unwritten_content(draft: BundleDraft) -> BundleContent:
    """Return the content a draft would have on disk: training judges the very code and numbers that will serve."""
    manifest, _ = _name(draft, draft.as_of)
    return BundleContent(Path(), manifest, json.loads(_dump(draft.tables)), dict(draft.boosters), json.loads(_dump(list(draft.golden))))


def write_bundle(root: Path, draft: BundleDraft, trained_at: datetime) -> Path:
    """Write the bundle below ``root`` and return its folder, ``root/<bundle_id>``.

    The id is the model and a digest of the content, so the same training on the same data writes nothing new. Files are
    flushed to disk before the folder gets its name: a reader sees a whole bundle or none.
    """
    manifest, files = _name(draft, trained_at)
    folder = root / manifest.bundle_id
    if folder.exists():
        return folder
    draft_folder = root / f".{manifest.bundle_id}.{uuid.uuid4().hex}"
    draft_folder.mkdir(parents=True)
    try:
        for name, body in (files | {"manifest.json": manifest.model_dump_json(indent=1).encode()}).items():
            with (draft_folder / name).open("wb") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
        draft_folder.rename(folder)
    except BaseException:
        shutil.rmtree(draft_folder, ignore_errors=True)
        if not folder.exists():
            raise
    handle = os.open(root, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return folder


def read_bundle(folder: Path) -> BundleContent:
    """Read and check a bundle's files.

    Raises:
        BundleRefused: a file is missing or differs from the digest in the manifest.
    """
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        bodies = {name: (folder / name).read_bytes() for name in manifest.files}
    except OSError as error:
        raise BundleRefused(f"bundle {folder.name} is not complete: {error.filename} is missing; run the training again") from error
    except ValidationError as error:
        raise BundleRefused(f"bundle {folder.name}: manifest.json is not valid: {error.errors()[0]['loc']}") from error
    for name, digest in manifest.files.items():
        if hashlib.sha256(bodies[name]).hexdigest() != digest:
            raise BundleRefused(f"bundle {folder.name}: {name} was altered after it was written; roll back to another bundle")
    boosters = {name.removesuffix(".txt"): body.decode() for name, body in bodies.items() if name.endswith(".txt")}
    return BundleContent(folder, manifest, json.loads(bodies["tables.json"]), boosters, json.loads(bodies["golden.json"]))
