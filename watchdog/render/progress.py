"""A progress bar on stderr; silent where nobody watches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from watchdog.render.words import one_line

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress:
    """How far a run is: ``start(total)``, ``advance(n, label)``, ``stop()``."""

    def __init__(self, *, file: TextIO | None = None, enabled: bool | None = None) -> None:
        """Draw on ``file`` (stderr); ``enabled`` None means only when it is a terminal."""
        self._file = sys.stderr if file is None else file
        self._enabled = self._file.isatty() if enabled is None else enabled
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, total: int, label: str = "") -> None:
        """Begin a bar of ``total`` steps; one that is already there is replaced."""
        self.stop()
        if not self._enabled:
            return
        from rich.console import Console  # noqa: PLC0415 - costs 60 ms that a silent run need not pay
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bar = Bar(
            *columns, console=Console(file=self._file, force_terminal=True), transient=True, refresh_per_second=5
        )
        self._task = self._bar.add_task(one_line(label, 30), total=total)
        self._bar.start()

    def advance(self, n: int = 1, label: str | None = None) -> None:
        """``n`` more steps are done; ``label`` says what is going on."""
        if self._bar is not None and self._task is not None:
            if label is not None:
                self._bar.update(self._task, description=one_line(label, 30))
            self._bar.advance(self._task, n)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None
