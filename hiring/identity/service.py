"""Rules of organisations, users, memberships and feedback."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.access import Role
from foundation.pseudonyms import email_hash, normalise_email
from hiring.access import Access, one_of
from hiring.domain_events import EventType, record
from hiring.errors import Problem
from hiring.identity import errors, repository
from hiring.identity.credentials import hash_password
from hiring.identity.schemas import CalendarDay, NewOrganisation, NewUser, OrganisationChange, UserChange
from hiring.identity.tables import calendar_days, feedback, memberships, organisations, sessions, users
from hiring.permissions import PLATFORM_ROLES, Permission, may
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, new_id, read_page

NO_ORGANISATION = errors.OrganisationNotFound("there is no such organisation")
NO_USER = errors.UserNotFound("there is no such user")


@dataclass(frozen=True)
class IdentityService:
    """Organisations and people. ``candidate_key`` keys the address hash; ``survey_lawful_in`` is the survey's locale gate.

    Accounts closed and roles granted or taken away are rows of the audit log.
    """

    candidate_key: str
    survey_lawful_in: frozenset[str]

    def register_organisation(self, session: Session, access: Access, body: NewOrganisation) -> AnyRow:
        """Add a school, group or agency.

        Raises:
            ParentNotAGroup: the parent does not fit. Forbidden: the caller administers single schools only.
        """
        access.require_platform()
        if body.parent_id is not None:
            parent = find_row(session, organisations, organisations.c.id == body.parent_id, NO_ORGANISATION)
            if body.kind != "school" or parent.kind != "school_group":
                raise errors.ParentNotAGroup("parent_id: only a school has a parent, and it is a school_group")
        self._require_lawful_survey(body.country, bool(body.equity_survey_enabled))
        row = insert_row(session, organisations, access.now, **body.model_dump())
        record(
            session,
            EventType.ORGANISATION_REGISTERED,
            "organisation",
            row.id,
            row.version,
            access.now,
            kind=row.kind,
            parent_id=row.parent_id,
        )
        access.log("organisation.register", "organisation", row.id, tenant_id=row.id, after=row)
        return row

    def organisation(self, session: Session, access: Access, organisation_id: UUID) -> AnyRow:
        """Return one organisation in reach."""
        return find_row(session, organisations, self._organisation(access, organisation_id), NO_ORGANISATION)

    def organisation_page(self, session: Session, access: Access, kind: str | None, paging: Paging) -> dict[str, Any]:
        """Return organisations in reach."""
        conditions = [repository.organisations_in_reach(access.reach)]
        if kind is not None:
            conditions.append(organisations.c.kind == kind)
        return read_page(session, organisations, conditions, paging)

    def change_organisation(
        self, session: Session, access: Access, organisation_id: UUID, body: OrganisationChange, version: int
    ) -> AnyRow:
        """Change name, time zone or whether the school offers the survey.

        Raises:
            SurveyNotLawful: the survey would be switched on where law does not allow it.
        """
        row = lock_row(session, organisations, self._organisation(access, organisation_id), NO_ORGANISATION, version)
        self._require_lawful_survey(row.country, bool(body.equity_survey_enabled))
        changed = change_row(session, organisations, row, access.now, **body.model_dump(exclude_unset=True, exclude_none=True))
        access.log("organisation.change", "organisation", row.id, tenant_id=row.id, before=row, after=changed)
        return changed

    def set_calendar(self, session: Session, access: Access, organisation_id: UUID, days: list[CalendarDay]) -> list[AnyRow]:
        """Add or replace days of a school's calendar; days not named stay."""
        self.organisation(session, access, organisation_id)
        access.reach.require_tenant(organisation_id, NO_ORGANISATION)
        for day in days:
            values = {**day.model_dump(), "organisation_id": organisation_id, "updated_at": access.now}
            fresh = insert(calendar_days).values(id=new_id(), created_at=access.now, recorded_at=access.now, **values)
            session.execute(fresh.on_conflict_do_update(index_elements=["organisation_id", "date"], set_=values))
        access.log("calendar.set", "calendar_days", organisation_id, tenant_id=organisation_id, rows_affected=len(days))
        return repository.calendar(session, organisation_id)

    def calendar(self, session: Session, access: Access, organisation_id: UUID) -> list[AnyRow]:
        """Return a school's calendar."""
        self.organisation(session, access, organisation_id)
        return repository.calendar(session, organisation_id)

    def hiring_team(self, session: Session, access: Access, organisation_id: UUID) -> list[dict[str, Any]]:
        """Return who may interview at a school, and which of them may be in charge of a job."""
        access.require_school(organisation_id, NO_ORGANISATION)
        roles = [role for role in Role if may(role, Permission.SCORECARDS_OWN)]
        rows = repository.colleagues(session, organisation_id, roles)
        return [{**row._mapping, "may_lead": any(may(Role(role), Permission.JOBS_WRITE) for role in row.roles)} for row in rows]

    def register_user(self, session: Session, access: Access, body: NewUser) -> AnyRow:
        """Add a person, with a role when one is named.

        Raises:
            EmailAlreadyRegistered: the address is taken. RoleNotGrantable: the caller may not grant the role there.
        """
        address = normalise_email(body.email)
        hashed = email_hash(self.candidate_key, address)
        if (body.role is None or body.organisation_id is None) and not access.is_platform_wide:
            raise errors.RoleNotGrantable("organisation_id, role: name one of your schools and a role there")
        if repository.user_by_email_hash(session, hashed) is not None:
            raise errors.EmailAlreadyRegistered("email: a user with this address exists")
        user = insert_row(
            session,
            users,
            access.now,
            email=address,
            email_hash=hashed,
            display_name=body.display_name,
            password_hash=hash_password(body.password.get_secret_value()) if body.password else None,
            is_active=True,
        )
        if body.role is not None:
            self._grant(session, access, user.id, body.organisation_id, body.role)
        granted = {"role": body.role, "organisation_id": body.organisation_id}
        access.log("user.register", "user", user.id, tenant_id=body.organisation_id, after=granted)
        record(
            session,
            EventType.USER_REGISTERED,
            "user",
            user.id,
            user.version,
            access.now,
            organisation_id=body.organisation_id,
            role=body.role,
        )
        return user

    def user(self, session: Session, access: Access, user_id: UUID) -> AnyRow:
        """Return one person in reach."""
        return find_row(session, users, (users.c.id == user_id) & repository.users_in_reach(access.reach), NO_USER)

    def user_page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return people in reach."""
        return read_page(session, users, [repository.users_in_reach(access.reach)], paging)

    def change_user(self, session: Session, access: Access, user_id: UUID, body: UserChange, version: int) -> AnyRow:
        """Rename, close or reopen an account; a closed one's sessions end. Accounts with roles elsewhere are the platform's."""
        row = self.administered_user(session, access, user_id, version)
        changed = change_row(session, users, row, access.now, **body.model_dump(exclude_unset=True, exclude_none=True))
        if not changed.is_active:
            repository.revoke_sessions(session, access.now, sessions.c.user_id == user_id)
        access.log("user.change", "user", user_id, before=row, after=changed)
        return changed

    def administered_user(self, session: Session, access: Access, user_id: UUID, version: int | None = None) -> AnyRow:
        """Return, locked, a person whose account the caller administers: in reach, and without a role anywhere else.

        Raises:
            UserNotFound: there is none. VersionMismatch: it moved on since ``version``.
        """
        condition = (users.c.id == user_id) & repository.users_in_reach(access.reach)
        if access.reach.tenant_ids is not None:
            inside = one_of(memberships.c.organisation_id, access.reach.tenant_ids)
            condition &= ~exists(select(1).where(memberships.c.user_id == user_id, inside.is_not(True)))
        return lock_row(session, users, condition, NO_USER, version)

    def grant_membership(self, session: Session, access: Access, user_id: UUID, organisation_id: UUID | None, role: Role) -> AnyRow:
        """Grant a role."""
        user = self.user(session, access, user_id)
        row = self._grant(session, access, user.id, organisation_id, role)
        access.log("membership.grant", "membership", row.id, tenant_id=organisation_id, after=row)
        return row

    def membership_list(self, session: Session, access: Access, user_id: UUID) -> list[AnyRow]:
        """Return the roles of a person, as far as they are in reach."""
        self.user(session, access, user_id)
        return list(session.execute(select(memberships).where(self._memberships(access), memberships.c.user_id == user_id)))

    def revoke_membership(self, session: Session, access: Access, user_id: UUID, membership_id: UUID) -> None:
        """Take a role away."""
        condition = self._memberships(access) & (memberships.c.id == membership_id) & (memberships.c.user_id == user_id)
        row = find_row(session, memberships, condition, errors.MembershipNotFound("there is no such membership"))
        session.execute(delete(memberships).where(memberships.c.id == membership_id))
        access.log("membership.revoke", "membership", membership_id, tenant_id=row.organisation_id, before=row)

    def give_feedback(self, session: Session, access: Access, organisation_id: UUID, respondent_kind: str, score: int) -> AnyRow:
        """Keep how likely a school or agency is to recommend the platform."""
        row = find_row(session, organisations, organisations.c.id == organisation_id, NO_ORGANISATION)
        is_own_agency = organisation_id in access.reach.agency_ids
        if not is_own_agency:
            access.reach.require_tenant(organisation_id, NO_ORGANISATION)
        if row.kind != respondent_kind:
            raise errors.RoleDoesNotFit(f"respondent_kind: the organisation is a {row.kind}")
        return insert_row(
            session,
            feedback,
            access.now,
            organisation_id=organisation_id,
            respondent_kind=respondent_kind,
            score=score,
            asked_at=access.now,
            answered_at=access.now,
        )

    def survey_enabled(self, session: Session, organisation_id: UUID) -> bool:
        """Say whether the law of the school's country and the school itself allow the self-identification survey: the locale gate."""
        school = select(organisations.c.country, organisations.c.equity_survey_enabled).where(organisations.c.id == organisation_id)
        row = session.execute(school).one_or_none()
        return row is not None and row.equity_survey_enabled and row.country in self.survey_lawful_in

    def _require_lawful_survey(self, country: str, is_enabled: bool) -> None:
        if is_enabled and country not in self.survey_lawful_in:
            raise errors.SurveyNotLawful(f"equity_survey_enabled: the survey is off in {country}: its law forbids it or was not checked")

    def require_kind(self, session: Session, organisation_id: UUID, kind: str, refusal: Problem) -> None:
        """Raise ``refusal`` unless the organisation exists and is of a kind."""
        if session.execute(select(organisations.c.kind).where(organisations.c.id == organisation_id)).scalar() != kind:
            raise refusal

    def _grant(self, session: Session, access: Access, user_id: UUID, organisation_id: UUID | None, role: Role) -> AnyRow:
        if not access.is_platform_wide:
            if role in PLATFORM_ROLES or organisation_id is None:
                raise errors.RoleNotGrantable("role: only a platform administrator grants it")
            access.reach.require_tenant(organisation_id, NO_ORGANISATION)
        if organisation_id is None:
            if role not in PLATFORM_ROLES:
                raise errors.RoleDoesNotFit("organisation_id: this role is held at an organisation")
        else:
            kind = find_row(session, organisations, organisations.c.id == organisation_id, NO_ORGANISATION).kind
            if (kind == "agency") != (role is Role.AGENCY_USER):
                raise errors.RoleDoesNotFit("role: agency_user goes with an agency, the others with schools and groups")
        return insert_row(
            session, memberships, access.now, user_id=user_id, organisation_id=organisation_id, role=role.value, granted_by=access.actor_id
        )

    def _organisation(self, access: Access, organisation_id: UUID) -> ColumnElement[bool]:
        return (organisations.c.id == organisation_id) & repository.organisations_in_reach(access.reach)

    def _memberships(self, access: Access) -> ColumnElement[bool]:
        return access.reach.tenants(memberships.c.organisation_id)
