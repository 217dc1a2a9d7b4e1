"""Every provider against a real server: what is sent, what is read, and the class of every failure."""

from __future__ import annotations

import pytest

from watchdog.domain.case import Message
from watchdog.domain.response import Request, ToolCall, Usage
from watchdog.errors import ErrorKind, ProviderError
from watchdog.providers.anthropic_messages import AnthropicProvider
from watchdog.providers.http_json import HttpProvider
from watchdog.providers.openai_chat import OpenAIProvider

KEY = "sk-live-0123456789abcdef"


@pytest.fixture(params=["first call", "later call"])
async def providers(request, server, ask):
    """One of each kind; for a later call the SDKs have made their requests, and these are used again."""
    providers = {
        "openai": OpenAIProvider(api_key=KEY, base_url=f"{server.url}/v1", headers={"X-Team": "ai-eng"}),
        "anthropic": AnthropicProvider(api_key=KEY, base_url=server.url),
        "http": HttpProvider(url=f"{server.url}/agent", headers={"X-Key": KEY}, answer="output.text"),
    }
    if request.param == "later call":
        for name in ("openai", "anthropic"):
            await providers[name].complete(ask("how is the weather?"))
        server.calls.clear()
    yield providers
    for provider in providers.values():
        await provider.aclose()


@pytest.fixture
def openai(providers):
    return providers["openai"]


@pytest.fixture
def anthropic(providers):
    return providers["anthropic"]


@pytest.fixture
def http(providers):
    return providers["http"]


async def failure_of(provider, request):
    with pytest.raises(ProviderError) as caught:
        await provider.complete(request)
    return caught.value


async def test_openai_sends_the_parameters_and_reads_the_whole_answer(server, openai, ask, reply):
    server.default = reply(headers={"x-request-id": "req-9", "x-ratelimit-remaining-requests": "59"})
    answer = await openai.complete(ask("hi", temperature=0.2, max_tokens=9))
    sent = server.calls[0]
    assert sent["path"] == "/v1/chat/completions"
    assert sent["body"] == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.2,
        "max_tokens": 9,
    }
    assert sent["headers"]["Authorization"] == f"Bearer {KEY}"
    assert sent["headers"]["X-Team"] == "ai-eng"
    assert (answer.text, answer.finish_reason, answer.served_model) == ("echo: hi", "stop", "served-1")
    assert (answer.fingerprint, answer.request_id) == ("fp_1", "req-9")
    assert answer.usage == Usage(input_tokens=10, output_tokens=5, cached_tokens=3)
    assert answer.headroom == {"x-ratelimit-remaining-requests": "59"}


