from pathlib import Path

import pytest

from watchdog.generate.teams import load_teams

HOUSE = Path(__file__).resolve().parents[3]
EXAMPLE = HOUSE / "docs" / "examples" / "teams.yaml"


@pytest.fixture
def written(tmp_path):
    """Write the example's text, changed, and read it."""

    def written(*changes, environ=None):
        text = EXAMPLE.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        file = tmp_path / "teams.yaml"
        file.write_text(text, encoding="utf-8")
        return load_teams(file, environ or {})

    return written


@pytest.fixture
def teams():
    return load_teams(EXAMPLE, {}).checked()
