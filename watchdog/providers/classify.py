"""What went wrong: HTTP statuses, bodies, headers and exceptions become ProviderErrors.

One place decides the class of every failure, because the class decides what happens next: whether the call is tried
again, whether the concurrency shrinks, and whether anybody is told. No message made here holds a key or personal data;
a server that quotes the prompt is seen through by the caller, who knows the prompt.

A 2xx is an answer if the model answered: an empty text that ends as if all were well, with no tool call and without a
token spent, is an empty shell (a proxy's or a server's fault), so a ``bad-response`` that is tried again. An empty
text that took tokens, was cut off, filtered or refused is what the model said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from watchdog.errors import ErrorKind, ProviderError
from watchdog.text.redaction import redact

#: Longest message taken over from a server: enough to act on, too short to carry a prompt along.
_MESSAGE_LIMIT = 200
#: Characters of the shortest secret that is taken out of texts: shorter ones would mangle ordinary words.
_SHORTEST = 8
_SEPARATORS = re.compile(r"[\s;,=&]+")

#: Things that look like a credential, whoever sent them.
_CREDENTIAL = re.compile(
    r"\b(?:sk|pk|rk|xai|gsk|pplx|AIza|ghp|hf)[-_][\w*.-]{6,}|\bAIza[\w-]{20,}|(?<=Bearer )\S+|(?<=Basic )\S+",
)

#: Codes and words by which providers tell "used up until it resets" from "too fast". A plain 429 has none of them.
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exhausted"})
_QUOTA_WORDS = re.compile(
    r"\bper[ -]?(?:day|month)\b|\bdaily\b|\bmonthly\b|\b[RT]PD\b|credit balance|insufficient (?:quota|funds|credit)",
    re.IGNORECASE,
)

_REQUEST_IDS = (b"x-request-id", b"request-id", b"apim-request-id")

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

_KINDS = {
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.QUOTA,
    403: ErrorKind.PERMISSION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    409: ErrorKind.SERVER,
    425: ErrorKind.SERVER,
    429: ErrorKind.RATE_LIMIT,
}
_RETRYABLE = frozenset(
    {ErrorKind.RATE_LIMIT, ErrorKind.TIMEOUT, ErrorKind.CONNECTION, ErrorKind.SERVER, ErrorKind.BAD_RESPONSE}
)


def failure(
    kind: ErrorKind,
    message: str,
    *,
    status: int | None = None,
    retry_after: float | None = None,
    request_id: str | None = None,
) -> ProviderError:
    """Return an error of a kind; the kind alone decides whether it is worth another attempt."""
    return ProviderError(
        message,
        kind=kind,
        retryable=kind in _RETRYABLE,
        status=status,
        retry_after=retry_after,
        request_id=request_id,
    )


def from_status(status: int, body: Any, headers: Mapping[str, str], *, secrets: Collection[str] = ()) -> ProviderError:
    """Classify an answer whose HTTP status is not 2xx (or whose body reports an error of that status).

    ``body`` is the decoded JSON, or None when it was none; ``headers`` is looked up with lower-case names.
    """
    codes, message = _details(body)
    kind = _KINDS.get(status) or _kind_of_class(status)
    if status in {400, 403, 429} and (not _QUOTA_CODES.isdisjoint(codes) or _QUOTA_WORDS.search(message)):
        kind = ErrorKind.QUOTA
    elif status == 400 and "model_not_found" in codes:  # some gateways answer 400 for a retired model
        kind = ErrorKind.NOT_FOUND
    return failure(
        kind,
        describe(status, body, secrets),
        status=status,
        retry_after=retry_after(headers),
        request_id=request_id(headers),
    )


def describe(status: int, body: Any, secrets: Collection[str] = ()) -> str:
    """Return ``HTTP 404 model_not_found: <the server's message, cut short, secrets removed>``."""
    codes, message = _details(body)
    text = " ".join([f"HTTP {status}", *(discreet(code, secrets)[:60] for code in codes[:1])])
    return f"{text}: {discreet(message, secrets)}" if message else text


def _kind_of_class(status: int) -> ErrorKind:
    if status >= 500:  # Anthropic's 529 "overloaded" included
        return ErrorKind.SERVER
    return ErrorKind.BAD_REQUEST if 400 <= status < 500 else ErrorKind.BAD_RESPONSE


def from_exception(error: BaseException, *, secrets: Collection[str] = ()) -> ProviderError:
    """Classify what an HTTP client or an SDK raised instead of answering.

    The innermost cause counts: transports wrap a dropped connection into a "connect timeout", and a real time-out is a
    TimeoutError at the bottom of the chain.
    """
    chain = list(_causes(error))
    if any(isinstance(cause, TimeoutError) for cause in chain):
        return failure(ErrorKind.TIMEOUT, "no answer in time")
    root = chain[-1]
    names = {kind.__name__ for cause in chain for kind in type(cause).__mro__}
    if names & {"InvalidURL", "UnsupportedProtocol", "InvalidUrlClientError"}:
        return failure(ErrorKind.BAD_REQUEST, "the URL is not valid")
    if names & {"ClientResponseError", "ContentEncodingError", "DecodingError"}:
        return failure(ErrorKind.BAD_RESPONSE, f"not an HTTP answer ({type(root).__name__})")
    if isinstance(root, OSError) or names & {"ClientConnectionError", "ClientPayloadError", "NetworkError"}:
        return failure(ErrorKind.CONNECTION, scrub(_connection(root), secrets)[:_MESSAGE_LIMIT])
    if names & {"TimeoutException"}:
        return failure(ErrorKind.TIMEOUT, "no answer in time")
    if names & {"TransportError", "APIConnectionError", "ClientError"}:
        return failure(ErrorKind.CONNECTION, f"the connection broke ({type(root).__name__})")
    return failure(ErrorKind.INTERNAL, f"the client failed ({type(root).__name__})")


