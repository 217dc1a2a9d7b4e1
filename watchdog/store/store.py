"""The one way to the database: transactions over everything that is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from watchdog.errors import StoreError
from watchdog.store.alerting import Alerts, Outbox
from watchdog.store.answers import Answers
from watchdog.store.costs import Costs
from watchdog.store.drills import Drills
from watchdog.store.engine import errors_in_words, open_engine, prepare
from watchdog.store.feedback import Feedbacks
from watchdog.store.findings import Baselines, Detection
from watchdog.store.gates import Gates
from watchdog.store.measurements import Responses, Runs, Scores
from watchdog.store.silences import Silences
from watchdog.store.triages import Actions, Triages
from watchdog.store.verifications import Verifications


class Session:
    """One transaction: everything done through it is kept, or nothing is."""

    def __init__(self, connection: Connection) -> None:
        self.runs = Runs(connection)
        self.responses = Responses(connection)
        self.scores = Scores(connection)
        self.answers = Answers(connection)
        self.costs = Costs(connection)
        self.baselines = Baselines(connection)
        self.detection = Detection(connection)
        self.alerts = Alerts(connection)
        self.outbox = Outbox(connection)
        self.silences = Silences(connection)
        self.gates = Gates(connection)
        self.triages = Triages(connection)
        self.actions = Actions(connection)
        self.drills = Drills(connection)
        self.feedback = Feedbacks(connection)
        self.verifications = Verifications(connection)


class Store:
    """A database of runs and alerts. Safe to use from several threads and processes."""

    def __init__(self, url: str, *, busy_seconds: float = 10.0) -> None:
        self._engine = open_engine(url, busy_seconds=busy_seconds)
        #: The URL without its password.
        self.url = self._engine.url.render_as_string(hide_password=True)
        on_disk = self._engine.dialect.name == "sqlite" and self._engine.url.database not in (None, "", ":memory:")
        #: File of an SQLite database; None for a server.
        self.path = Path(str(self._engine.url.database)).absolute() if on_disk else None
        #: Device and number of that file when it was opened: one that was deleted can be written to for ever.
        self._file: tuple[int, int] | None = None

    def prepare(self) -> None:
        """Make the tables of an empty database.

        Raises:
            StoreOutdated: the database has another schema revision.
            StoreError: it cannot be reached or written.
        """
        prepare(self._engine)
        self._file = self._found_file()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that writes. Keep it short, and no network inside.

        Raises:
            StoreBusy: another process held the database too long.
            StoreFull: the disk is full.
            StoreError: it cannot be used, or its file is gone.
        """
        self._check_file()
        with errors_in_words(), self._engine.begin() as connection:
            yield Session(connection)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view that does not keep writers waiting.

        Raises:
            StoreError: the database cannot be used, or its file is gone.
        """
        self._check_file()
        with errors_in_words(), self._engine.connect().execution_options(reading=True) as connection:
            yield Session(connection)

    def ping(self) -> None:
        """Raise StoreError unless the database answers."""
        self._check_file()
        with errors_in_words(), self._engine.connect().execution_options(reading=True) as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give up connections."""
        self._engine.dispose()

    def _found_file(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat() if self.path is not None else None
        except OSError:
            return None
        return found and (found.st_dev, found.st_ino)

    def _check_file(self) -> None:
        if self._file is not None and self._found_file() != self._file:
            self._engine.dispose()
            remedy = "put it back, or stop every eval-watchdog that uses it and start anew"
            raise StoreError(f"the database file is gone or was replaced: {remedy}")
