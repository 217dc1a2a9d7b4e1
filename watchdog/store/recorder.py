"""Writes responses and scores as they arrive, in batches, off the event loop.

What a model answered costs money: it is durable at most 100 ms or 200 rows after it arrived. While the database cannot
be written, rows are held and tried again and no new call is begun. When that does not help in time, what is held goes
to a file beside the database (or in the temporary folder), and the next run of the watch takes it in from there.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError

from watchdog.domain.response import CallStatus, Response
from watchdog.domain.score import Score, ScoreRow
from watchdog.errors import ErrorKind, StoreBusy, StoreError, StoreFull, StoreOutdated
from watchdog.store import rows
from watchdog.store.store import Store
from watchdog.text.counts import count_or_none, finite_or_none

#: A batch is written when it is this old (seconds) or this long (rows).
BATCH_SECONDS = 0.1
BATCH_ROWS = 200
#: How long rows are held while the database cannot be written.
PATIENCE_SECONDS = 30.0
#: How often a long run says that it is alive.
RENEW_SECONDS = 5.0


class Recorder:
    """Takes rows from the event loop and writes them from a thread of its own. One run, one recorder."""

    def __init__(
        self,
        store: Store,
        run_id: str,
        *,
        renew: Callable[[], None] = lambda: None,
        on_trouble: Callable[[StoreError], None] = lambda _error: None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """``on_trouble`` is called once, from the writer's thread, when a batch could not be written at first."""
        self._store = store
        self._run_id = run_id
        self._renew = renew
        self._on_trouble = on_trouble
        self._patience = patience
        self._waiting: list[Response | ScoreRow] = []
        self._lock = threading.Lock()
        self._full = threading.Event()
        self._closing = False
        #: Why rows had to wait, and why they were given up.
        self._trouble: StoreError | None = None
        self._failure: StoreError | None = None
        self._thread = threading.Thread(target=self._work, name=f"recorder-{run_id}", daemon=True)
        self._thread.start()

    def record(self, row: Response | ScoreRow) -> None:
        """Hand over a row; returns at once."""
        with self._lock:
            self._waiting.append(row)
            if len(self._waiting) >= BATCH_ROWS:
                self._full.set()

    def close(self) -> None:
        """Write what is held and stop.

        Raises:
            StoreError: the database could not be written for a while. What still is not is kept elsewhere, and the
                message says where.
        """
        self._closing = True
        self._full.set()
        self._thread.join()
        error = self._failure or self._trouble
        if error is not None:
            raise error

    def _work(self) -> None:
        renewed = time.monotonic()
        while True:
            closing = self._closing  # read before the rows are taken: whatever came earlier is in this batch
            with self._lock:
                batch, self._waiting = self._waiting, []
                self._full.clear()
            for start in range(0, len(batch), BATCH_ROWS):
                self._write_or_spill(batch[start : start + BATCH_ROWS])
            if closing:
                return
            if time.monotonic() - renewed > RENEW_SECONDS and self._failure is None:
                renewed = time.monotonic()
                self._try_renewing()
            self._full.wait(BATCH_SECONDS)

    def _try_renewing(self) -> None:
        try:
            self._renew()
        except StoreError as error:
            self._troubled(error)

    def _troubled(self, error: StoreError) -> None:
        if self._trouble is None:
            self._trouble = error
            self._on_trouble(error)

    def _write_or_spill(self, batch: list[Response | ScoreRow]) -> None:
        deadline = time.monotonic() + (self._patience if self._failure is None else 0.0)
        while True:
            try:
                write(self._store, batch)
            except StoreError as error:
                self._troubled(error)
                if time.monotonic() >= deadline:
                    self._give_up(batch, error)
                    return
                time.sleep(0.5)
            else:
                return

    def _give_up(self, batch: list[Response | ScoreRow], error: StoreError) -> None:
        place = spill(self._store, self._run_id, batch)
        kept = (
            f"what could not be written is kept in {place} and taken in by the next run"
            if place
            else (f"{len(batch)} rows could be written nowhere")
        )
        if self._failure is None:
            self._failure = type(error)(f"{error}; {kept}")


