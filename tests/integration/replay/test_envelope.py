"""What the SDKs make once and many calls share: which calls that is, and that nobody can tell the difference."""

from __future__ import annotations

import asyncio

import pytest

from watchdog.providers.anthropic_messages import AnthropicProvider
from watchdog.providers.openai_chat import OpenAIProvider

KEY = "sk-live-0123456789abcdef"


async def test_later_calls_go_to_the_deployment_of_their_own_model(server, ask):
    provider = OpenAIProvider(api_key=KEY, azure_endpoint=server.url, api_version="2024-10-21")
    for model in ("m-1", "m-2", "m-1", "m-2"):
        await provider.complete(ask(model=model))
    await provider.aclose()
    assert [call["path"].split("/")[3] for call in server.calls] == ["m-1", "m-2", "m-1", "m-2"]


@pytest.mark.parametrize(("kind", "base"), [(OpenAIProvider, "/v1"), (AnthropicProvider, "")])
async def test_a_later_call_is_the_first_but_for_its_body(server, ask, kind, base):
    provider = kind(api_key=KEY, base_url=server.url + base, headers={"X-Team": "ai-eng"})
    for text in ("short", "a good deal longer, with \u00fcml\u00e4uts and \U0001f600"):
        await provider.complete(ask(text))
    await provider.aclose()
    first, later = server.calls
    assert later["body"]["messages"][0]["content"] == "a good deal longer, with \u00fcml\u00e4uts and \U0001f600"
    assert (later["path"], later["query"]) == (first["path"], first["query"])
    lengths = [call["headers"].popall("Content-Length") for call in (first, later)]
    assert int(lengths[0][0]) < int(lengths[1][0])
    assert list(later["headers"].items()) == list(first["headers"].items())
    assert not [
        name for name in first["headers"] if "idempotency" in name.lower()
    ]  # it would be that of the first call


@pytest.mark.parametrize(("kind", "base"), [(OpenAIProvider, "/v1"), (AnthropicProvider, "")])
async def test_a_later_call_makes_the_sdk_no_work(server, ask, kind, base, monkeypatch):
    provider = kind(api_key=KEY, base_url=server.url + base)
    await provider.complete(ask("one"))
    monkeypatch.setattr(provider._client, "post", None)  # it cannot be asked any more
    assert (await provider.complete(ask("two"))).text == "echo: two"
    await provider.aclose()


@pytest.mark.parametrize(("kind", "base"), [(OpenAIProvider, "/v1"), (AnthropicProvider, "")])
async def test_of_many_first_calls_the_sdk_makes_one(server, ask, kind, base, monkeypatch):
    provider = kind(api_key=KEY, base_url=server.url + base)
    provider.warm_up()
    made, post = [], provider._client.post
    monkeypatch.setattr(provider._client, "post", lambda *a, **k: made.append(a) or post(*a, **k))
    answers = await asyncio.gather(*(provider.complete(ask(f"{n}")) for n in range(20)))
    await provider.aclose()
    assert [answer.text for answer in answers] == [f"echo: {n}" for n in range(20)]
    assert len(made) == 1


async def test_when_the_first_call_is_given_up_the_others_are_not(server, ask, monkeypatch):
    """It may end before there is a request, which the others are waiting for."""
    provider = OpenAIProvider(api_key=KEY, base_url=f"{server.url}/v1")
    provider.warm_up()
    post = provider._client.post
    begun = []

    async def slow_at_first(*a, **k):
        begun.append(a)
        if len(begun) == 1:
            await asyncio.sleep(60)
        return await post(*a, **k)

    monkeypatch.setattr(provider._client, "post", slow_at_first)
    first, *others = [asyncio.ensure_future(provider.complete(ask(f"{n}"))) for n in range(4)]
    await asyncio.sleep(0.05)
    assert len(begun) == 1
    first.cancel()
    assert [answer.text for answer in await asyncio.gather(*others)] == ["echo: 1", "echo: 2", "echo: 3"]
    await provider.aclose()


async def test_a_redirect_is_followed_each_time(server, elsewhere, ask, reply):
    """By the SDK, which knows what to tell the other server: its own name, and no key of ours."""
    openai = OpenAIProvider(api_key=KEY, base_url=f"{server.url}/v1")
    server.default = reply(status=307, headers={"Location": f"{elsewhere.url}/v2/chat/completions"})
    for text in ("one", "two"):
        assert (await openai.complete(ask(text))).text == f"echo: {text}"
        asked = elsewhere.calls[-1]
        assert (asked["path"], asked["headers"]["Host"]) == ("/v2/chat/completions", f"127.0.0.1:{elsewhere.port}")
        assert "Authorization" not in asked["headers"]
    await openai.aclose()


@pytest.mark.parametrize(("asked", "later"), [("identity", "identity"), ("gzip, br, zstd", "gzip, deflate")])
async def test_later_calls_ask_for_the_same_coding_if_we_can_read_it(server, ask, asked, later):
    provider = OpenAIProvider(api_key=KEY, base_url=f"{server.url}/v1", headers={"accept-encoding": asked})
    for text in ("one", "two"):
        await provider.complete(ask(text))
    await provider.aclose()
    assert [call["headers"].getall("Accept-Encoding") for call in server.calls] == [[asked], [later]]


@pytest.mark.parametrize("kind", [OpenAIProvider, AnthropicProvider])
async def test_every_call_goes_through_the_proxy_of_the_environment(server, ask, kind, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    provider = kind(api_key=KEY, base_url="http://models.invalid/v1")
    for text in ("one", "two"):
        assert (await provider.complete(ask(text))).text == f"echo: {text}"
    await provider.aclose()
    first, later = server.calls
    assert first["headers"]["Host"] == "models.invalid"
    assert sorted(later["headers"].items()) == sorted(first["headers"].items())
