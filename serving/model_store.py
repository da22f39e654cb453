"""What a request reads: one immutable set of published file, bundles and features. A new set replaces it in one assignment.

A watcher thread polls ``CURRENT``; a new version is opened, its bundles are verified against their golden rows and warmed, and only
then swapped in. A set that can't be loaded is reported and the old one goes on answering.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from metrics.catalogue import Catalogue
from metrics.opening import outdated
from models_ml.bundle import Bundle, CandidateSuccessBundle, TimeToHireBundle, load_bundle
from serving.errors import NotReady
from serving.feature_store import FeatureStore, agency_applications
from warehouse.connection import Pointer, Published, PublishedFile, read_pointer
from warehouse.versions import KeptVersions

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Serving:
    """Everything one request may read; taken once at its start, so that nothing is mixed.

    ``outdated`` says what the version lacks for metrics, empty when nothing; predictions need none of it.
    """

    pointer: Pointer
    published: PublishedFile
    time_to_hire: TimeToHireBundle
    candidate_success: CandidateSuccessBundle
    openings: FeatureStore
    applications: FeatureStore
    agencies: dict[str, str]
    outdated: str


class ModelStore:
    """Holds the current :class:`Serving` and keeps it current.

    Args:
        root: NEXUS_HOME.
        catalogue: metric catalogue, loaded once.
    """

    def __init__(self, root: Path, catalogue: Catalogue, poll_seconds: float = POLL_SECONDS) -> None:
        self.catalogue = catalogue
        self.kept = KeptVersions(root)
        self._root = root
        self._poll_seconds = poll_seconds
        self._serving: Serving | None = None
        self._refused: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model-store", daemon=True)
        self._log = structlog.get_logger(component="model_store")

    def current(self) -> Serving:
        """Return the set to answer from.

        Raises:
            NotReady: nothing has been published, or it could not be loaded yet.
        """
        if self._serving is None:
            raise NotReady("the pipeline has not published yet: run `nexus run`, then try again")
        return self._serving

    def start(self) -> None:
        """Load what is published and begin to watch for newer versions."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def refresh(self) -> bool:
        """Take up a newer published version if there is one; say whether a new set was swapped in."""
        pointer = read_pointer(self._root)
        known = self._serving
        if pointer is None or (known is not None and known.pointer == pointer) or pointer.publish_version == self._refused:
            return False
        try:
            fresh = self._load(known)
        except Exception as error:  # whatever is wrong with a new version, the old one must go on answering
            self._refused = pointer.publish_version
            self._log.error("version_refused", publish_version=pointer.publish_version, error=type(error).__name__, detail=str(error)[:300])
            return False
        self._serving = fresh
        self._log.info("version_served", publish_version=fresh.pointer.publish_version, bundles=fresh.pointer.bundles)
        return True

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            self.refresh()

    def _bundle(self, bundle_id: str, known: Bundle | None) -> Bundle:
        if known is not None and known.manifest.bundle_id == bundle_id:
            return known
        return load_bundle(self._root / "bundles" / bundle_id)

    def _load(self, known: Serving | None) -> Serving:
        published = Published.open(self._root)
        bundles = published.pointer.bundles
        hire = self._bundle(bundles["time_to_hire"], known.time_to_hire if known else None)
        success = self._bundle(bundles["candidate_success"], known.candidate_success if known else None)
        assert isinstance(hire, TimeToHireBundle)
        assert isinstance(success, CandidateSuccessBundle)
        fresh = Serving(
            pointer=published.pointer,
            published=published,
            time_to_hire=hire,
            candidate_success=success,
            openings=FeatureStore(published, hire, "features.features_time_to_hire", "opening_id"),
            applications=FeatureStore(published, success, "features.features_candidate_success", "application_id"),
            agencies=agency_applications(published),
            outdated=outdated(published, self.catalogue),
        )
        for row in (fresh.openings.first(), fresh.openings.first()):
            if row is not None:
                hire.predict_distribution(row.vector)
        if (candidate := fresh.applications.first()) is not None:
            success.predict(candidate.vector)
        return fresh
