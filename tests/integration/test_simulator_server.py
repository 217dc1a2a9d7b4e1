import asyncio

import aiohttp
import anthropic
import httpx2
import openai
import pytest

from watchdog.simulator.feature import support_reply
from watchdog.simulator.server import SimulatorServer, serve
from watchdog.simulator.simulator import Simulator

CASE = support_reply().cases[0]
MESSAGES = [{"role": "user", "content": f"Customer: {CASE.variables['input']}"}]


@pytest.fixture
async def simulator():
    return Simulator([support_reply()], seed=3, aliases={"sim-1": "sim-1-2026-08"})


@pytest.fixture
async def url(simulator):
    server = SimulatorServer(simulator)
    yield await server.start()
    await server.stop()


@pytest.fixture
async def http(url):
    async with httpx2.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
async def openai_client(url):
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{url}/v1", max_retries=0, timeout=2) as client:
        yield client


@pytest.fixture
async def anthropic_client(url):
    async with anthropic.AsyncAnthropic(api_key="any", base_url=url, max_retries=0, timeout=2) as client:
        yield client


async def turn(http, **knobs):
    answer = await http.post("/control", json={"models": {"*": knobs}})
    assert answer.status_code == 200, answer.text


async def test_the_openai_sdk_gets_a_completion(openai_client, http):
    await turn(http, quality=1.0)
    raw = await openai_client.chat.completions.with_raw_response.create(model="sim-1", messages=MESSAGES)
    completion = raw.parse()
    assert CASE.metadata["good"]["reply"] in completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "stop"
    assert completion.model == "sim-1-2026-08"
    assert completion.system_fingerprint.startswith("fp_")
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0
    assert raw.headers["x-request-id"].startswith("req_")


async def test_the_anthropic_sdk_gets_a_message(anthropic_client, http):
    await turn(http, quality=1.0)
    message = await anthropic_client.messages.create(
        model="sim-1", max_tokens=200, system="Answer in JSON.", messages=MESSAGES
    )
    assert CASE.metadata["good"]["reply"] in message.content[0].text
    assert (message.model, message.stop_reason) == ("sim-1-2026-08", "end_turn")
    assert message.usage.input_tokens > 0 < message.usage.output_tokens
    assert message._request_id.startswith("req_")


async def test_both_protocols_give_the_same_kind_of_cut(openai_client, anthropic_client):
    completion = await openai_client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=3)
    message = await anthropic_client.messages.create(model="m", max_tokens=3, messages=MESSAGES)
    assert completion.choices[0].finish_reason == "length"
    assert message.stop_reason == "max_tokens"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", "AuthenticationError"),
        ("403", "PermissionDeniedError"),
        ("404", "NotFoundError"),
        ("429", "RateLimitError"),
        ("quota", "RateLimitError"),
        ("500", "InternalServerError"),
        ("529", "InternalServerError"),
        ("drop", "APIConnectionError"),
    ],
)
async def test_faults_are_the_errors_that_both_sdks_know(openai_client, anthropic_client, http, fault, error):
    await turn(http, faults={fault: 1.0}, retry_after=3)
    with pytest.raises(getattr(openai, error)) as theirs:
        await openai_client.chat.completions.create(model="m", messages=MESSAGES)
    with pytest.raises(getattr(anthropic, error)):
        await anthropic_client.messages.create(model="m", max_tokens=9, messages=MESSAGES)
    if fault == "quota":
        assert theirs.value.code == "insufficient_quota"
    if fault == "429":
        assert theirs.value.response.headers["retry-after"] == "3"


async def test_an_empty_body_and_garbage_come_with_status_200(http):
    await turn(http, faults={"empty": 1.0})
    answer = await http.post("/v1/chat/completions", json={"model": "m", "messages": MESSAGES})
    assert (answer.status_code, answer.content) == (200, b"")
    await turn(http, faults={"garbage": 1.0})
    answer = await http.post("/v1/messages", json={"model": "m", "messages": MESSAGES, "max_tokens": 5})
    assert answer.status_code == 200
    assert answer.text.startswith("<html>")


async def test_a_call_that_hangs_is_given_up_by_the_client_and_forgotten_by_the_server(openai_client, http, simulator):
    await turn(http, faults={"hang": 1.0})
    with pytest.raises(openai.APITimeoutError):
        await openai_client.with_options(timeout=0.2).chat.completions.create(model="m", messages=MESSAGES)
    for _ in range(100):
        if simulator.stats()["in_flight"] == 0:
            break
        await asyncio.sleep(0.02)
    assert simulator.stats()["in_flight"] == 0


async def test_stopping_breaks_calls_that_hang():
    server = SimulatorServer(Simulator())
    url = await server.start()
    async with httpx2.AsyncClient(base_url=url, timeout=20) as http:
        await turn(http, faults={"hang": 1.0})
        call = asyncio.ensure_future(http.post("/agent", json={"input": "x"}))
        await asyncio.sleep(0.1)
        await asyncio.wait_for(server.stop(), 5)
        with pytest.raises(httpx2.HTTPError):
            await call


