"""Who an import acts as, through which services, and what a school needs before its rows can come: stages, channels, reasons."""

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from foundation.access import Principal
from hiring.access import Access, Caller, Reach
from hiring.applications import repository as applications_repository
from hiring.applications.offers import OfferService
from hiring.applications.schemas import NewReason, NewStage
from hiring.applications.service import ApplicationService
from hiring.applications.stages import WorkflowService, stages_in_force
from hiring.audit.service import AuditService
from hiring.candidates.service import CandidateService
from hiring.identity import repository as identity_repository
from hiring.jobs.planning import PlanningService
from hiring.jobs.schemas import NewChannel
from hiring.jobs.service import JobService
from hiring.legacy.log_format import STAGES
from hiring.legacy.reading import HiringLog
from hiring.legacy.unit import Unit
from hiring.origin import Origin
from hiring.permissions import BACKDATE, Permission
from hiring.rows import Paging


class Services:
    """The core's services as an import uses them."""

    def __init__(self, sessions: sessionmaker[Session], candidate_key: str) -> None:
        """Wire them as the API does."""
        self.audit = AuditService(sessions, candidate_key)
        self.jobs = JobService()
        self.planning = PlanningService(self.jobs)
        self.candidates = CandidateService(candidate_key, applications_repository.Applicants())
        self.applications = ApplicationService()
        self.workflow = WorkflowService()
        self.offers = OfferService(self.applications)


@dataclass(frozen=True)
class Importer:
    """An import as the caller of services: it reaches one school and may back-date; its id is the actor of what it does."""

    services: Services
    tenant_id: UUID
    import_id: UUID

    @property
    def source_system(self) -> str:
        """Name of the earlier system in the core's provenance columns: ids are unique within a school."""
        return f"hiring_log:{self.tenant_id}"

    def access(self, session: Session) -> Access:
        """Return the access of one transaction."""
        now = clock.now()
        scopes = frozenset({*(permission.value for permission in Permission), BACKDATE})
        schools = frozenset({str(self.tenant_id)})
        principal = Principal(str(self.import_id), "service", "import", frozenset(), scopes, schools, None, now)
        caller = Caller(principal)
        log = self.services.audit.log_of(session, caller, Origin(None, str(self.import_id), "nexus migrate"))
        is_school = partial(identity_repository.is_school, session)
        return Access(caller, Permission.APPLICATIONS_WRITE, Reach(frozenset({self.tenant_id})), now, is_school, log)


@dataclass(frozen=True)
class Setting:
    """What rows refer to beside other rows: channels and reasons by word, and stage names the core maps otherwise than the log."""

    channels: dict[str, UUID]
    reasons: dict[str, UUID]
    unusable_stages: frozenset[tuple[str, str]]


def prepare(importer: Importer, unit: Unit, log: HiringLog, known: dict[str, dict[str, UUID]]) -> Setting:
    """Make what is missing of the school's stages, channels and reasons."""
    return Setting(_channels(importer, unit, log), _reasons(importer, unit, log, known["reasons"]), _stages(importer, unit, log))


def _channels(importer: Importer, unit: Unit, log: HiringLog) -> dict[str, UUID]:
    planning, found = importer.services.planning, {}
    for kind in sorted({row["channel_type"] for row in log.rows["applications"] if row["channel_type"]}):
        there = planning.channel_page(unit.session, unit.access, kind, Paging(None, 1))["items"]
        if there:
            found[kind] = there[0].id
            continue
        body = NewChannel(tenant_id=importer.tenant_id, name=f"Imported: {kind}", type=kind)
        found[kind] = planning.add_channel(unit.session, unit.access, body).id
        unit.made("channels", kind, found[kind])
    return found


def _reasons(importer: Importer, unit: Unit, log: HiringLog, known: dict[str, UUID]) -> dict[str, UUID]:
    found = dict(known)
    for side in sorted({row["terminal_side"] for row in log.rows["applications"] if row["terminal_side"]} - set(known)):
        body = NewReason(tenant_id=importer.tenant_id, name=f"Imported: {side}", side=side)
        found[side] = importer.services.workflow.add_reason(unit.session, unit.access, body).id
        unit.made("reasons", side, found[side])
    return found


def _stages(importer: Importer, unit: Unit, log: HiringLog) -> frozenset[tuple[str, str]]:
    """Add the log's stages that the school does not have; return those that contradict its own, or each other."""
    named: dict[str, set[str]] = defaultdict(set)
    for row in log.rows["stage_events"]:
        if row["canonical_stage"] in STAGES[:-1]:
            named[row["stage"]].add(row["canonical_stage"])
    defined = applications_repository.stages_of(unit.session, importer.tenant_id, importer.import_id, unit.access.now)
    in_force = {
        stage.name: stage.canonical for stage in stages_in_force(unit.session, importer.tenant_id, importer.import_id, unit.access.now)
    }
    wanted = {name: next(iter(mapped)) for name, mapped in named.items() if len(mapped) == 1}
    missing = {name: canonical for name, canonical in wanted.items() if name not in in_force}
    if missing and not defined:  # the first own stage replaces the canonical ones: those the log does not name stay
        missing |= {name: canonical for name, canonical in wanted.items() if name in in_force and in_force[name] == canonical}
        missing |= {name: name for name in STAGES if name not in set(missing.values()) | set(missing)}
    for name, canonical in sorted(missing.items(), key=lambda each: (STAGES.index(each[1]), each[0])):
        _add_stage(importer, unit, name, canonical)
    usable = in_force | missing
    return frozenset((name, canonical) for name, mapped in named.items() for canonical in mapped if usable.get(name) != canonical)


def _add_stage(importer: Importer, unit: Unit, name: str, canonical: Any) -> None:
    body = NewStage(organisation_id=importer.tenant_id, name=name, rank=10 * (STAGES.index(canonical) + 1), canonical_stage=canonical)
    unit.made("stages", name, importer.services.workflow.add_stage(unit.session, unit.access, body).id)
