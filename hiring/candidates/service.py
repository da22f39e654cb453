"""Rules of candidates: who may know of whom, duplicates, consents, merging. Contact details are sealed here and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from foundation.logs import logger
from foundation.pseudonyms import decrypt, email_hash, encrypt, subject_ref
from hiring.access import Access, Reach, one_of
from hiring.candidates import errors, repository
from hiring.candidates.schemas import CandidateChange, NewCandidate, NewConsent, NewCredential
from hiring.candidates.tables import candidates, consents, credentials
from hiring.domain_events import EventType, record
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, page_of

log = logger("hiring")
NO_CANDIDATE = errors.CandidateNotFound("there is no such candidate")
DUPLICATES_SHOWN = 20


class Applicants(Protocol):
    """What candidates must know of applications, handed in by the wiring."""

    def known_candidates(self, session: Session, reach: Reach, candidate_ids: frozenset[UUID]) -> frozenset[UUID]:
        """Return which of the candidates applied to a school in reach."""
        ...

    def candidate_ids(self, session: Session, reach: Reach, after: UUID | None, limit: int) -> list[UUID]:
        """Return candidates of applications in reach, in the order of ids."""
        ...


@dataclass(frozen=True)
class CandidateService:
    """Candidates. ``candidate_key`` seals contact details and keys the address hash."""

    candidate_key: str
    applicants: Applicants

    def register(self, session: Session, access: Access, body: NewCandidate) -> tuple[AnyRow, bool]:
        """Return the person, found by address or newly made, and whether they were known."""
        hashed = email_hash(self.candidate_key, body.email) if body.email else None
        known = None
        if hashed is not None:
            repository.lock_address(session, hashed)
            known = repository.by_email_hash(session, hashed)
        row = known
        if row is None:
            values = body.model_dump(exclude={"email", "phone", "consents"})
            sealed = self._sealed(body.email, body.phone)
            row = insert_row(session, candidates, access.now, version=1, **values, **sealed)
            record(session, EventType.CANDIDATE_REGISTERED, "candidate", row.id, row.version, access.now)
        for consent in body.consents:
            row = self._consent(session, access, lock_row(session, candidates, candidates.c.id == row.id, NO_CANDIDATE), consent)
        return row, known is not None

    def register_for_pool(self, session: Session, access: Access, body: NewCandidate) -> tuple[AnyRow, bool]:
        """Register a person without an application.

        Raises:
            ConsentRequired: schools keep such people only with talent-pool consent.
        """
        if not access.is_platform_wide and all(consent.purpose != "talent_pool" for consent in body.consents):
            raise errors.ConsentRequired("consents: a person without an application is kept only with consent talent_pool")
        return self.register(session, access, body)

    def candidate(self, session: Session, access: Access, candidate_id: UUID) -> dict[str, Any]:
        """Return one person the caller may know of, contact details opened."""
        row = self._known(session, access, candidate_id)
        access.log("candidate.read", "candidate", subject_id=row.id)
        return self._opened(row)

    def page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return people known through applications, and the talent pool."""
        ids = set(self.applicants.candidate_ids(session, access.reach, paging.after, paging.limit + 1))
        if not access.reach.agency_ids:
            ids |= set(repository.talent_pool_ids(session, paging.after, paging.limit + 1))
        page = page_of(sorted(ids)[: paging.limit + 1], paging, lambda found_id: found_id)
        items = [self._opened(row) for row in repository.by_ids(session, page["items"])]
        access.log("candidate.list", "candidates", rows_affected=len(items))
        return {**page, "items": items}

    def find(self, session: Session, access: Access, email: str) -> list[dict[str, Any]]:
        """Return the person with an address, if the caller may know of them."""
        row = repository.by_email_hash(session, email_hash(self.candidate_key, email))
        found = row if row is not None and self._is_known(session, access, row) else None
        access.log("candidate.search", "candidate", subject_id=found.id if found else None, rows_affected=int(found is not None))
        return [self._opened(found)] if found else []

    def change(self, session: Session, access: Access, candidate_id: UUID, body: CandidateChange, version: int) -> dict[str, Any]:
        """Change a person's record."""
        row = self._lock_known(session, access, candidate_id, version)
        values = body.model_dump(exclude_unset=True, exclude_none=True, exclude={"email", "phone"})
        changed = change_row(session, candidates, row, access.now, **values, **self._sealed(body.email, body.phone))
        access.log("candidate.change", "candidate", subject_id=row.id, after={"changed": sorted(body.model_fields_set)})
        return self._opened(changed)

    def duplicates(self, session: Session, access: Access, candidate_id: UUID) -> list[dict[str, Any]]:
        """Return records that look like the same person, as far as the caller may know of them."""
        row = self._known(session, access, candidate_id)
        found = repository.duplicates_of(session, row, DUPLICATES_SHOWN)
        known = [other for other in found if self._is_known(session, access, other)]
        access.log("candidate.duplicates", "candidates", subject_id=row.id, rows_affected=len(known))
        return [self._opened(other) for other in known]

    def add_credential(self, session: Session, access: Access, candidate_id: UUID, body: NewCredential) -> AnyRow:
        """Add a licence or certificate."""
        row = self._lock_known(session, access, candidate_id)
        change_row(session, candidates, row, access.now)
        values = body.model_dump(exclude={"is_verified"})
        verified_at = access.now if body.is_verified else None
        return insert_row(session, credentials, access.now, candidate_id=row.id, verified_at=verified_at, **values)

    def parts(self, session: Session, access: Access, candidate_id: UUID, table: str) -> list[AnyRow]:
        """Return ``credentials`` or ``consents`` of a person, records merged into theirs included."""
        row = self._known(session, access, candidate_id)
        rows = repository.parts_of(session, table, repository.family_of(session, row.id))
        access.log("candidate.read", f"candidate_{table}", subject_id=row.id, rows_affected=len(rows))
        return rows

    def grant_consent(self, session: Session, access: Access, candidate_id: UUID, body: NewConsent) -> AnyRow:
        """Keep that a person agreed."""
        row = self._lock_known(session, access, candidate_id)
        self._consent(session, access, row, body)
        given = (consents.c.candidate_id == row.id) & (consents.c.purpose == body.purpose) & consents.c.withdrawn_at.is_(None)
        return find_row(session, consents, given, errors.ConsentNotFound("there is no such consent"))

    def withdraw_consent(self, session: Session, access: Access, candidate_id: UUID, consent_id: UUID) -> AnyRow:
        """Keep that a person no longer agrees; a second time changes nothing."""
        candidate = self._lock_known(session, access, candidate_id)
        mine = (consents.c.id == consent_id) & one_of(consents.c.candidate_id, repository.family_of(session, candidate.id))
        row = lock_row(session, consents, mine, errors.ConsentNotFound("there is no such consent"))
        if row.withdrawn_at is not None:
            return row
        candidate = change_row(session, candidates, candidate, access.now)
        row = change_row(session, consents, row, access.now, withdrawn_at=access.now)
        record(session, EventType.CONSENT_WITHDRAWN, "candidate", candidate.id, candidate.version, access.now, purpose=row.purpose)
        return row

    # what flows ask for

    def names(self, session: Session, candidate_ids: frozenset[UUID]) -> dict[UUID, dict[str, str]]:
        """Return given and family name of people whose applications the caller was shown."""
        rows = repository.names(session, candidate_ids) if candidate_ids else []
        return {row.id: {"given_name": row.given_name, "family_name": row.family_name} for row in rows}

    def named(self, session: Session, access: Access, candidate_ids: frozenset[UUID], search: str) -> frozenset[UUID]:
        """Return those of some applicants whose name has every word of the search in it."""
        known = self.applicants.known_candidates(session, access.reach, candidate_ids) if candidate_ids else frozenset()
        return repository.named(session, known, search.split())

    def remaining_id(self, session: Session, access: Access, candidate_id: UUID) -> UUID:
        """Return the id of a known person after merges."""
        row = repository.remaining(session, self._known(session, access, candidate_id).id)
        assert row is not None
        remaining: UUID = row.id
        return remaining

    def same_person(self, session: Session, candidate_id: UUID) -> frozenset[UUID]:
        """Return every id of a person: the record that stays and those merged into it."""
        return repository.family_of(session, candidate_id)

    def refuses_survey(self, session: Session, candidate_id: UUID) -> bool:
        """Say whether the person withdrew from the self-identification survey and has not agreed again."""
        rows = repository.parts_of(session, "consents", repository.family_of(session, candidate_id))
        asked = [row.withdrawn_at is None for row in rows if row.purpose == "equity_survey"]
        return bool(asked) and not any(asked)

    def reachable(self, session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        """Return the record that stays after merges, contact details opened, of each id; without people who were erased."""
        found = {row.id: row for row in repository.by_ids(session, ids)}
        for asked_id, row in list(found.items()):
            if row.merged_into_id is not None:
                found[asked_id] = repository.remaining(session, row.merged_into_id) or row
        return {asked_id: self._opened(row) for asked_id, row in found.items() if row.erased_at is None}

    def merge(self, session: Session, access: Access, candidate_id: UUID, into_id: UUID, at: datetime) -> tuple[AnyRow, frozenset[UUID]]:
        """Merge a record into another; return the one that stays and every id of the person.

        Raises:
            MergeIntoItself, CandidateAlreadyMerged, CandidateNotFound.
        """
        if candidate_id == into_id:
            raise errors.MergeIntoItself("into_id: name another record")
        for each in (candidate_id, into_id):
            self._known(session, access, each)
        locked = {each: lock_row(session, candidates, candidates.c.id == each, NO_CANDIDATE) for each in sorted((candidate_id, into_id))}
        if any(row.merged_into_id is not None for row in locked.values()):
            raise errors.CandidateAlreadyMerged("one of the records was merged before: use the one that stayed")
        for merged_id in repository.family_of(session, candidate_id):
            merged = locked.get(merged_id) or lock_row(session, candidates, candidates.c.id == merged_id, NO_CANDIDATE)
            row = change_row(session, candidates, merged, access.now, merged_into_id=into_id)
            record(session, EventType.CANDIDATE_MERGED, "candidate", row.id, row.version, at, into_id=into_id)
        stays = change_row(session, candidates, locked[into_id], access.now)
        gone = {"merged_subject": subject_ref(self.candidate_key, candidate_id)}
        access.log("candidate.merge", "candidate", subject_id=into_id, after=gone)
        return stays, repository.family_of(session, into_id)

    def _known(self, session: Session, access: Access, candidate_id: UUID) -> AnyRow:
        row = find_row(session, candidates, candidates.c.id == candidate_id, NO_CANDIDATE)
        if not self._is_known(session, access, row):
            raise NO_CANDIDATE
        return row

    def _lock_known(self, session: Session, access: Access, candidate_id: UUID, version: int | None = None) -> AnyRow:
        self._known(session, access, candidate_id)
        return lock_row(session, candidates, candidates.c.id == candidate_id, NO_CANDIDATE, version)

    def _is_known(self, session: Session, access: Access, row: AnyRow) -> bool:
        """Say whether the caller may know of a person: everybody's, through an application in reach, or by talent-pool consent."""
        if access.is_platform_wide:
            return True
        if self.applicants.known_candidates(session, access.reach, repository.family_of(session, row.id)):
            return True
        return not access.reach.agency_ids and repository.is_in_talent_pool(session, row.id)

    def _consent(self, session: Session, access: Access, row: AnyRow, body: NewConsent) -> AnyRow:
        held = repository.parts_of(session, "consents", [row.id])
        if any(consent.purpose == body.purpose and consent.withdrawn_at is None for consent in held):
            return row
        at = access.event_at(body.event_at)
        row = change_row(session, candidates, row, access.now)
        values = {"purpose": body.purpose, "text_version": body.text_version, "granted_at": at}
        insert_row(session, consents, access.now, candidate_id=row.id, **values)
        record(session, EventType.CONSENT_GRANTED, "candidate", row.id, row.version, at, purpose=body.purpose)
        return row

    def _sealed(self, email: str | None, phone: str | None) -> dict[str, Any]:
        sealed: dict[str, Any] = {}
        if email is not None:
            sealed |= {"email_encrypted": encrypt(self.candidate_key, email), "email_hash": email_hash(self.candidate_key, email)}
        if phone is not None:
            sealed["phone_encrypted"] = encrypt(self.candidate_key, phone)
        return sealed

    def _opened(self, row: AnyRow) -> dict[str, Any]:
        return {**row._mapping, "email": self._open(row, "email_encrypted"), "phone": self._open(row, "phone_encrypted")}

    def _open(self, row: AnyRow, column: str) -> str | None:
        sealed = row._mapping[column]
        if sealed is None:
            return None
        try:
            return decrypt(self.candidate_key, bytes(sealed))
        except InvalidTag:
            log.error("contact detail sealed with another key", candidate_id=str(row.id), column=column)
            return None
