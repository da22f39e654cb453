"""One application of a hiring log, replayed through the services: submission, moves, offers, hires, outcomes, in the order they happened.

Instants are the log's own. Where the core needs one the log does not have, the one of the step before stands in. What the core's
rules add by themselves (a first stage event, the move to the offer stage) is marked ``inferred_status``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID, uuid5

from hiring.applications.schemas import NewOutcome, NewTouch, OfferTerms
from hiring.applications.service import Submission
from hiring.applications.stages import require_reason
from hiring.applications.tables import applications, employment_outcomes, hires, offers, stage_events
from hiring.candidates.schemas import NewCandidate
from hiring.candidates.tables import candidates
from hiring.domain_events import EventType
from hiring.legacy.log_format import ENDINGS
from hiring.legacy.order import Parts, Step, steps_of
from hiring.legacy.reading import LogRow
from hiring.legacy.school import Importer, Setting
from hiring.legacy.unit import RuleRefused, Unit
from hiring.rows import AnyRow, new_id, stamp

_IMPLIED = {"provenance": "inferred_status"}
# status of an offer in the log: the steps that lead there, each with the column of its instant
_OFFER_STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    "draft": (),
    "pending_approval": (("submit", "created_at"),),
    "approved": (("approve", "approved_at"),),
    "sent": (("approve", "approved_at"), ("send", "sent_at")),
    "accepted": (("approve", "approved_at"), ("send", "sent_at"), ("accept", "resolved_at")),
    "declined": (("approve", "approved_at"), ("send", "sent_at"), ("decline", "resolved_at")),
    "expired": (("approve", "approved_at"), ("send", "sent_at"), ("expire", "resolved_at")),
}
_REOPENS = frozenset({"rejected", "withdrawn", "offer_declined"})
_NUMBERS = frozenset({"performance_value", "manager_satisfaction"})


@dataclass(frozen=True)
class Replay:
    """Replays applications in given transactions.

    Attributes:
        importer: who acts.
        setting: channels, reasons and stages.
        ids: core ids of what was loaded before, by table and id in the log.
        openings: the log's openings by id.
    """

    importer: Importer
    setting: Setting
    ids: Mapping[str, Mapping[str, UUID]]
    openings: Mapping[str, LogRow]

    def application(self, row: LogRow, parts: Parts, done: frozenset[tuple[str, str]], unit: Unit) -> None:
        """Replay what is not done of one application; rows the rules refuse are set aside, the others go on."""
        steps = [step for step in steps_of(parts) if (step.row.table, step.row.source_id) not in done]
        if ("applications", row.source_id) not in done:
            first = next((step for step in steps if step.rank == 1), None)
            given = first if first and first.row["canonical_stage"] == "applied" and first.row["event_at"] >= row["applied_at"] else None
            rest = [each for step in steps for each in (step.row, step.event) if each]
            with unit.attempt(row, *rest):
                self._submit(unit, row, given.row if given else None)
            if ("applications", row.source_id) not in unit.made_rows:
                return
            steps = [step for step in steps if step is not given]
        for step in steps:
            with unit.attempt(step.row, *([step.event] if step.event else [])):
                self._take(unit, row, parts, step)
        self._end_as_told(unit, row, parts)

    def _take(self, unit: Unit, row: LogRow, parts: Parts, step: Step) -> None:
        match step.row.table:
            case "stage_events":
                self._event(unit, row, step.row, is_last=step.row is max(parts.stage_events, key=lambda each: each["event_at"]))
            case "offers":
                self._offer(unit, row, step.row)
            case "hires":
                self._hire(unit, row, step.row, step.event)
            case _:
                self._outcome(unit, step.row)

    def _submit(self, unit: Unit, row: LogRow, event: LogRow | None) -> None:
        services, session = self.importer.services, unit.session
        if row["job_id"] is None:
            raise RuleRefused("job_missing", "job_id: the core has no application without a job")
        job_id = self._core(unit, "jobs", row["job_id"])
        person_id = self._person(unit, row)
        application_id = new_id()
        if event:
            self._check_stage(event)
        own_stage = {"current_stage": event["stage"]} if event else {}
        attempt = {"attempt_number": row["attempt_number"]} if row["attempt_number"] else {}
        stamp(session, applications, id=application_id, **self._source(row), **own_stage, **attempt)
        self._stamp_event(unit, event, to_stage=event["stage"] if event else None)
        is_new = ("candidates", row["candidate_id"]) in unit.made_rows  # nobody else has seen them, so nothing was merged into them
        same_person = frozenset({person_id}) if is_new else services.candidates.same_person(session, person_id)
        new = Submission(
            self.importer.tenant_id, job_id, person_id, same_person, row["origin"] or "import", bool(row["is_internal"]), row["applied_at"]
        )
        channel = self.setting.channels.get(row["channel_type"] or "")
        touches = [NewTouch(channel_id=channel, touched_at=row["applied_at"])] if channel else []
        unit.locked[application_id] = services.applications.submit(session, unit.access, new, touches, None)
        unit.made("applications", row.source_id, application_id)

    def _person(self, unit: Unit, row: LogRow) -> UUID:
        """Return the applicant: a log holds no names, so the core gets a pseudonym made of the id."""
        source_id = row["candidate_id"]
        if known := self._known(unit, "candidates", source_id):
            return known
        if "@" in source_id:
            raise RuleRefused("personal_id", "candidate_id: looks like an address; ids are kept in the open, so replace it by a number")
        person_id = new_id()
        stamp(unit.session, candidates, id=person_id, source_system=self.importer.source_system, source_id=source_id)
        body = NewCandidate(given_name="Imported", family_name=f"candidate {source_id}")
        self.importer.services.candidates.register(unit.session, unit.access, body)
        unit.made("candidates", source_id, person_id)
        return person_id

    def _event(self, unit: Unit, row: LogRow, event: LogRow, *, is_last: bool) -> None:
        services, session, access, at = self.importer.services, unit.session, unit.access, event["event_at"]
        stage = event["canonical_stage"]
        if stage == "hired":
            raise RuleRefused("hire_missing", "canonical_stage: hired, and the log has no hire for it")
        current = self._locked(unit, row)
        if stage in ENDINGS:
            services.applications.require_active(current)
            reason_id = self.setting.reasons.get(row["terminal_side"] or "") if is_last else None
            require_reason(session, current.tenant_id, reason_id, stage)
            self._stamp_event(unit, event)
            unit.locked[current.id] = services.applications.end_locked(session, access, current, stage, at, reason_id)
            return
        self._check_stage(event)
        if current.status in _REOPENS:
            same = current.current_stage == event["stage"]
            self._stamp_event(unit, event if same else None)
            person = services.candidates.same_person(session, current.candidate_id)
            current = unit.locked[current.id] = services.applications.reopen(session, access, current.id, person, at)
            if same:
                return
        services.applications.require_active(current)
        self._stamp_event(unit, event)
        unit.locked[current.id] = services.applications.move_locked(session, access, current, event["stage"], at)

    def _offer(self, unit: Unit, row: LogRow, offer: LogRow) -> None:
        services, session, access = self.importer.services, unit.session, unit.access
        job = services.jobs.lock(session, access, self._core(unit, "jobs", row["job_id"]))
        opening_id = self._opening(unit, row, offer) or services.jobs.free_opening(session, job, None).id
        application = services.applications.require_active(self._locked(unit, row))
        del unit.locked[application.id]  # the offer may move it
        chain = {"chain_id": uuid5(self.importer.tenant_id, f"chain {offer['chain_id']}")} if offer["chain_id"] else {}
        version = {"version": offer["version"]} if offer["version"] else {}
        made_id = new_id()
        stamp(session, offers, id=made_id, **self._source(offer), **chain, **version)
        self._stamp_event(unit, None)
        terms = OfferTerms(start_date=offer["start_date"], fte=float(offer["fte"] or 1))
        made = services.offers.draft(session, access, application, opening_id, terms, offer["created_at"])
        at = offer["created_at"]
        for name, column in _offer_steps(offer):
            at = offer[column] or at
            made = services.offers.take_step(session, access, application, made, name, at)
        if offer["status"] in {"withdrawn", "rescinded", "superseded"}:
            services.applications.end_offers(session, access, offers.c.id == made_id, offer["status"], offer["resolved_at"] or at)
        unit.made("offers", offer.source_id, made_id)

    def _hire(self, unit: Unit, row: LogRow, hire: LogRow, event: LogRow | None) -> None:
        services, session, access = self.importer.services, unit.session, unit.access
        application_id = self._core(unit, "applications", row.source_id)
        if hire["offer_id"] is None:
            raise RuleRefused("offer_missing", "offer_id: the core has no hire without an accepted offer")
        job = services.jobs.lock(session, access, self._core(unit, "jobs", row["job_id"]))
        offer = services.offers.offer(session, access, self._core(unit, "offers", hire["offer_id"]))
        if offer.status != "accepted" or offer.application_id != application_id:
            raise RuleRefused("offer_not_accepted", "offer_id: names no accepted offer of this application")
        opening = services.jobs.free_opening(session, job, offer.opening_id)
        application = services.applications.require_active(self._locked(unit, row))
        del unit.locked[application_id]  # it ends
        at = event["event_at"] if event else hire["hired_at"]
        hire_id = new_id()
        given = {name: hire[name] for name in ("hired_at", "accepted_at", "start_date") if hire[name]}
        stamp(session, hires, id=hire_id, **self._source(hire), **given)
        self._stamp_event(unit, event)
        services.offers.hire(session, access, application, offer, at, hire["contract_kind"] or "permanent", None)
        filled_at = (self.openings[hire["opening_id"]]["closed_at"] if hire["opening_id"] in self.openings else None) or at
        services.jobs.fill_opening(session, access, job, opening, application_id, filled_at, closes_job=False)
        known_at = hire["recorded_at"] or at
        if hire["status"] == "reneged":
            services.offers.move_hire(session, access, hire_id, "reneged", EventType.HIRE_RENEGED, known_at)
            services.jobs.free_filled_opening(session, access, job, opening.id, known_at)
        elif hire["status"] in {"started", "ended"}:
            first_day = datetime.combine(hire["start_date"], time(), UTC) if hire["start_date"] else known_at
            services.offers.move_hire(session, access, hire_id, "started", EventType.HIRE_STARTED, min(first_day, access.now))
        unit.made("hires", hire.source_id, hire_id)

    def _outcome(self, unit: Unit, outcome: LogRow) -> None:
        outcome_id = new_id()
        names = NewOutcome.model_fields
        values = {name: float(outcome[name]) if name in _NUMBERS else outcome[name] for name in names if outcome[name] is not None}
        stamp(unit.session, employment_outcomes, id=outcome_id, **self._source(outcome))
        hire_id = self._core(unit, "hires", outcome["hire_id"])
        self.importer.services.offers.record_outcome(unit.session, unit.access, hire_id, NewOutcome(**values))
        unit.made("outcomes", outcome.source_id, outcome_id)

    def _end_as_told(self, unit: Unit, row: LogRow, parts: Parts) -> None:
        """End an application whose own row says that it ended and whose events do not."""
        if row["status"] not in ENDINGS or any(event["canonical_stage"] in ENDINGS for event in parts.stage_events):
            return
        services = self.importer.services
        last = max((event["event_at"] for event in parts.stage_events), default=row["applied_at"])
        current = self._locked(unit, row)
        if current.status == "active":
            with unit.attempt():
                reason_id = self.setting.reasons.get(row["terminal_side"] or "")
                require_reason(unit.session, current.tenant_id, reason_id, row["status"])
                self._stamp_event(unit, None)
                at = row["terminal_at"] or last
                services.applications.end_locked(unit.session, unit.access, current, row["status"], at, reason_id)

    def _locked(self, unit: Unit, row: LogRow) -> AnyRow:
        """Return the core's application, locked."""
        application_id = self._core(unit, "applications", row.source_id)
        if application_id not in unit.locked:
            unit.locked[application_id] = self.importer.services.applications.lock(unit.session, unit.access, application_id)
        return unit.locked[application_id]

    def _opening(self, unit: Unit, row: LogRow, offer: LogRow) -> UUID | None:
        if offer["opening_id"] is None:
            return None
        if offer["opening_id"] in self.openings and self.openings[offer["opening_id"]]["job_id"] != row["job_id"]:
            raise RuleRefused("opening_of_another_job", "opening_id: belongs to another job than the application")
        return self._core(unit, "openings", offer["opening_id"])

    def _check_stage(self, event: LogRow) -> None:
        if (event["stage"], event["canonical_stage"]) in self.setting.unusable_stages:
            raise RuleRefused("stage_mapped_otherwise", "stage: the school, or another row, maps this name to another canonical stage")

    def _stamp_event(self, unit: Unit, event: LogRow | None, to_stage: str | None = None) -> None:
        """Let the next stage event be the log's; without one it is the rules' own."""
        values: dict[str, Any] = dict(_IMPLIED)
        if event:
            values = {"id": new_id(), **self._source(event), "provenance": event["provenance"] or "observed", "event_at": event["event_at"]}
            if to_stage:
                values["to_stage"] = to_stage
            if event["actor"]:
                values["actor_id"] = uuid5(self.importer.tenant_id, f"actor {event['actor']}")
            unit.made("stage_events", event.source_id, values["id"])
        stamp(unit.session, stage_events, **values)

    def _source(self, row: LogRow) -> dict[str, Any]:
        """Return where a core row comes from."""
        known = {"recorded_at": row["recorded_at"]} if row["recorded_at"] else {}
        return {"source_system": self.importer.source_system, "source_id": row.source_id, **known}

    def _known(self, unit: Unit, table: str, source_id: str) -> UUID | None:
        return unit.made_rows.get((table, source_id)) or self.ids[table].get(source_id)

    def _core(self, unit: Unit, table: str, source_id: str) -> UUID:
        found = self._known(unit, table, source_id)
        if found is None:
            raise RuleRefused("dangling_key", f"the row of {table} it belongs to was set aside")
        return found


def _offer_steps(offer: LogRow) -> Iterator[tuple[str, str]]:
    """Yield the steps to an offer's status; one that was ended took those it has instants of."""
    if (known := _OFFER_STEPS.get(offer["status"])) is not None:
        yield from known
        return
    if offer["approved_at"] or offer["sent_at"]:
        yield "approve", "approved_at"
    if offer["sent_at"]:
        yield "send", "sent_at"
