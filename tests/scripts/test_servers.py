"""Which server belongs to which environment."""

from __future__ import annotations

import pytest
from generation.failures import DocumentError
from generation.servers import HOSTS, servers_of

DEVELOPMENT, TEST, PRODUCTION = (f"https://{host}" for host in HOSTS.values())


def servers(*urls: str | tuple[str, str]) -> dict[str, str]:
    listed = [
        {"url": url} if isinstance(url, str) else {"url": url[1], "x-sdir-environment": url[0]}
        for url in urls
    ]
    return servers_of({"servers": listed})


def test_a_label_says_which_environment_a_server_is() -> None:
    assert servers(("test", "https://a/x/"), ("production", "https://b/x")) == {
        "test": "https://a/x",
        "production": "https://b/x",
    }


def test_one_of_sdirs_hosts_is_enough_to_know_the_path_under_the_others() -> None:
    """Production that has no label never becomes the server of the test environment."""
    assert servers(f"{PRODUCTION}/course/v1") == {
        "development": f"{DEVELOPMENT}/course/v1",
        "test": f"{TEST}/course/v1",
        "production": f"{PRODUCTION}/course/v1",
    }


def test_https_is_used_where_http_stands_first() -> None:
    assert servers(f"http://{HOSTS['test']}/a", f"{TEST}/a")["test"] == f"{TEST}/a"
    assert servers("http://other/a", "https://other/a") == {"": "https://other/a"}
    assert servers(("test", "https://a"), ("test", "http://a")) == {"test": "https://a"}


def test_each_host_keeps_its_own_path() -> None:
    found = servers(f"{TEST}/new", f"{PRODUCTION}/old")
    assert (found["test"], found["production"]) == (f"{TEST}/new", f"{PRODUCTION}/old")


@pytest.mark.parametrize("urls", [[], ["/"], [""]])
def test_without_a_server_there_is_no_environment(urls: list[str]) -> None:
    assert servers(*urls) == {"": ""}


def test_a_host_of_someone_else_is_no_environment() -> None:
    assert servers("https://niaid.azure-api.net/crms") == {"": "https://niaid.azure-api.net/crms"}


def test_variables_take_their_defaults() -> None:
    server = {"url": "https://{host}/a", "variables": {"host": {"default": "api.sdir.no"}}}
    assert servers_of({"servers": [server]})["production"] == f"{PRODUCTION}/a"


def test_a_label_that_is_no_environment_is_named_with_its_place() -> None:
    with pytest.raises(DocumentError, match=r"^/servers/0/x-sdir-environment: 'qa' is none of"):
        servers(("qa", "https://a"))
