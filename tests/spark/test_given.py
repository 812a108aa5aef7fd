"""The options of a write: all of them are known, and none holds a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdir_async import ConfigurationError
from sdir_async.spark.given import given_by, secret_at

ENOUGH = {"api": "course", "version": "v1", "upload": "2026-11"}
SECRETS = {
    "dsn": "postgresql://sdir:hunter2@db.example/sdir",
    "api_key": "0123456789abcdef0123456789abcdef",
    "witness": '{"personalIdentityNumber": "41814061033"}',
}


def test_three_options_are_enough() -> None:
    """The rest has defaults: creates, the test environment, secrets from known variables."""
    given = given_by(ENOUGH)
    assert (given.operation, given.environment) == ("create", "test")
    assert (given.dsn, given.api_key) == ("SDIR_DATABASE", "SDIR_API_KEY")


@pytest.mark.parametrize("name", ENOUGH)
def test_each_of_them_is_required(name: str) -> None:
    """The error says which one is missing."""
    with pytest.raises(ConfigurationError, match=f"option '{name}' is required"):
        given_by({**ENOUGH, name: " "})


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_an_option_is_refused(name: str) -> None:
    """Spark logs options; the error says so, and does not repeat the value."""
    with pytest.raises(ConfigurationError, match="Spark shows options in its logs") as caught:
        given_by({**ENOUGH, name: SECRETS[name]})
    assert SECRETS[name] not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"password": "hunter2"}, "Unknown option 'password'.*environment of the executors"),
        ({"version": "v9"}, "no version 'v9'"),
        ({"api": "ship"}, "API 'ship' was not found"),
        ({"operation": "destroy"}, "no batch operation 'destroy'; it has create"),
        ({"upload": "41814061033"}, "must not hold a person number"),
        ({"environment": "prod"}, "environment must be one of"),
        ({"api_key": "ABCDEF" * 5 + "01"}, "Spark shows options"),
        ({"settle": "soon"}, "'settle' must be a number"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_what_makes_no_sense_is_refused_on_the_driver(option: dict[str, str], message: str) -> None:
    """Before a task starts, and in the words of the option."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        given_by({**ENOUGH, **option})
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_in_a_variable_or_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spaces around it don't count."""
    monkeypatch.setenv("SHIP_KEY", "one")
    (tmp_path / "key").write_text("two\n")
    assert secret_at("SHIP_KEY") == "one"
    assert secret_at(str(tmp_path / "key")) == "two"


@pytest.mark.parametrize("place", ["SDIR_NOWHERE", "/nowhere/key"])
def test_a_secret_that_is_not_there_is_named(place: str) -> None:
    """The error says that executors need it."""
    with pytest.raises(ConfigurationError, match=f"{place} does not exist.*Each executor"):
        secret_at(place)
