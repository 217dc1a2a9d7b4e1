"""The JSON Schema for editors agrees with what is read."""

import jsonschema
import pytest
import yaml

from watchdog.catalog import VOCABULARY
from watchdog.settings.schema import json_schema
from watchdog.workspace.init import VARIANTS, write_workspace


@pytest.fixture(scope="module")
def validator():
    schema = json_schema(VOCABULARY)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


WATCH = {"cases": {"golden": "g"}, "current": {"provider": "p", "model": "m"}, "scorers": ["answered"]}


def document(**watch):
    return {"version": 1, "watches": {"w": {**WATCH, **watch}}}


@pytest.mark.parametrize("provider", VARIANTS)
def test_a_new_workspace_fits_the_schema(validator, tmp_path, provider):
    write_workspace(tmp_path, provider=provider)
    assert list(validator.iter_errors(yaml.safe_load((tmp_path / "watchdog.yaml").read_text()))) == []


@pytest.mark.parametrize(
    "watch",
    [
        {"scorers": ["not-refusal", {"contains": "x"}, {"word-count": {"max": 5, "pages": False}}, {"judge": "h"}]},
        {
            "scorers": [
                {"judge": {"use": "h", "provider": "p", "model": "m"}},
                {"latency": "2s"},
                {"my.module:Own": {"a": 1}},
            ]
        },
        {"scorers": ["my.module:Own", {"not-contains": {"any": ["a"], "better": "higher"}}]},
        {"every": "30m", "jitter": 5, "budget": {"per_day": "5 USD"}, "repeats": "${REPEATS}"},
        {"cron": "0 7 * * *"},
    ],
)
def test_what_is_read_fits_the_schema(validator, watch):
    assert list(validator.iter_errors(document(**watch))) == []


@pytest.mark.parametrize(
    "watch",
    [
        {"scorers": []},
        {"scorers": ["contians"]},
        {"scorers": [{"contains": {"valeu": "x"}}]},
        {"scorers": [{"word-count": {"max": "many"}}]},
        {"scorers": ["latency"]},
        {"scorers": [{"a": 1, "b": 2}]},
        {"evry": "30m"},
        {"every": "soon"},
        {"every": "30m", "cron": "0 7 * * *"},
        {"repeats": 0},
        {"current": {"provider": "p"}},
    ],
)
def test_what_is_refused_does_not_fit_the_schema(validator, watch):
    assert list(validator.iter_errors(document(**watch)))


def test_arguments_of_providers_and_channels_are_in_the_schema(validator):
    fine = {"providers": {"p": {"kind": "openai", "base_url": "x", "limits": {"timeout": "5s"}}}, "notify": ["stdout"]}
    assert list(validator.iter_errors({**document(), **fine})) == []
    for wrong in (
        {"providers": {"p": {"kind": "openai", "base_ulr": "x"}}},
        {"providers": {"p": {"kind": "opnai"}}},
        {"providers": {"p": {"kind": "http"}}},
        {"notify": ["alertmanager"]},
        {"notify": []},
    ):
        assert list(validator.iter_errors({**document(), **wrong})), wrong
