"""Idempotency-Key on POST: the same key and request answer with the first reply; the same key with another request is refused.

The key is claimed, and the reply kept, in the transaction of the effect: a failed request leaves no key, a concurrent twin waits.
Replies hold ids and codes only; routes that answer secrets or survey answers don't take part (``keeps_reply=False``).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlalchemy import Column, MetaData, SmallInteger, Table, Text, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hiring.columns import instant, text
from hiring.columns import json as json_column
from hiring.errors import Invalid, Problem
from hiring.transaction import Handler, TransactionRoute

KEPT_FOR = timedelta(hours=24)
_KEPT_HEADERS = ("etag", "location")

idempotency_keys = Table(
    "idempotency_keys",
    MetaData(schema="identity"),
    Column("principal_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    text("request_hash"),
    Column("status_code", SmallInteger, nullable=True),
    json_column("response", optional=True),
    instant("created_at"),
)


class IdempotencyKeyReused(Problem):
    """The key was used with another request."""

    status = 422


class Replay(Exception):
    """The request was answered before: carries the kept reply past the handler."""

    def __init__(self, reply: Response) -> None:
        """Carry the kept reply."""
        self.reply = reply


@dataclass(frozen=True)
class Claim:
    """A key claimed by the running request."""

    session: Session
    principal_id: str
    key: str

    def keep(self, reply: Response) -> None:
        """Store the reply in the request's own transaction."""
        kept = {
            "body": json.loads(bytes(reply.body)) if reply.body else None,
            "headers": {name: reply.headers[name] for name in _KEPT_HEADERS if name in reply.headers},
        }
        mine = (idempotency_keys.c.principal_id == self.principal_id) & (idempotency_keys.c.key == self.key)
        self.session.execute(update(idempotency_keys).where(mine).values(status_code=reply.status_code, response=kept))


async def _digest(request: Request) -> str:
    """Return the sha256 of method, path, query and body: what makes two requests the same."""
    body = await request.body()  # read before the thread began: nothing is waited for
    return hashlib.sha256(
        b"\n".join([request.method.encode(), str(request.url.path).encode(), request.url.query.encode(), body])
    ).hexdigest()


async def claim_reply(request: Request, session: Session, principal_id: str, now: datetime) -> None:
    """Claim the request's Idempotency-Key, if it has one.

    Raises:
        Replay: the same request was answered before. IdempotencyKeyReused: another request used the key.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise Invalid("Idempotency-Key: use 1 to 200 printable characters, a UUID for example")
    digest = await _digest(request)
    fresh = insert(idempotency_keys).values(principal_id=principal_id, key=key, request_hash=digest, created_at=now)
    claimed = session.execute(
        fresh.on_conflict_do_update(
            index_elements=["principal_id", "key"],
            set_={"request_hash": digest, "created_at": now, "status_code": None, "response": None},
            where=idempotency_keys.c.created_at < now - KEPT_FOR,
        ).returning(idempotency_keys.c.key)
    ).one_or_none()
    if claimed is not None:
        request.state.idempotency_claim = Claim(session, principal_id, key)
        return
    mine = (idempotency_keys.c.principal_id == principal_id) & (idempotency_keys.c.key == key)
    known = session.execute(select(idempotency_keys).where(mine)).one()
    if known.request_hash != digest:
        raise IdempotencyKeyReused("Idempotency-Key: was used with another request: choose a new key")
    body = b"" if known.response["body"] is None else json.dumps(known.response["body"]).encode()
    headers = {**known.response["headers"], "Idempotency-Replayed": "true"}
    raise Replay(Response(body, known.status_code, headers, media_type="application/json" if body else None))


class IdempotentRoute(TransactionRoute):
    """A route that keeps its reply for replay, before the request's transaction commits."""

    def get_route_handler(self) -> Handler:
        """Answer replays."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except Replay as replay:
                return replay.reply

        return handle

    def answer(self, handler: Handler, request: Request) -> Response:
        """Return the reply, and keep it where the request claimed a key."""
        reply = super().answer(handler, request)
        claim: Claim | None = getattr(request.state, "idempotency_claim", None)
        if claim is not None:
            claim.keep(reply)
        return reply
