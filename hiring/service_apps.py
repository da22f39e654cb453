"""The extractable services as they run beside the core: over its database, what they do and refuse goes into its audit log.

With a database of their own they have no audit log: they write lines (``line_trail.py``).
"""

from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker

from foundation.settings import Home
from hiring.access import Trail
from hiring.assessments.app import create_app as create_assessments
from hiring.assessments.settings import AssessmentsSettings
from hiring.audit.service import AuditService
from hiring.line_trail import LineTrail
from hiring.notifications.app import create_app as create_notifications
from hiring.notifications.settings import NotificationSettings


def _core_log(sessions: sessionmaker[Session]) -> Trail:
    return AuditService(sessions, Home().ensure_secret("candidate_key"))


def assessments() -> FastAPI:
    """Return the assessments application: ``uvicorn hiring.service_apps:assessments --factory``."""
    settings = AssessmentsSettings()
    return create_assessments(settings, trail_over=LineTrail if settings.database_url else _core_log)


def notifications() -> FastAPI:
    """Return the notifications application: ``uvicorn hiring.service_apps:notifications --factory``."""
    settings = NotificationSettings()
    return create_notifications(settings, trail_over=LineTrail if settings.database_url else _core_log)