def _connection(error: BaseException) -> str:
    reason = str(getattr(error, "strerror", None) or error or type(error).__name__)
    return f"no connection ({reason})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def bad_response(what: str, headers: Mapping[str, str] | None = None) -> ProviderError:
    """Return the error for a 2xx that is not what the protocol promises; the body itself is never quoted."""
    return failure(ErrorKind.BAD_RESPONSE, what, request_id=request_id(headers) if headers else None)


def discreet(text: str, secrets: Collection[str] = ()) -> str:
    """A message of somebody else's as it may be kept: no secrets, no personal data, and short."""
    # What is cut off need not be read, and a secret is not cut in two before it is found.
    return redact(scrub(text[: 10 * _MESSAGE_LIMIT], secrets))[:_MESSAGE_LIMIT]


def secrets_in(values: Iterable[str]) -> tuple[str, ...]:
    """What must not be repeated of headers, keys and URLs: each as it is, and the words in it, longest first.

    A server may quote a token without its scheme, or one cookie of several.
    """
    found = {part for value in values for part in (value, *_SEPARATORS.split(value))}
    return tuple(sorted((part for part in found if len(part) >= _SHORTEST), key=len, reverse=True))


def scrub(text: str, secrets: Collection[str] = ()) -> str:
    """Take the secrets we know, and anything that looks like one, out of a text."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "***")
    return _CREDENTIAL.sub("***", text)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks us to wait; None when it does not say.

    In this order: ``retry-after-ms``; ``retry-after`` in seconds or as an HTTP date (RFC 9110, section 10.2.3); the
    reset of whichever ``*-ratelimit-*`` quota has nothing remaining. Dates are taken relative to the server's own
    ``Date``, so that our clock does not matter.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000.0
    asked = headers.get("retry-after")
    if asked:
        seconds = _number(asked)
        return seconds if seconds is not None else _until(asked, headers)
    waits = [
        wait
        for what in ("requests", "tokens", "input-tokens", "output-tokens")
        for remaining, reset in (
            (f"x-ratelimit-remaining-{what}", f"x-ratelimit-reset-{what}"),
            (f"anthropic-ratelimit-{what}-remaining", f"anthropic-ratelimit-{what}-reset"),
        )
        if headers.get(remaining) == "0" and (wait := _reset(headers.get(reset), headers)) is not None
    ]
    return max(waits, default=None)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0.0 <= value < float("inf") else None


def _reset(text: str | None, headers: Mapping[str, str]) -> float | None:
    """Seconds of ``6m0s``, ``120ms``, ``1.5`` or an RFC 3339 time."""
    if not text:
        return None
    if (seconds := _number(text)) is not None:
        return seconds
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return _until(text, headers)


def _until(when: str, headers: Mapping[str, str]) -> float | None:
    then, now = _date(when), _date(headers.get("date"))
    if then is None or now is None:
        return None
    return max(0.0, (then - now).total_seconds())


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
        except ValueError:
            continue
        return moment if moment.tzinfo else None
    return None


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's name for the call, to quote to its support."""
    return next((found for name in _REQUEST_IDS if (found := headers.get(name.decode()))), None)


def traces(raw: Sequence[tuple[bytes, bytes]]) -> tuple[str | None, dict[str, str]]:
    """The request id and the rate-limit headers (names in lower case) among the raw headers of an answer.

    One pass over bytes: asking an httpx2.Headers for each name costs more CPU than all else we do with an answer.
    """
    identity: str | None = None
    headroom: dict[str, str] = {}
    for name, value in raw:
        lowered = name.lower()
        if lowered in _REQUEST_IDS:
            identity = identity or value.decode("latin-1")
        elif lowered.startswith((b"x-ratelimit-", b"anthropic-ratelimit-")):
            headroom[lowered.decode("latin-1")] = value.decode("latin-1")
    return identity, headroom


def _details(body: Any) -> tuple[list[str], str]:
    """Return the codes (the most telling first) and the message of an error body, in the shapes that are about."""
    error = body.get("error", body) if isinstance(body, Mapping) else None
    if isinstance(body, list) and body and isinstance(body[0], Mapping):  # Gemini's OpenAI door answers [{"error": ..}]
        error = body[0].get("error")
    if isinstance(error, str):
        return [], error
    if not isinstance(error, Mapping):
        return [], ""
    codes = [value for name in ("code", "type", "status") if isinstance(value := error.get(name), str) and value]
    for name in ("message", "detail", "error_description", "title"):
        if isinstance(text := error.get(name), str):
            return codes, text
    return codes, ""
