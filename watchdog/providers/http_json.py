"""Any JSON endpoint: the user's own agent, asked by a request template and read by JMESPath.

    url: http://127.0.0.1:9000/ask
    body: {question: "{{ input }}", history: "{{ messages }}"}
    answer: output.text
    contexts: output.documents[].text
    tool_calls: "trace[?kind=='tool'].{name: tool, error: error}"

Strings of the body are sandboxed Jinja2 templates over ``input``, ``messages``, ``variables``, ``model``,
``parameters`` and ``case_id``. A string that is one expression and nothing else keeps the value's own type
(``"{{ messages }}"`` is a list).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from watchdog.domain.response import Answer, Request, Usage
from watchdog.errors import ErrorKind, InvalidInput, Problem
from watchdog.providers.answers import NotAnAnswer, contexts_from, spoken, tokens, tool_calls_from
from watchdog.providers.classify import bad_response, failure, from_exception, from_status, secrets_in, traces
from watchdog.providers.sdk import json_or_none, text_or_none

_DEFAULT_BODY = {"input": "{{ input }}"}
_ONE_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\{\{|\}\}).)*)\}\}\s*", re.DOTALL)

Fill = Callable[[dict[str, Any]], Any]
Find = Callable[[Any], Any]


class HttpProvider:
    """Answers by one request to a JSON endpoint. Paths are JMESPath over the response's JSON.

    ``answer`` finds the text (another JSON value is kept as JSON text), ``contexts`` a list of texts, ``tool_calls`` a
    list of {name, error?, arguments?}, ``input_tokens``, ``output_tokens`` and ``cached_tokens`` whole numbers,
    ``model`` and ``finish_reason`` texts. Raises InvalidInput with every template and path that does not compile.
    """

    address: ClassVar[frozenset[str]] = frozenset({"url", "method", "body", "answer"})

    def __init__(
        self,
        *,
        url: str,
        answer: str,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        contexts: str | None = None,
        tool_calls: str | None = None,
        input_tokens: str | None = None,
        output_tokens: str | None = None,
        cached_tokens: str | None = None,
        model: str | None = None,
        finish_reason: str | None = None,
        max_connections: int = 100,
    ) -> None:
        self._url = url
        self._method = method.upper()
        self._headers = dict(headers or {})
        address = urlsplit(url)
        self._secrets = (url, *secrets_in((*self._headers.values(), address.query, address.password or "")))
        self._max_connections = max_connections
        problems: list[Problem] = []
        self._fill = _template(_DEFAULT_BODY if body is None else body, "body", problems)
        paths = {
            "answer": answer,
            "contexts": contexts,
            "tool_calls": tool_calls,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cached_tokens": cached_tokens,
            "model": model,
            "finish_reason": finish_reason,
        }
        self._find = {name: _path(path, name, problems) for name, path in paths.items() if path is not None}
        if problems:
            raise InvalidInput(problems)
        self._client: Any = None

    def warm_up(self) -> None:
        """Load the HTTP client."""
        if self._client is not None:
            return
        import httpx2  # noqa: PLC0415

        limits = httpx2.Limits(max_connections=self._max_connections, max_keepalive_connections=self._max_connections)
        self._client = httpx2.AsyncClient(headers=self._headers, limits=limits, follow_redirects=False)

    async def complete(self, request: Request) -> Answer:
        """Ask once; raise ProviderError when there is no answer."""
        self.warm_up()
        body = self._body(request)
        payload = {"params": body} if self._method == "GET" else {"json": body}
        try:
            response = await self._client.request(self._method, self._url, timeout=request.timeout, **payload)
        except Exception as error:  # noqa: BLE001 - an HTTP client raises what its transport raises
            raise from_exception(error, secrets=self._secrets) from None
        decoded = json_or_none(response.content)
        if not response.is_success:
            raise from_status(response.status_code, decoded, response.headers, secrets=self._secrets)
        if decoded is None:
            what = "is not JSON" if response.content.strip() else "is empty"
            raise bad_response(f"HTTP {response.status_code} whose body {what}", response.headers)
        return self._answer(decoded, response)

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _body(self, request: Request) -> Any:
        names = {
            "input": input_of(request),
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "variables": dict(request.variables),
            "model": request.model,
            "parameters": dict(request.parameters),
            "case_id": request.case_id,
        }
        try:
            return self._fill(names)
        except Exception as error:  # noqa: BLE001 - a template can raise anything
            kind = type(error).__name__
            detail = f": {error}" if kind in {"UndefinedError", "SecurityError"} else ""  # names, never values
            raise failure(ErrorKind.BAD_REQUEST, f"the request template failed ({kind}{detail})") from None

    def _answer(self, data: Any, response: Any) -> Answer:
        found = {name: find(data) for name, find in self._find.items()}
        text = found["answer"]
        if text is None:
            raise bad_response("nothing at the path 'answer'", response.headers)
        identity, headroom = traces(response.headers.raw)
        try:
            usage = Usage(
                **{name: tokens(found.get(name), name) for name in ("input_tokens", "output_tokens", "cached_tokens")}
            )
            answer = Answer(
                text=text if isinstance(text, str) else json.dumps(text, ensure_ascii=False),
                finish_reason=text_or_none(found.get("finish_reason")),
                usage=usage,
                served_model=text_or_none(found.get("model")),
                request_id=identity,
                contexts=contexts_from(found.get("contexts")),
                tool_calls=tool_calls_from(found.get("tool_calls"), secrets=self._secrets),
                headroom=headroom,
            )
        except NotAnAnswer as error:
            raise bad_response(str(error), response.headers) from None
        return spoken(answer, response.headers)


def input_of(request: Request) -> str:
    """Return the text of the case: its variable ``input``, else what the user said last."""
    given = request.variables.get("input")
    if isinstance(given, str):
        return given
    return next((message.content for message in reversed(request.messages) if message.role == "user"), "")


def _path(path: str, field: str, problems: list[Problem]) -> Find:
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        compiled = jmespath.compile(path)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        problems.append(Problem(file="http provider", field=field, message=f"not a JMESPath expression: {reason}"))
        return lambda _data: None

    def find(data: Any) -> Any:
        try:
            return compiled.search(data)
        except JMESPathError as error:  # a function met a value of the wrong type
            raise bad_response(f"the path {field!r} does not fit the answer ({type(error).__name__})") from None

    return find


def _template(value: Any, field: str, problems: list[Problem]) -> Fill:
    """Compile the strings of a JSON value; the result fills them in."""
    if isinstance(value, Mapping):
        items = {str(name): _template(item, f"{field}.{name}", problems) for name, item in value.items()}
        return lambda names: {name: fill(names) for name, fill in items.items()}
    if isinstance(value, list | tuple):
        parts = [_template(item, f"{field}[{place}]", problems) for place, item in enumerate(value)]
        return lambda names: [fill(names) for fill in parts]
    if not isinstance(value, str) or "{" not in value:
        return lambda _names: value
    return _string(value, field, problems)


def _string(text: str, field: str, problems: list[Problem]) -> Fill:
    from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined  # noqa: PLC0415
    from jinja2.exceptions import UndefinedError  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    try:
        if whole := _ONE_EXPRESSION.fullmatch(text):
            expression = environment.compile_expression(whole[1].strip(), undefined_to_none=False)

            def fill(names: dict[str, Any]) -> Any:
                value = expression(names)
                if isinstance(value, Undefined):
                    raise UndefinedError(f"'{whole[1].strip()}' is undefined")
                return value

            return fill
        return environment.from_string(text).render
    except TemplateSyntaxError as error:
        problems.append(Problem(file="http provider", field=field, message=f"not a template: {error.message}"))
        return lambda _names: None