async def test_latency_is_waited_for(http):
    await turn(http, latency=0.15)
    loop = asyncio.get_running_loop()
    start = loop.time()
    await http.post("/agent", json={"input": "x"})
    assert loop.time() - start >= 0.15


async def test_the_agent_names_its_contexts_and_the_errors_of_its_tools(http):
    await turn(http, tool_failures={"orders": 1.0})
    answer = (await http.post("/agent", json={"model": "m", "input": CASE.variables["input"]})).json()
    assert answer["tool_calls"] == [{"name": "orders", "arguments": {"about": CASE.id}, "error": "upstream timed out"}]
    assert answer["contexts"] == []
    assert answer["usage"]["input_tokens"] > 0
    await turn(http, tool_failures={}, quality=1.0)
    answer = (await http.post("/agent", json={"messages": MESSAGES})).json()
    assert CASE.metadata["good"]["reply"] in answer["answer"]
    assert answer["model"] == "agent"


async def test_control_over_http_reads_changes_and_resets(http):
    assert (await http.get("/control")).json()["aliases"] == {"sim-1": "sim-1-2026-08"}
    changed = await http.post("/control", json={"aliases": {"sim-1": "sim-1-2026-11"}})
    assert changed.json()["aliases"] == {"sim-1": "sim-1-2026-11"}
    wrong = await http.post("/control", json={"models": {"m": {"qualty": 1}}})
    assert wrong.status_code == 400
    assert "did you mean 'quality'" in wrong.json()["error"]
    await http.post("/agent", json={"input": "x"})
    assert (await http.get("/stats")).json()["calls"] == 1
    assert (await http.get("/stats?cases=1")).json()["cases"] == {"agent": {"-": 1}}
    assert "sim-1" in {model["id"] for model in (await http.get("/v1/models")).json()["data"]}
    assert (await http.post("/reset")).json()["aliases"] == {"sim-1": "sim-1-2026-08"}
    assert (await http.get("/stats")).json()["calls"] == 0
    assert (await http.post("/reset?asked=8")).status_code == 200
    wrong = await http.post("/reset?asked=-8")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "'asked' is a count of calls, 0 or more, not '-8'")


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/v1/chat/completions", b"{", 400),
        ("/v1/chat/completions", b"\xff\xfe", 400),
        ("/v1/chat/completions", b"[]", 400),
        ("/v1/chat/completions", b'{"model": "m"}', 400),
        ("/v1/chat/completions", b'{"model": "m", "messages": [3]}', 400),
        ("/v1/chat/completions", b'{"messages": [{"role": "user", "content": "x"}]}', 400),
        (
            "/v1/chat/completions",
            b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}',
            400,
        ),
        ("/v1/messages", b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}', 400),
        ("/agent", b'{"input": 3}', 400),
        ("/nowhere", b"{}", 404),
        ("/control", b"nothing", 400),
    ],
)
async def test_a_call_that_makes_no_sense_is_answered_with_an_error_of_its_protocol(http, path, content, status):
    answer = await http.post(path, content=content)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_get_of_an_answering_path_says_what_it_takes(http):
    assert (await http.get("/v1/messages")).status_code == 405
    assert "POST /agent" in (await http.get("/")).json()["answers"]


async def test_calls_in_flight_are_counted(http):
    await turn(http, latency=0.2)
    await asyncio.gather(*(http.post("/agent", json={"input": "x"}) for _ in range(7)))
    stats = (await http.get("/stats")).json()
    assert (stats["peak_in_flight"], stats["in_flight"], stats["calls"]) == (7, 0, 7)


async def test_serve_listens_until_it_is_stopped():
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(serve(Simulator(), on_ready=ready.set_result, stop=stop))
    url = await ready
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/stats") as answer:
            assert (await answer.json())["calls"] == 0
        stop.set()
        await asyncio.wait_for(task, 5)
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{url}/stats")


async def test_what_is_left_of_a_limit_is_told_in_the_headers_of_each_dialect(http):
    await http.post("/control", json={"models": {"sim-1-2026-08": {"headroom": {"requests": 0.25}}}})
    openai = await http.post("/v1/chat/completions", json={"model": "sim-1", "messages": MESSAGES})
    body = {"model": "sim-1", "max_tokens": 50, "messages": MESSAGES}
    anthropic = await http.post("/v1/messages", json=body)
    assert openai.headers["x-ratelimit-remaining-requests"] == "2500"
    assert openai.headers["x-ratelimit-limit-requests"] == "10000"
    assert anthropic.headers["anthropic-ratelimit-requests-remaining"] == "2500"
    assert anthropic.headers["anthropic-ratelimit-requests-limit"] == "10000"
    refused = await http.post("/control", json={"models": {"*": {"headroom": {"requests": 2}}}})
    assert refused.status_code == 400
