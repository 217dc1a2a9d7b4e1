from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from watchdog.providers.deferred import classes, deferred


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


def test_a_module_of_a_deferred_package_is_no_reason_to_run_it(package):
    """``from . import small`` in a module of the package asks the package for an attribute."""
    with deferred(f"{package}.names"):
        outer = importlib.import_module(package)
    assert outer.names.small.SMALL == 1
    assert f"{package}.names.large" not in sys.modules


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr("watchdog.providers.deferred._alone", True)


@pytest.mark.usefixtures("alone")
def test_a_class_is_found_where_we_know_it_to_be_or_by_its_name(package):
    assert classes(package, "names.small.SMALL") == (1,)
    assert f"{package}.names.large" not in sys.modules
    assert classes(f"{package}.names", "moved.LARGE", "small.LARGE") == (2, 2)


@pytest.mark.parametrize(
    ("package", "made"),
    [
        ("openai", "_client.AsyncOpenAI"),
        ("openai", "lib.azure.AsyncAzureOpenAI"),
        ("anthropic", "_client.AsyncAnthropic"),
    ],
)
def test_the_sdks_have_their_classes_where_we_know_them_to_be(package, made):
    """Otherwise every start takes longer, and nothing else would say so."""
    script = f"""
import sys
from watchdog.providers.deferred import classes, nobody_else_is_here
nobody_else_is_here()
classes({package!r}, {made!r}, "_base_client.DefaultAioHttpClient")
assert "{package}.lib.bedrock" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


SDKS = [("openai", "AsyncOpenAI", "chat"), ("anthropic", "AsyncAnthropic", "messages")]


@pytest.mark.parametrize("alone", ["nobody_else_is_here()", ""])
@pytest.mark.parametrize(("package", "made", "part"), SDKS)
def test_an_sdk_of_which_we_took_two_classes_is_whole_to_everybody_else(package, made, part, alone):
    assert_runs(f"""
from watchdog.providers.deferred import classes, nobody_else_is_here
{alone}
(made,) = classes({package!r}, "_client.{made}")
client = made(api_key="none", base_url="http://127.0.0.1:9/v1")
assert client.{part} and client.models
import {package}
assert {package}.{made} is made and {package}.APIStatusError and {package}.types.Model
from {package} import resources, {made.removeprefix("Async")}
assert set({package}.__all__) <= set(dir({package}))
""")


@pytest.mark.parametrize(("package", "made", "part"), SDKS)
def test_code_of_the_users_own_finds_the_sdk_as_it_knows_it(package, made, part):
    """It sets what it sets on the package, and uses it in threads while we open ours."""
    plain = made.removeprefix("Async")
    assert_runs(f"""
import threading
from concurrent.futures import ThreadPoolExecutor
import httpcore2, httpx2  # by themselves: of circular imports in many threads Python sees some half run
from watchdog.providers.deferred import classes

start = threading.Barrier(5)

def ours():
    start.wait()
    return classes({package!r}, "_client.{made}")

def theirs():
    start.wait()
    import {package}
    {package}.base_url = "http://gateway.internal/"
    from {package} import {plain}
    return {package}.{plain}(api_key="none").{part}

with ThreadPoolExecutor(5) as threads:
    asked = [threads.submit(ours), *(threads.submit(theirs) for _ in range(4))]
    assert all(one.result() for one in asked)
import {package}
assert {package}.{made} and {package}.base_url == "http://gateway.internal/"
""")


def assert_runs(script):
    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
