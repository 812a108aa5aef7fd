"""Which server belongs to which environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sdir_async.generation.failures import DocumentError, GenerationFailed
from sdir_async.generation.prepare import prepare
from sdir_async.generation.servers import HOSTS, named_servers, read_hosts, servers_of
from sdir_async.generation.walk import operations

from .toys import Json, document, operation

if TYPE_CHECKING:
    from pathlib import Path

DEVELOPMENT, TEST, PRODUCTION = HOSTS.values()


def listed(*urls: str | tuple[str, str]) -> Json:
    return {
        "servers": [
            {"url": url} if isinstance(url, str) else {"url": url[1], "x-sdir-environment": url[0]}
            for url in urls
        ]
    }


def servers(*urls: str | tuple[str, str], **hosts: str) -> dict[str, str]:
    return servers_of(listed(*urls), {**HOSTS, **hosts})


def test_a_label_says_whose_path_it_is() -> None:
    """Each environment has a path of its own where the document says so."""
    found = servers(("test", f"{TEST}/x/"), ("production", f"{PRODUCTION}/y"))
    assert found == {
        "development": f"{DEVELOPMENT}/x",
        "test": f"{TEST}/x",
        "production": f"{PRODUCTION}/y",
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8999/x",
        "https://api.sdir.no.example.com/x",
        "https://api.sdir.no:8443/x",
        "https://someone@api.sdir.no/x",
        "https://api.sdir.no@example.com/x",
        "//example.com/x",
        "/x",
        "https://{host}/x",
    ],
)
def test_a_document_says_no_other_host_for_an_environment(url: str) -> None:
    """The key would go there; only the project's own settings can say so."""
    with pytest.raises(
        DocumentError, match=r"^/servers/0/url: production is at https://api.sdir.no"
    ):
        servers(("production", url))


def test_the_settings_of_the_project_name_another_host() -> None:
    """For one environment, while Sdir's stay for the others."""
    found = servers(("test", "http://127.0.0.1:8400/x"), test="http://127.0.0.1:8400")
    assert found == {
        "development": f"{DEVELOPMENT}/x",
        "test": "http://127.0.0.1:8400/x",
        "production": f"{PRODUCTION}/x",
    }


def test_without_settings_the_hosts_are_sdirs(tmp_path: Path) -> None:
    """`openapi/hosts.toml` need not be there."""
    assert read_hosts(tmp_path) == HOSTS


def test_the_settings_are_a_file_beside_the_documents(tmp_path: Path) -> None:
    """An environment, and where it is."""
    (tmp_path / "hosts.toml").write_text('test = "https://gateway.example.com:8443"')
    assert read_hosts(tmp_path) == {**HOSTS, "test": "https://gateway.example.com:8443"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("test", "hosts.toml: Expected"),
        ('qa = "https://a"', "'qa' must be one of development, test, production"),
        ('test = "https://a/path"', "test is not of the form https://host:port"),
        ('test = "a"', "test is not of the form https://host:port"),
        ("test = 1", "test is not of the form https://host:port"),
    ],
)
def test_a_setting_that_is_not_a_host_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the file and the entry."""
    (tmp_path / "hosts.toml").write_text(text)
    with pytest.raises(GenerationFailed, match=re.escape(said)):
        read_hosts(tmp_path)


def test_the_hosts_that_a_document_names_are_told_by_environment() -> None:
    """As it names them, whether they are allowed or not; http beside https is no difference."""
    found = named_servers(
        listed(f"http://{PRODUCTION[8:]}/x", f"{PRODUCTION}/x", ("test", "http://a/x"), "https://b")
    )
    assert found == {
        "production": {PRODUCTION},
        "test": {"http://a"},
        "": {"https://b"},
    }


def test_one_of_sdirs_hosts_is_enough_to_know_the_path_under_the_others() -> None:
    """Production that has no label never becomes the server of the test environment."""
    assert servers(f"{PRODUCTION}/course/v1") == {
        "development": f"{DEVELOPMENT}/course/v1",
        "test": f"{TEST}/course/v1",
        "production": f"{PRODUCTION}/course/v1",
    }


def test_https_is_used_where_http_stands_first() -> None:
    """A server is used over https, at any host where https is listed and always at Sdir's."""
    plain = TEST.replace("https:", "http:")
    assert servers(f"{plain}/a", f"{TEST}/a")["test"] == f"{TEST}/a"
    assert servers(f"{plain}/a")["test"] == f"{TEST}/a"
    assert servers(("test", f"{plain}/a"))["test"] == f"{TEST}/a"
    assert servers("http://other/a", "https://other/a") == {"": "https://other/a"}


def test_each_host_keeps_its_own_path() -> None:
    """If test and production list different paths, each keeps its own."""
    found = servers(f"{TEST}/new", f"{PRODUCTION}/old")
    assert (found["test"], found["production"]) == (f"{TEST}/new", f"{PRODUCTION}/old")


@pytest.mark.parametrize("urls", [[], ["/"], [""]])
def test_without_a_server_there_is_no_environment(urls: list[str]) -> None:
    """Without a host in its servers, a document has no environment and no path."""
    assert servers(*urls) == {"": ""}


def test_a_host_of_someone_else_is_no_environment() -> None:
    """A server at an unknown host is kept as it stands, under no environment."""
    assert servers("https://niaid.azure-api.net/crms") == {"": "https://niaid.azure-api.net/crms"}


def test_variables_take_their_defaults() -> None:
    """A variable in the URL of a server takes its default before the host is compared."""
    server = {"url": "https://{host}/a", "variables": {"host": {"default": "api.sdir.no"}}}
    assert servers_of({"servers": [server]})["production"] == f"{PRODUCTION}/a"


def test_a_label_that_is_no_environment_is_named_with_its_place() -> None:
    """An unknown `x-sdir-environment` raises an error with the place and the value."""
    with pytest.raises(DocumentError, match=r"^/servers/0/x-sdir-environment: 'qa' must be one of"):
        servers(("qa", "https://a"))


def other_server(url: str, hosts: dict[str, str]) -> dict[str, str]:
    """Return the base URLs of an operation with a server of its own, called the test one."""
    own = [{"url": url, "x-sdir-environment": "test"}]
    prepared, _ = prepare(document({"/a": {"get": operation("a", servers=own)}}), hosts=hosts)
    found: dict[str, str] = operations(prepared)[0].node["x-sdir-servers"]
    return found


def test_the_servers_of_an_operation_are_held_to_the_same_settings() -> None:
    """The key goes there too: the project says which host is whose, not the document."""
    ours = {**HOSTS, "test": "https://gateway.example.com"}
    assert other_server("https://gateway.example.com/b", ours)["test"] == (
        "https://gateway.example.com/b"
    )
    with pytest.raises(DocumentError, match=r"^/paths/~1a/get/servers/0/url: test is at"):
        other_server("https://gateway.example.com/b", HOSTS)