def write(store: Store, batch: list[Response | ScoreRow]) -> None:
    """One batch, one transaction; when a row in it cannot be stored, a transaction for each.

    A row that cannot be stored as it is (a number no column holds, a value that is no JSON) is stored as far as it
    can be: left as it is it would wedge its watch, because every later run would meet it again.

    Raises:
        StoreError: the database cannot be written.
    """
    if _stored(store, batch):
        return
    for row in batch:
        if not _stored(store, [row]) and not _stored(store, [_storable(row)]):
            raise StoreError("the database refused a row")


def _stored(store: Store, batch: list[Response | ScoreRow]) -> bool:
    """Write rows together; False when it is one of them that is at fault. StoreError when the database is."""
    try:
        with store.begin() as session:
            session.responses.record([row for row in batch if isinstance(row, Response)])
            session.scores.record([row for row in batch if isinstance(row, ScoreRow)])
    except StoreError as error:
        if not _refuses_values(error):
            raise
        return False
    except Exception:  # noqa: BLE001 - values of any kind may be in a row: drivers and JSON raise what they like
        return False
    return True


def _refuses_values(error: StoreError) -> bool:
    """Whether the database refused what was to be written, rather than to be written at all."""
    if isinstance(error, StoreBusy | StoreFull | StoreOutdated):
        return False
    cause = error.__cause__
    if isinstance(cause, DBAPIError):
        return isinstance(cause, DataError | IntegrityError | ProgrammingError)
    return isinstance(cause, StatementError)


def _storable(row: Response | ScoreRow) -> Response | ScoreRow:
    """What is left of a row that no database can hold as it is: its key, and what we measured ourselves."""
    if isinstance(row, Response):
        return Response(
            key=row.key,
            status=CallStatus.ERROR,
            attempts=count_or_none(row.attempts) or 0,
            cost=finite_or_none(row.cost),
            error_kind=ErrorKind.BAD_RESPONSE,
            error="the answer cannot be stored",
            at=finite_or_none(row.at) or 0.0,
        )
    score = row.score
    reason = score.reason if isinstance(score.reason, str) else ""
    bar = finite_or_none(score.bar)
    kept = Score(
        value=finite_or_none(score.value),
        reason=reason,
        bar=1.0 if bar is None else bar,
        cost=finite_or_none(score.cost),
    )
    return replace(row, score=kept)


def _spill_places(store: Store, run_id: str) -> Iterator[Path]:
    name = f"watchdog-unrecorded-{run_id}.jsonl"
    if store.path is not None:
        yield store.path.parent / name
    yield Path(tempfile.gettempdir()) / name


def spill(store: Store, run_id: str, batch: list[Response | ScoreRow]) -> Path | None:
    """Append rows to a file beside the database, or in the temporary folder; None when neither can be written."""
    lines = "\n" + "".join(f"{_line(row)}\n" for row in batch)  # a full disk may have left half a line there
    for place in _spill_places(store, run_id):
        try:
            place.touch(mode=0o600)
            with place.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError:
            continue
        return place
    return None


def _line(row: Response | ScoreRow) -> str:
    try:
        return _as_json(row)
    except Exception:  # noqa: BLE001 - no JSON: a value of a type of the user's own, a circle, a number without end
        return _as_json(_storable(row))


def _as_json(row: Response | ScoreRow) -> str:
    return json.dumps(
        {"response": rows.response_row(row)} if isinstance(row, Response) else {"score": rows.score_row(row)}
    )


def take_in_spilled(store: Store, run_id: str) -> int:
    """Write spilled rows of a run to the database and remove their files. Returns how many rows there were.

    Raises:
        StoreError: the database cannot be written, or a file cannot be read; the files are still there.
    """
    taken = 0
    for place in _spill_places(store, run_id):
        if not place.exists():
            continue
        try:
            lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            raise StoreError(f"{place}, kept from an earlier run, cannot be read: {error.strerror}") from error
        batch = [row for line in lines if (row := _spilled_row(line))]
        write(store, batch)
        place.unlink()
        taken += len(batch)
    return taken


def _spilled_row(line: str) -> Response | ScoreRow | None:
    """The row of a line; None for a line that holds none.

    Half a line is left by a full disk: the whole of it is in the next place, or was never answered for.
    """
    try:
        body: Mapping[str, Any] = json.loads(line)
        return rows.response_of(body["response"]) if "response" in body else rows.score_of(body["score"])
    except Exception:  # noqa: BLE001 - the file lay where others may write: whatever is in it, the run goes on
        return None
