"""Schema migrations: ``db upgrade`` and its way back."""

from __future__ import annotations

import logging
from pathlib import Path

from watchdog.store.engine import errors_in_words, open_engine, stored_revision


def migrate(url: str, scripts: Path, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring a database to a revision; returns (revision before, revision after).

    ``scripts`` is the folder of the migrations. Downgrades when the revision lies behind the database's; ``base``
    empties it.

    Raises:
        StoreError: the database cannot be reached or written.
    """
    from alembic import command  # noqa: PLC0415  a third of a second that only this command pays
    from alembic.config import Config  # noqa: PLC0415

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(scripts))
    engine = open_engine(url)
    try:
        with errors_in_words(), engine.begin() as connection:
            before = stored_revision(connection)
            config.attributes["connection"] = connection
            going_down = revision == "base" or (before is not None and revision != "head" and revision < before)
            (command.downgrade if going_down else command.upgrade)(config, revision)
            return before, stored_revision(connection)
    finally:
        engine.dispose()
