"""A quick SMTP server as a process: ``python -m tests.support.smtp_sink FILE [DELAY [PORT]]`` says its port and fills FILE.

FILE gets a line a letter before the letter is answered: the left part of its Message-ID, and when it came (Unix seconds).
DELAY: seconds from a letter's end to its answer, as a server far away or a busy one takes. PORT: default a free one.
"""

import asyncio
import re
import signal
import sys
import time
from pathlib import Path
from typing import TextIO

_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE)
_GREETING, _OK, _GO, _BYE = b"220 sink\r\n", b"250 ok\r\n", b"354 go\r\n", b"221 bye\r\n"


class Sink(asyncio.Protocol):
    """One connection: knows enough of RFC 5321 to take letters, and answers as fast as it can."""

    def __init__(self, ids: TextIO, delay_seconds: float) -> None:
        self._ids = ids
        self._delay = delay_seconds
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n.\r\n" if self._in_data else b"\r\n")
            if end < 0:
                return
            if self._in_data:
                found = _ID.search(self._buffer, 0, end)
                self._ids.write(f"{found[1].decode() if found else 'none'} {time.time()}\n")
                self._buffer, self._in_data = self._buffer[end + 5 :], False
                if self._delay:
                    asyncio.get_running_loop().call_later(self._delay, self._transport.write, _OK)
                else:
                    self._transport.write(_OK)
                continue
            verb, self._buffer = self._buffer[:4].upper(), self._buffer[end + 2 :]
            self._in_data = verb == b"DATA"
            self._transport.write(_GO if self._in_data else _BYE if verb == b"QUIT" else _OK)


async def _serve(file: Path, delay_seconds: float = 0, port: int = 0) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    with file.open("a", buffering=1) as ids:
        server = await loop.create_server(lambda: Sink(ids, delay_seconds), "127.0.0.1", port)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await stopping.wait()
        server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), *map(float, sys.argv[2:3]), *map(int, sys.argv[3:4])))
