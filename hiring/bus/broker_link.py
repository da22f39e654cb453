"""One connection to RabbitMQ for a station that is not asynchronous. asyncio runs in a thread of its own: heartbeats go on while
a station waits or works. After any failure the connection is dropped, and the next use makes a new one.

What doesn't belong here: exchanges, queues and what is in a message (rabbitmq.py).
"""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

CONNECT_SECONDS = 10
CALL_SECONDS = 10

Result = TypeVar("Result")


class LoopThread:
    """An asyncio loop in a daemon thread, shared by the links of one process."""

    def __init__(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result], seconds: float) -> Result:
        """Return what a coroutine returns.

        Raises:
            TimeoutError: it took longer than ``seconds``; it is cancelled.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """Stop the loop and end the thread."""

        async def end_tasks() -> None:
            for _ in range(10):  # what is cancelled may begin something to tidy up
                tasks = asyncio.all_tasks() - {asyncio.current_task()}
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.sleep(0)

        with suppress(TimeoutError):
            self.run(end_tasks(), CALL_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS)
        self._loop.close()


class Link:
    """A connection with one channel: publisher confirms are on, an unroutable message is an error."""

    def __init__(self, url: str, thread: LoopThread) -> None:
        """Connect when first used."""
        self._url = url
        self._thread = thread
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._arrived: queue.SimpleQueue[AbstractIncomingMessage] = queue.SimpleQueue()
        self._is_consuming: Callable[[], bool] = lambda: False

    @property
    def is_consuming(self) -> bool:
        """Whether messages can still arrive: connection and channel live, and the broker has not cancelled (its queue was deleted)."""
        return self._channel is not None and not self._channel.is_closed and self._is_consuming()

    def run(self, coroutine: Coroutine[Any, Any, Result], seconds: float = CALL_SECONDS) -> Result:
        """Return what a coroutine of this link returns; any failure drops the connection.

        Raises:
            Exception: what the coroutine raised, or TimeoutError.
        """
        try:
            return self._thread.run(coroutine, seconds)
        except Exception:
            self.close()
            raise

    async def channel(self) -> AbstractChannel:
        """Return the channel, opened if need be. For coroutines given to ``run``."""
        if self._channel is None or self._channel.is_closed:
            self._connection = await aio_pika.connect(self._url, timeout=CONNECT_SECONDS)
            self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        return self._channel

    def consume(self, name: str, prefetch: int, declare: Callable[[AbstractChannel, str], Awaitable[int]]) -> int:
        """Declare a queue and begin to take from it on a new connection; return how many messages waited."""
        self.close()
        arrived: queue.SimpleQueue[AbstractIncomingMessage] = queue.SimpleQueue()

        async def put(message: AbstractIncomingMessage) -> None:
            arrived.put(message)

        async def begin() -> int:
            channel = await self.channel()
            await channel.set_qos(prefetch_count=prefetch)
            waiting = await declare(channel, name)
            tag = await (await channel.get_queue(name, ensure=False)).consume(put)
            consumers = getattr(await channel.get_underlay_channel(), "consumers")  # noqa: B009  the interface does not declare it
            self._is_consuming = lambda: tag in consumers
            return waiting

        waiting = self.run(begin(), CONNECT_SECONDS + CALL_SECONDS)
        self._arrived = arrived
        return waiting

    def take(self, seconds: float) -> list[AbstractIncomingMessage]:
        """Return the messages that arrived, in their order; wait for the first at most ``seconds``."""
        taken: list[AbstractIncomingMessage] = []
        with suppress(queue.Empty):
            if seconds:
                taken.append(self._arrived.get(timeout=seconds))
            while True:
                taken.append(self._arrived.get_nowait())
        return taken

    def acknowledge(self, message: AbstractIncomingMessage) -> None:
        """Settle a message and every earlier one."""
        self.run(_settled(message.ack(multiple=True)))

    def reject(self, message: AbstractIncomingMessage) -> None:
        """Send a message to the dead-letter queue."""
        self.run(_settled(message.reject(requeue=False)))

    def close(self) -> None:
        """Drop the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(Exception):  # it may be broken in any way; it is given up anyhow
                self._thread.run(_settled(connection.close()), CALL_SECONDS)


async def _settled(call: Awaitable[Any]) -> None:
    await call
