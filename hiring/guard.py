"""The outermost layer of every API of this package: body limit, security headers, unexpected errors."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hiring import errors

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_DOCS = ("/docs", "/openapi.json")


class Guard:
    """Outermost layer: refuses large bodies, answers unexpected errors, adds security headers to every reply."""

    def __init__(self, app: ASGIApp, body_limit: int, streams: Callable[[Scope], bool] = lambda _: False) -> None:
        """Wrap ``app``.

        Args:
            app: what is guarded.
            body_limit: in bytes.
            streams: says which requests stream their body and keep a limit of their own; those are neither read ahead nor measured here.
        """
        self._app = app
        self._limit = body_limit
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        has_started = False

        async def with_headers(message: Message) -> None:
            nonlocal has_started
            has_started = True
            if message["type"] == "http.response.start" and not scope["path"].startswith(_DOCS):
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in _HEADERS if header[0] not in known)]
            await send(message)

        sizes = [value for name, value in scope["headers"] if name == b"content-length"]
        is_stream = self._streams(scope)
        messages = [] if sizes or is_stream else await self._read(receive)
        announced = int(sizes[0]) if sizes else sum(len(message.get("body", b"")) for message in messages)
        if announced > self._limit and not is_stream:
            reply = errors.problem_reply(413, "body-too-large", "Body too large", f"send at most {self._limit} bytes")
            await reply(scope, receive, with_headers)
            return

        async def replayed() -> Message:
            return messages.pop(0) if messages else await receive()

        try:
            await self._app(scope, replayed, with_headers)
        except Exception as error:
            if has_started:
                raise
            await errors.unexpected(scope["path"], error)(scope, receive, with_headers)

    async def _read(self, receive: Receive) -> list[Message]:
        """Read a body of unannounced length, a little more than the limit at most."""
        messages, size, more = [], 0, True
        while more and size <= self._limit:
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
            more = messages[-1].get("more_body", False)
        return messages