async def test_openai_ignores_the_environment(server, ask, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-somebody")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    provider = OpenAIProvider(api_key=KEY, base_url=f"{server.url}/v1")
    await provider.complete(ask())
    await provider.aclose()
    assert not {name.lower() for name in server.calls[0]["headers"]} & {"openai-organization", "openai-project"}


async def test_azure_puts_the_deployment_into_the_path(server, ask):
    provider = OpenAIProvider(api_key=KEY, azure_endpoint=server.url, api_version="2024-10-21")
    await provider.complete(ask())
    await provider.aclose()
    sent = server.calls[0]
    assert sent["path"] == "/openai/deployments/m-1/chat/completions"
    assert sent["query"] == {"api-version": "2024-10-21"}
    assert sent["headers"]["api-key"] == KEY


async def test_a_prompt_that_azure_filters_is_an_answer(server, openai, ask, reply):
    server.default = reply(status=400, body={"error": {"code": "content_filter", "message": "filtered"}})
    answer = await openai.complete(ask())
    assert (answer.text, answer.finish_reason) == ("", "content_filter")


@pytest.mark.parametrize(
    ("message", "finish_reason", "text", "reason"),
    [
        ({"content": None, "refusal": "I cannot."}, "stop", "I cannot.", "refusal"),
        ({"content": "cut"}, "length", "cut", "length"),
        ({"content": None}, "content_filter", "", "content_filter"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "stop", "ab", "stop"),
    ],
)
async def test_an_unwelcome_answer_is_still_an_answer(server, openai, ask, reply, message, finish_reason, text, reason):
    server.default = reply(body={"choices": [{"message": message, "finish_reason": finish_reason}]})
    answer = await openai.complete(ask())
    assert (answer.text, answer.finish_reason) == (text, reason)
    assert answer.usage == Usage()


EMPTY = {
    "openai": {"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]},
    "anthropic": {"content": [], "stop_reason": "end_turn"},
    "http": {"output": {"text": ""}},
}


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
async def test_an_empty_shell_is_a_bad_response(providers, server, ask, reply, name):
    server.default = reply(body=EMPTY[name])
    error = await failure_of(providers[name], ask())
    assert (error.kind, error.retryable) == (ErrorKind.BAD_RESPONSE, True)


async def test_a_model_that_spent_tokens_on_saying_nothing_has_answered(providers, server, ask, reply):
    server.default = reply(body=EMPTY["openai"] | {"usage": {"completion_tokens": 1}})
    assert (await providers["openai"].complete(ask())).text == ""
    server.default = reply(body=EMPTY["anthropic"] | {"usage": {"output_tokens": 1}})
    assert (await providers["anthropic"].complete(ask())).text == ""


async def test_openai_reads_tool_calls(server, openai, ask, reply):
    call = {"id": "t", "type": "function", "function": {"name": "look_up", "arguments": '{"id": 1}'}}
    server.default = reply(body={"choices": [{"message": {"content": None, "tool_calls": [call]}}]})
    answer = await openai.complete(ask())
    assert answer.tool_calls == (ToolCall(name="look_up", arguments='{"id": 1}'),)


async def test_anthropic_splits_the_system_text_off_and_asks_for_a_limit(server, anthropic):
    request = Request(
        model="claude",
        messages=(Message(role="system", content="be brief"), Message(role="user", content="hi")),
        parameters={"temperature": 0},
    )
    answer = await anthropic.complete(request)
    sent = server.calls[0]
    assert sent["path"] == "/v1/messages"
    assert sent["body"] == {
        "model": "claude",
        "system": "be brief",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 1024,
        "temperature": 0,
    }
    assert (answer.text, answer.finish_reason, answer.served_model) == ("echo: hi", "stop", "served-1")
    assert answer.usage == Usage(input_tokens=10, output_tokens=5, cached_tokens=3)


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [("max_tokens", "length"), ("refusal", "refusal"), ("tool_use", "tool_calls"), ("pause_turn", "pause_turn")],
)
async def test_anthropic_stop_reasons_get_our_words(server, anthropic, ask, reply, stop_reason, finish_reason):
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "name": "find", "input": {"q": 1}}]
    server.default = reply(body={"content": blocks, "stop_reason": stop_reason})
    answer = await anthropic.complete(ask())
    assert (answer.text, answer.finish_reason) == ("", finish_reason)
    assert answer.tool_calls == (ToolCall(name="find", arguments={"q": 1}),)


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (401, ErrorKind.AUTHENTICATION, False),
        (403, ErrorKind.PERMISSION, False),
        (404, ErrorKind.NOT_FOUND, False),
        (400, ErrorKind.BAD_REQUEST, False),
        (413, ErrorKind.BAD_REQUEST, False),
        (422, ErrorKind.BAD_REQUEST, False),
        (429, ErrorKind.RATE_LIMIT, True),
        (500, ErrorKind.SERVER, True),
        (503, ErrorKind.SERVER, True),
        (529, ErrorKind.SERVER, True),
    ],
)
async def test_each_status_has_its_class_and_no_key_in_its_message(
    providers, server, ask, reply, name, status, kind, retryable
):
    provider = providers[name]
    message = f"Incorrect API key provided: {KEY}. Bearer {KEY}"
    headers = {"x-request-id": "req-1", "retry-after": "7"}
    server.default = reply(status=status, body={"error": {"message": message}}, headers=headers)
    error = await failure_of(provider, ask())
    assert (error.kind, error.retryable, error.status) == (kind, retryable, status)
    assert (error.retry_after, error.request_id) == (7.0, "req-1")
    assert "Incorrect API key" in str(error)
    assert KEY not in str(error)
    assert error.__cause__ is None
    assert len(server.calls) == 1  # the SDK's own retries are off


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
@pytest.mark.parametrize("body", ["", "   ", "<html>busy</html>", '{"truncated": ', "[]", "{}", '{"choices": []}'])
async def test_a_2xx_that_is_not_the_protocol_is_a_bad_response(providers, server, ask, reply, name, body):
    server.default = reply(body=body)
    error = await failure_of(providers[name], ask())
    assert (error.kind, error.retryable) == (ErrorKind.BAD_RESPONSE, True)
    assert "busy" not in str(error)


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
async def test_an_error_in_an_old_coding_is_still_the_servers(providers, server, ask, reply, name):
    server.default = reply(status=503, body=b'{"error": {"message": "surcharg\xe9"}}')
    error = await failure_of(providers[name], ask())
    assert (error.kind, error.retryable, error.status) == (ErrorKind.SERVER, True, 503)


async def test_json_that_only_some_read_is_read(server, openai, ask, reply):
    said = '{"choices": [{"message": {"content": "fine"}, "logprobs": NaN}]}'
    server.default = reply(body=said)
    assert (await openai.complete(ask())).text == "fine"


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
async def test_a_compressed_answer_is_read_and_one_that_only_says_so_is_a_bad_response(
    providers, server, ask, reply, name
):
    coding = {"content-encoding": "gzip"}
    body = {"output": {"text": "echo: hello"}} if name == "http" else None
    server.default = reply(headers=coding, body=body, compressed=True)
    assert (await providers[name].complete(ask())).text == "echo: hello"
    server.default = reply(headers=coding)
    error = await failure_of(providers[name], ask())
    assert (error.kind, error.retryable) == (ErrorKind.BAD_RESPONSE, True)


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
async def test_a_broken_connection_is_not_a_time_out(providers, server, ask, reply, name):
    server.default = reply(drop=True)
    error = await failure_of(providers[name], ask())
    assert (error.kind, error.retryable) == (ErrorKind.CONNECTION, True)


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
async def test_nobody_there_is_a_connection_error(providers, server, ask, name):
    provider = providers[name]
    await server.stop()
    error = await failure_of(provider, ask())
    assert (error.kind, error.retryable) == (ErrorKind.CONNECTION, True)


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
async def test_a_server_that_hangs_is_a_time_out(providers, server, ask, reply, name):
    server.default = reply(hang=True)
    error = await failure_of(providers[name], ask(timeout=0.2))
    assert (error.kind, error.retryable) == (ErrorKind.TIMEOUT, True)


