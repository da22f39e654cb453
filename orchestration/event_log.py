"""Where Dagster keeps what happened in its runs: its own SQLite files, through connections that stay open.

Dagster's class opens and closes a file for each of the thousands of events of a run, which took as long as building the marts.
What doesn't belong here: what an event says, and the format of the files (Dagster's own class reads them too).
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from dagster import StringSource
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

_KEPT: Final = 16  # a run has a file of its own, and a page of the web server looks at a few
_BUSY_SECONDS: Final = 60


class EventLog(SqliteEventLogStorage):
    """Dagster's SQLite event log. A killed process loses nothing it had written; a power cut may lose the last events of a run."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open the log in a folder."""
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._one_at_a_time = threading.Lock()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Return what dagster.yaml says of the log: the folder that holds DAGSTER_HOME."""
        return {"home": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> "EventLog":
        """Open the log where Dagster's own class has it."""
        return cls(str(Path(config_value["home"], "history", "runs")), inst_data)

    def run_connection(self, run_id: str | None = None) -> Any:
        """Return a transaction on a run's file."""
        assert run_id
        return self._transaction(run_id)

    def index_connection(self) -> Any:
        """Return a transaction on the file that knows all runs."""
        return self._transaction(INDEX_SHARD_NAME)

    def dispose(self) -> None:
        """Close every file."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()

    @contextmanager
    def _transaction(self, shard: str) -> Iterator[Connection]:
        with self._one_at_a_time:
            if shard not in self._engines:
                self._open(shard)
            self._engines.move_to_end(shard)
            with self._engines[shard].begin() as connection:
                yield connection

    def _open(self, shard: str) -> None:
        with super().run_connection(shard):
            pass  # makes the file where there is none
        once = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(self.conn_string_for_shard(shard), poolclass=StaticPool, connect_args=once)
        event.listen(engine, "connect", lambda opened, _: opened.execute("pragma synchronous = normal"))
        self._engines[shard] = engine
        while len(self._engines) > _KEPT:
            self._engines.popitem(last=False)[1].dispose()
