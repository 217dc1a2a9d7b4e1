"""Secrets stay secret."""

import copy
import json
import pickle
from dataclasses import asdict, dataclass

import pytest

from watchdog.domain.digest import canonical
from watchdog.errors import UsageError
from watchdog.settings.secret import Secret, revealed, scrubbed, secrets_in

VALUE = "correct-horse"


@pytest.mark.parametrize(
    "show",
    [str, repr, "{}".format, "{!r}".format, "{:>20}".format, canonical, lambda secret: f"{[secret]} { ({secret}) }"],
)
def test_a_secret_is_not_shown(show):
    assert VALUE not in show(Secret(VALUE))


def test_a_secret_is_not_written_as_json_or_pickled():
    with pytest.raises(TypeError):
        json.dumps(Secret(VALUE))
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(VALUE))


def test_a_secret_hides_inside_records_that_are_copied():
    @dataclass
    class Holder:
        key: Secret

    assert asdict(Holder(Secret(VALUE)))["key"].reveal() == VALUE
    assert VALUE not in repr(copy.deepcopy(Holder(Secret(VALUE))))
    assert copy.copy(Secret(VALUE)) == Secret(VALUE)


def test_only_reveal_gives_it():
    assert Secret(VALUE).reveal() == VALUE
    assert revealed({"a": [Secret(VALUE), 1], "b": (Secret("x"),)}) == {"a": [VALUE, 1], "b": ["x"]}
    assert not [
        name for name in dir(Secret(VALUE)) if not name.startswith("_") and name not in ("is_set", "reveal", "unset")
    ]


def test_secrets_are_equal_by_value_and_unlike_texts():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret.unset("x") == Secret.unset("y")
    assert Secret.unset("x") != Secret("")


def test_a_secret_that_is_not_set_says_so_when_it_is_needed():
    secret = Secret.unset("the environment variable KEY")
    assert not secret.is_set
    with pytest.raises(UsageError, match="the environment variable KEY is not set") as raised:
        revealed({"api_key": secret})
    assert raised.value.exit_code == 2


def test_a_message_is_scrubbed_of_the_secrets_a_part_was_given():
    arguments = {"headers": {"a": Secret(VALUE)}, "b": Secret.unset("x"), "c": Secret("12")}
    assert scrubbed(f"cannot use {VALUE} 12", arguments) == "cannot use *** 12"
    assert len(secrets_in(arguments)) == 3