async def test_a_gateway_that_answers_200_with_an_error_is_classified_by_its_code(server, openai, ask, reply):
    server.default = reply(body={"error": {"code": 502, "message": "upstream died"}})
    error = await failure_of(openai, ask())
    assert (error.kind, error.status) == (ErrorKind.SERVER, 502)
    server.default = reply(body={"error": {"message": "upstream died"}})
    error = await failure_of(openai, ask())
    assert error.kind is ErrorKind.BAD_RESPONSE
    assert "upstream died" in str(error)


async def test_an_endpoint_is_asked_by_template_and_read_by_path(server, reply):
    server.default = reply(
        body={
            "output": {"text": "it is blue"},
            "docs": [{"text": "sky: blue"}, {"text": "sea: green"}],
            "trace": [{"tool": "search", "failed": None}, {"tool": "crm", "failed": "timeout"}],
            "tokens": {"in": 12, "out": 4},
            "llm": "served-7",
        },
        headers={"x-request-id": "req-4"},
    )
    provider = HttpProvider(
        url=f"{server.url}/agent",
        headers={"Authorization": f"Bearer {KEY}"},
        body={
            "question": "{{ input }}",
            "history": "{{ messages }}",
            "meta": {"case": "case {{ case_id }}", "top": "{{ variables.top }}", "fixed": 3},
        },
        answer="output.text",
        contexts="docs[].text",
        tool_calls="trace[].{name: tool, error: failed}",
        input_tokens="tokens.in",
        output_tokens="tokens.out",
        model="llm",
    )
    messages = (Message(role="user", content='what "colour"?'),)
    answer = await provider.complete(Request(model="m", messages=messages, case_id="c-1", variables={"top": 5}))
    await provider.aclose()
    assert server.calls[0]["body"] == {
        "question": 'what "colour"?',
        "history": [{"role": "user", "content": 'what "colour"?'}],
        "meta": {"case": "case c-1", "top": 5, "fixed": 3},
    }
    assert server.calls[0]["headers"]["Authorization"] == f"Bearer {KEY}"
    assert answer.text == "it is blue"
    assert answer.contexts == ("sky: blue", "sea: green")
    assert answer.tool_calls == (ToolCall(name="search"), ToolCall(name="crm", error="timeout"))
    assert answer.usage == Usage(input_tokens=12, output_tokens=4)
    assert (answer.served_model, answer.request_id) == ("served-7", "req-4")


async def test_an_endpoint_that_answers_an_object_is_kept_as_json(server, http, ask, reply):
    server.default = reply(body={"output": {"text": {"a": [1, "é"]}}})
    assert (await http.complete(ask())).text == '{"a": [1, "é"]}'


async def test_a_get_endpoint_is_given_the_body_as_its_query(server, ask, reply):
    server.default = reply(body={"answer": "x"})
    provider = HttpProvider(url=f"{server.url}/q", method="get", body={"q": "{{ input }}"}, answer="answer")
    assert (await provider.complete(ask("a b"))).text == "x"
    await provider.aclose()
    assert server.calls[0]["query"] == {"q": "a b"}


async def test_a_case_without_a_variable_of_the_request_template_is_a_bad_request(server, ask):
    provider = HttpProvider(url=server.url, body={"q": "{{ variables.question }}"}, answer="a")
    error = await failure_of(provider, ask())
    assert error.kind is ErrorKind.BAD_REQUEST
    assert "question" in str(error)
    assert server.calls == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ({"contexts": "docs"}, {"output": {"text": "x"}, "docs": "not a list"}),
        ({"tool_calls": "tools"}, {"output": {"text": "x"}, "tools": [{"nameless": 1}]}),
        ({"input_tokens": "n"}, {"output": {"text": "x"}, "n": "many"}),
        ({"model": "length(@.missing)"}, {"output": {"text": "x"}}),
    ],
)
async def test_an_endpoint_whose_answer_does_not_fit_its_paths_is_a_bad_response(server, ask, reply, path, body):
    server.default = reply(body=body)
    provider = HttpProvider(url=server.url, answer="output.text", **path)
    error = await failure_of(provider, ask())
    await provider.aclose()
    assert error.kind is ErrorKind.BAD_RESPONSE


@pytest.mark.parametrize("name", ["openai", "anthropic", "http"])
async def test_no_secret_shows_in_the_representation_of_a_provider(providers, name):
    assert KEY not in repr(providers[name])
