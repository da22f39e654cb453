"""Invitations and answers, each written in a transaction of its own: no outbox row, no kept request, no id, no instant.

The link carries its tenant and keyed hash sealed (Fernet): whoever sends it cannot tell the row it leads to.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from foundation.pseudonyms import dei_key
from hiring.equity.errors import AlreadyAnswered, SurveyLinkInvalid
from hiring.equity.schemas import Answers
from hiring.equity.tables import invitations, responses


@dataclass(frozen=True)
class SurveyLink:
    """What a link's token holds."""

    tenant_id: UUID
    dei_key: str
    question_set_version: str
    locale: str


@dataclass(frozen=True)
class EquityService:
    """The survey's data path. Holds the equity key."""

    equity_key: str
    session_maker: sessionmaker[Session]
    survey_days: int

    def invite(self, tenant_id: UUID, candidate_id: UUID, question_set_version: str, locale: str, today: date) -> tuple[str, date]:
        """Keep that a person was asked (once), and return the link's token and its last day."""
        key = dei_key(self.equity_key, tenant_id, candidate_id)
        values = {"dei_key": key, "tenant_id": tenant_id, "invited_on": today}
        asked = insert(invitations).values(question_set_version=question_set_version, locale=locale, **values)
        with self.session_maker.begin() as session:
            session.execute(asked.on_conflict_do_nothing())
        sealed = self._seal.encrypt(json.dumps([str(tenant_id), key, question_set_version, locale]).encode())
        return sealed.decode(), today + timedelta(days=self.survey_days)

    def open_link(self, token: str) -> SurveyLink:
        """Return what a token holds.

        Raises:
            SurveyLinkInvalid: it was not made here, or is too old.
        """
        try:
            content = self._seal.decrypt(token.encode(), ttl=self.survey_days * 86_400)
        except InvalidToken as error:
            raise SurveyLinkInvalid("token: the link is not valid any more: ask the school for a new one") from error
        tenant_id, key, question_set_version, locale = json.loads(content)
        return SurveyLink(UUID(tenant_id), key, question_set_version, locale)

    def answer(self, link: SurveyLink, answers: Answers, today: date) -> None:
        """Keep the answers.

        Raises:
            AlreadyAnswered: answers cannot be changed.
        """
        values = {**answers.model_dump(exclude={"token"}), "tenant_id": link.tenant_id, "submitted_on": today, "dei_key": link.dei_key}
        kept = insert(responses).values(question_set_version=link.question_set_version, locale=link.locale, **values)
        with self.session_maker.begin() as session:
            if session.execute(kept.on_conflict_do_nothing().returning(responses.c.dei_key)).one_or_none() is None:
                raise AlreadyAnswered("the survey was answered before; answers cannot be changed")

    @property
    def _seal(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(hmac.new(self.equity_key.encode(), b"survey link", hashlib.sha256).digest()))
