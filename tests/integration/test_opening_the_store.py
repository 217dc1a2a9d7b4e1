"""A store that is opened: by several processes at once, and under a URL that is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from watchdog.errors import StoreError, StoreOutdated, UsageError
from watchdog.store.store import Store

PREPARE = "import sys; from watchdog.store.store import Store; Store(sys.argv[1]).prepare(); print('prepared')"


@pytest.mark.parametrize(
    "url", ["nonsense", "mongodb://x", "sqlite:///no/such/folder/x.db", "postgresql://127.0.0.1:1/x"]
)
def test_a_database_that_cannot_be_used_is_told_in_words(url):
    with pytest.raises((StoreError, UsageError)) as caught:
        Store(url).prepare()
    assert "Traceback" not in str(caught.value)


@pytest.mark.postgres
@pytest.mark.parametrize(("wrong", "said"), [("nobody:@", "nobody"), ("nobody:secretword@", "nobody")])
def test_a_server_that_turns_us_away_is_not_taken_for_an_old_schema(postgres_server, wrong, said):
    url = postgres_server.get_uri(database="postgres").replace("postgres:@", wrong)
    with pytest.raises(StoreError, match=rf"turns us away \(.*{said}.*; is the URL of the store right") as caught:
        Store(url).prepare()
    assert not isinstance(caught.value, StoreOutdated)
    assert "secretword" not in str(caught.value)


@pytest.mark.postgres
def test_a_database_that_there_is_not_is_said_to_be_missing(postgres_server):
    with pytest.raises(StoreError, match=r'turns us away \(database "nowhere" does not exist\)') as caught:
        Store(postgres_server.get_uri(database="nowhere")).prepare()
    assert not isinstance(caught.value, StoreOutdated)


def test_several_processes_may_open_an_empty_database_at_once(database_url):
    several = [
        subprocess.Popen([sys.executable, "-c", PREPARE, database_url], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=120)[0] for process in several] == ["prepared\n"] * 4


@pytest.mark.parametrize("another", [False, True])
def test_a_database_file_that_is_gone_or_replaced_is_noticed_and_not_written_to(tmp_path, another):
    path = tmp_path / "watchdog.db"
    store = Store(f"sqlite:///{path}")
    store.prepare()
    store.close()  # nothing of it is beside it any more
    kept = path.rename(tmp_path / "moved.db")
    if another:
        replacing = Store(f"sqlite:///{path}")
        replacing.prepare()
        replacing.close()
    for use in (store.ping, lambda: store.begin().__enter__(), lambda: store.read().__enter__()):
        with pytest.raises(StoreError, match="gone or was replaced"):
            use()
    assert path.exists() == another, "nothing made an empty one in its place"
    kept.replace(path)
    store.ping()
    store.close()
