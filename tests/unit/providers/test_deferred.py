from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from watchdog.providers.deferred import deferred


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose parts say when they run."""
    inner = tmp_path / "outer_of_test" / "names"
    inner.mkdir(parents=True)
    (inner.parent / "__init__.py").write_text("from . import names\nfrom .names.small import SMALL\n")
    (inner / "__init__.py").write_text("from .large import LARGE\n")
    (inner / "small.py").write_text("SMALL = 1\n")
    (inner / "large.py").write_text("LARGE = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "outer_of_test"
    for name in [name for name in sys.modules if name.startswith("outer_of_test")]:
        del sys.modules[name]


def test_a_deferred_package_is_run_when_a_name_is_missed(package):
    with deferred(f"{package}.names"):
        outer = importlib.import_module(package)
    assert outer.SMALL == 1
    assert f"{package}.names.large" not in sys.modules
    assert outer.names.LARGE == 2
    assert f"{package}.names.large" in sys.modules
    with pytest.raises(AttributeError, match="no attribute 'HUGE'"):
        _ = outer.names.HUGE


def test_other_packages_are_run_as_ever(package):
    before = list(sys.meta_path)
    with deferred("another_package"):
        outer = importlib.import_module(package)
    assert f"{package}.names.large" in sys.modules
    assert outer.names.LARGE == 2
    assert sys.meta_path == before


def test_the_openai_sdk_works_without_having_run_its_types():
    script = """
import sys
from watchdog.providers.deferred import deferred
with deferred("openai.types"):
    import openai
client = openai.AsyncOpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")
assert "openai.types.responses.response" not in sys.modules
assert client.chat.completions and openai.types.Batch
from openai.types.chat import ChatCompletion
"""
    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
