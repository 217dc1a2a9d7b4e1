"""The user's own code as a target."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from watchdog.domain.case import Message
from watchdog.domain.response import Request, ToolCall, Usage
from watchdog.errors import ErrorKind, ProviderError, UsageError
from watchdog.providers.python_callable import PythonProvider

REQUEST = Request(model="m", messages=(Message(role="user", content="secret prompt"),))


@pytest.fixture(autouse=True)
def agents_on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield
    sys.modules.pop("my_agents", None)


async def test_an_async_callable_answers_with_a_text():
    assert (await PythonProvider(callable="my_agents:echo").complete(REQUEST)).text == "you said secret prompt"


async def test_a_plain_function_runs_in_a_thread():
    answer = await PythonProvider(callable="my_agents:blocking").complete(REQUEST)
    assert (answer.text, answer.served_model) == ("from a thread", "m")


async def test_plain_functions_wait_neither_for_one_another_nor_keep_the_loops_own_threads():
    """More of them than asyncio has threads: each holds its own, and what else needs a thread gets one."""
    provider = PythonProvider(callable="my_agents:hanging", max_connections=60)
    calls = [asyncio.ensure_future(provider.complete(REQUEST)) for _ in range(60)]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 30) == "free"
    with pytest.raises(ProviderError, match="still busy with 60 calls") as refused:
        await provider.complete(REQUEST)
    assert refused.value.kind is ErrorKind.TIMEOUT
    sys.modules["my_agents"].GATE.set()
    assert {answer.text for answer in await asyncio.gather(*calls)} == {"late"}
    assert (await provider.complete(REQUEST)).text == "late"


async def test_a_function_that_hangs_is_left_behind_when_its_time_is_over():
    provider = PythonProvider(callable="my_agents:hanging", max_connections=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await provider.complete(REQUEST)
    with pytest.raises(ProviderError, match="still busy"):
        await provider.complete(REQUEST)
    sys.modules["my_agents"].GATE.set()
    async with asyncio.timeout(30):
        while True:
            with suppress(ProviderError):
                assert (await provider.complete(REQUEST)).text == "late"
                return
            await asyncio.sleep(0.01)


async def test_a_function_that_wants_to_leave_takes_nobody_with_it():
    with pytest.raises(ProviderError, match=r"SystemExit at my_agents\.py"):
        await PythonProvider(callable="my_agents:leaving").complete(REQUEST)


async def test_a_mapping_may_carry_usage_and_tool_calls():
    answer = await PythonProvider(callable="my_agents:detailed").complete(REQUEST)
    assert answer.usage == Usage(input_tokens=3)
    assert answer.tool_calls == (ToolCall(name="crm", error="down"),)


async def test_a_nested_name_is_found():
    assert (await PythonProvider(callable="my_agents:Agents.nested").complete(REQUEST)).text == "nested"


async def test_an_exception_is_internal_and_tells_its_place_but_not_the_prompt():
    with pytest.raises(ProviderError) as caught:
        await PythonProvider(callable="my_agents:broken").complete(REQUEST)
    assert (caught.value.kind, caught.value.retryable) == (ErrorKind.INTERNAL, False)
    assert "KeyError at my_agents.py:" in str(caught.value)
    assert "secret prompt" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_callable_may_say_itself_what_kind_of_failure_it_met():
    with pytest.raises(ProviderError) as caught:
        await PythonProvider(callable="my_agents:overloaded").complete(REQUEST)
    assert caught.value.kind is ErrorKind.SERVER


async def test_something_that_is_no_answer_is_internal():
    with pytest.raises(ProviderError, match="expected an object, not int"):
        await PythonProvider(callable="my_agents:wrong").complete(REQUEST)


@pytest.mark.parametrize("path", ["no_colon", ":name", "module:"])
def test_a_path_of_the_wrong_form_is_refused(path):
    with pytest.raises(UsageError, match=r"package\.module:name"):
        PythonProvider(callable=path)


@pytest.mark.parametrize("path", ["no_such_module_at_all:f", "my_agents:nobody", "my_agents:__name__"])
def test_a_callable_that_does_not_exist_is_known_before_the_first_call(path):
    with pytest.raises(UsageError):
        PythonProvider(callable=path).warm_up()
