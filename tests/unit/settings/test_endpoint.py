"""Where a provider is: told apart, never told."""

from __future__ import annotations


def endpoint(folder, provider, **how):
    section = f"providers:\n  local: {provider}\n"
    return folder.settings(section, **how).providers["local"].endpoint


def test_kind_and_address_tell_providers_apart_keys_and_limits_do_not(folder):
    plain = endpoint(folder, "{ kind: openai, api_key: a }")
    assert len(plain) == 16
    assert plain == endpoint(folder, "{ kind: openai, api_key: b, limits: { concurrency: 2 } }")
    others = [
        "{ kind: anthropic, api_key: a }",
        "{ kind: openai, api_key: a, base_url: 'https://gateway.example/v1' }",
        "{ kind: openai, api_key: a, organization: o }",
        "{ kind: openai, api_key: a, azure_endpoint: 'https://x.example', api_version: '1' }",
        "{ kind: http, url: 'https://x.example', answer: text }",
        "{ kind: http, url: 'https://x.example', answer: text, body: { q: '{{ input }}' } }",
    ]
    assert len({plain, *(endpoint(folder, other) for other in others)}) == 7


def test_an_address_out_of_the_environment_is_that_which_stands_there(folder):
    written = endpoint(folder, "{ kind: openai, api_key: a, base_url: 'https://x.example/v1' }")
    named = "{ kind: openai, api_key: a, base_url: '${WHERE}' }"
    assert endpoint(folder, named, environ={"WHERE": "https://x.example/v1"}) == written
    assert endpoint(folder, named, secrets_required=False) == ""
