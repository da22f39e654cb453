"""Routes of notifications: dead letters and status for the platform's administrators, preferences, and the public unsubscribe link."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from foundation import clock
from foundation.settings import Home
from hiring.access import Access, public, requires
from hiring.errors import Invalid
from hiring.notifications import dead_letters, schemas, unsubscribing
from hiring.notifications.settings import NotificationSettings
from hiring.notifications.tables import preferences
from hiring.notifications.texts import page
from hiring.permissions import Permission
from hiring.routing import PageQuery
from hiring.schemas import Page
from hiring.transaction import DatabaseSession, TransactionRoute

router = APIRouter(prefix="/v1/notifications", tags=["notifications"], route_class=TransactionRoute)


@dataclass(frozen=True)
class Service:
    """What the routes know of their process."""

    settings: NotificationSettings
    home: Home
    signing_key: str


class CategoryNotOptional(Invalid):
    """Messages somebody waits for are always sent."""


async def _service(request: Request) -> Service:
    service: Service = request.app.state.notifications
    return service


async def _subscription(token: Annotated[str, Query(max_length=400)], service: "Wired") -> unsubscribing.Subscription:
    return unsubscribing.read(service.signing_key, token)


Wired = Annotated[Service, Depends(_service)]
Manage = Annotated[Access, requires(Permission.NOTIFICATIONS_MANAGE, keeps_reply=False)]
Own = Annotated[Access, requires(Permission.OWN_SESSION, keeps_reply=False)]
FromLink = Annotated[unsubscribing.Subscription, Depends(_subscription)]


@router.get("/status", response_model=schemas.Overview)
def show_status(access: Manage, session: DatabaseSession, service: Wired) -> Any:
    """Return how deliveries stand, and what is not set up."""
    access.require_platform()
    return dead_letters.overview(session, service.home)


@router.get("/dead", response_model=Page[schemas.DeadLetter])
def list_dead(access: Manage, session: DatabaseSession, paging: PageQuery) -> Any:
    """List dead letters."""
    access.require_platform()
    return dead_letters.dead_page(session, paging)


@router.get("/dead/{delivery_id}", response_model=schemas.DeadLetter)
def show_dead(delivery_id: UUID, access: Manage, session: DatabaseSession) -> Any:
    """Return one dead letter."""
    access.require_platform()
    return dead_letters.dead_letter(session, delivery_id)


@router.post("/dead/replay", response_model=schemas.Replayed)
def replay_dead(body: schemas.Replay, access: Manage, session: DatabaseSession, service: Wired) -> Any:
    """Send dead letters again: those named, or all."""
    access.require_platform()
    return {"count": dead_letters.replay(session, service.settings, body.ids, access.now)}


@router.post("/dead/{delivery_id}/replay", response_model=schemas.Replayed)
def replay_one(delivery_id: UUID, access: Manage, session: DatabaseSession, service: Wired) -> Any:
    """Send one dead letter again."""
    access.require_platform()
    letter = dead_letters.dead_letter(session, delivery_id)
    return {"count": dead_letters.replay(session, service.settings, [letter.id], access.now)}


@router.get("/preferences", response_model=list[schemas.KeptPreference])
def list_preferences(access: Own, session: DatabaseSession) -> Any:
    """Return the choices you made."""
    mine = select(preferences).where(preferences.c.recipient == f"user:{access.actor_id}")
    return list(session.execute(mine.order_by(preferences.c.channel, preferences.c.category)))


@router.put("/preferences", status_code=204)
def set_own_preference(body: schemas.Preference, access: Own, session: DatabaseSession) -> None:
    """Say whether you want a category on a channel."""
    _set(session, access, f"user:{access.actor_id}", body)


@router.put("/recipients/{recipient}/preferences", status_code=204)
def set_preference(recipient: schemas.Recipient, body: schemas.Preference, access: Manage, session: DatabaseSession) -> None:
    """Keep what somebody asked for by telephone or letter."""
    access.require_platform()
    _set(session, access, recipient, body)


@router.get("/unsubscribe", dependencies=[Depends(public)], response_class=HTMLResponse)
def ask_unsubscribe(asked: FromLink) -> str:
    """Show a page that asks once more: mail scanners open links, people press buttons."""
    return page(asked.locale, "unsubscribe", done="")


@router.post("/unsubscribe", dependencies=[Depends(public)], response_class=HTMLResponse)
def unsubscribe(asked: FromLink, token: Annotated[str, Query(max_length=400)], session: DatabaseSession) -> str:
    """Unsubscribe with one click (RFC 8058); a second click changes nothing."""
    unsubscribing.unsubscribe(session, asked, token, clock.now())
    return page(asked.locale, "unsubscribe", done="yes")


def _set(session: DatabaseSession, access: Access, recipient: str, body: schemas.Preference) -> None:
    if not body.is_wanted and body.channel == "email" and not unsubscribing.is_optional(body.category):
        raise CategoryNotOptional(f"category: {body.category} is always sent by e-mail: choose application or hiring")
    unsubscribing.set_preference(session, recipient, body.channel, body.category, is_wanted=body.is_wanted, now=access.now)
