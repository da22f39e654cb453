"""One request: one thread, one transaction. The route class of every handler that uses the database, and the session it works in.

FastAPI runs each plain ``def`` in a thread of its own choosing: a request would change threads ten times, hold its connection while it
waits for the next one, and with all threads waiting for connections nobody would give one back. Here dependencies, handler, reply and
commit run in one go in one of a few threads, never more than the pool has connections. So dependencies are ``async def`` that wait
for nothing; they may block as handlers may. What waits for a client belongs into an ``async`` handler: it runs after the commit.
"""

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import ClientDisconnect

from hiring.errors import BadRequest
from hiring.turns import Turn

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def get_session(request: Request) -> Session:
    """Return the request's session; it commits before the reply leaves, and rolls back when anything raises."""
    session: Session = request.state.session
    return session


DatabaseSession = Annotated[Session, Depends(get_session)]


class _Afterwards(Response):
    """Stands for the reply of an ``async`` handler until the transaction is over."""

    def __init__(self, handler: Callable[[], Coroutine[Any, Any, Response]]) -> None:
        super().__init__()
        self.handler = handler


async def _read_body(request: Request) -> None:
    """Read the body, which the request keeps: the thread could not wait for it."""
    try:
        await request.body()
    except ClientDisconnect as gone:
        raise BadRequest("the body ended before its end: send it again") from gone


class TransactionRoute(APIRoute):
    """A route whose request is answered in one thread and one transaction.

    ``app.state`` has ``session_maker``, the engines for changing and for reading, and ``turns`` with at most as many threads as the
    pool keeps connections: what opens a second session within a request takes it from the overflow.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Make the route; an ``async`` endpoint is called after the commit and returns its own ``Response``."""
        super().__init__(path, _in_place(endpoint), **options)

    def get_route_handler(self) -> Handler:
        """Run FastAPI's handler in a thread."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if self.body_field is not None or request.method == "POST":
                await _read_body(request)
            reply = await request.app.state.turns.run(self._transact, handler, request)
            return await reply.handler() if isinstance(reply, _Afterwards) else reply

        return handle

    def _transact(self, turn: Turn, handler: Handler, request: Request) -> Response:
        state = request.app.state
        maker: sessionmaker[Session] = state.session_maker
        with maker(bind=state.reading_engine if request.method == "GET" else state.engine) as session, session.begin():
            request.state.session = session
            reply = self.answer(handler, request)
            turn.leave()  # the commit waits for the disk
            return reply

    def answer(self, handler: Handler, request: Request) -> Response:
        """Return the reply, within the transaction.

        Raises:
            RuntimeError: something waited that must not.
        """
        working = handler(request)
        try:
            working.send(None)
        except StopIteration as done:
            reply: Response = done.value
            return reply
        working.close()
        raise RuntimeError("a dependency of this route waits: only an `async` handler may, after the transaction")


def _in_place(endpoint: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return the endpoint as FastAPI calls it without looking for a thread."""

    @wraps(endpoint)
    async def call(**arguments: Any) -> Any:
        return _Afterwards(partial(endpoint, **arguments)) if iscoroutinefunction(endpoint) else endpoint(**arguments)

    return call
