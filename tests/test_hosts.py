"""A base URL is scheme, host and port, and the key goes over plain http to this machine only."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async import ConfigurationError
from sdir_async.hosts import Origin, is_loopback, parse_base_url, require_secure


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("https://api.sdir.no", Origin("https", "api.sdir.no")),
        ("https://api.sdir.no/", Origin("https", "api.sdir.no")),
        ("HTTPS://API.Sdir.no:8443", Origin("https", "api.sdir.no", 8443)),
        ("https://api.sdir.no:443", Origin("https", "api.sdir.no")),
        ("http://127.0.0.1:8400", Origin("http", "127.0.0.1", 8400)),
        ("http://[::1]:8400", Origin("http", "::1", 8400)),
        ("http://localhost", Origin("http", "localhost")),
        ("https://my_service:1", Origin("https", "my_service", 1)),
        ("https://sjøfart.no", Origin("https", "xn--sjfart-cya.no")),
    ],
)
def test_a_base_url_names_an_origin(base_url: str, origin: Origin) -> None:
    """In lower case and ASCII; the scheme's own port goes without saying."""
    assert parse_base_url(base_url) == origin


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        ("", "needs a scheme and a host"),
        ("api.sdir.no", "needs a scheme and a host"),
        ("ftp://api.sdir.no", "needs a scheme and a host"),
        ("//api.sdir.no", "needs a scheme and a host"),
        ("https:api.sdir.no", "needs a scheme and a host"),
        ("https://", "needs a scheme and a host"),
        (None, "must be text"),
        (b"https://host", "must be text"),
        ("https://host/course", "has a path"),
        ("https://host//", "has a path"),
        ("https://host?x=1", "has a query"),
        ("https://host#x", "has a fragment"),
        ("https://user:password@host", "has a user or a password"),
        ("https://@host", "has a user or a password"),
        ("https://host:0", "a number from 1 to 65535"),
        ("https://host:65536", "a number from 1 to 65535"),
        ("https://host:x", "a number from 1 to 65535"),
        ("https://host:-1", "a number from 1 to 65535"),
        ("https:// host", "a space"),
        ("https://ho\nst", "a control character"),
        ("https://host\\@other", "a backslash"),
        ("https://[::1", "not a URL"),
        ("https://[zz]", "not a URL"),
        ("https://a..b", "can't be the name of a host"),
        ("https://-a", "can't be the name of a host"),
        (f"https://{'a' * 64}.no", "can't be the name of a host"),
        (f"https://{'a.' * 130}no", "can't be the name of a host"),
        ("https://ho%20st", "can't be the name of a host"),
        ("https://:8400", "can't be the name of a host"),
    ],
)
def test_anything_else_is_refused_at_once(base_url: Any, said: str) -> None:
    """Nothing that was given is dropped in silence, and a password is not repeated."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        parse_base_url(base_url)
    assert "password@" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost.", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"],
)
def test_this_machine_needs_no_https(host: str) -> None:
    """What is sent does not leave it."""
    assert is_loopback(host)
    require_secure(Origin("http", host))


@pytest.mark.parametrize(
    "host",
    [
        "api.sdir.no",
        "localhost.example.com",
        "x.localhost",
        "notlocalhost",
        "127.0.0.1.example.com",
        "10.0.0.1",
        "0.0.0.0",
        "2130706433",
        "127.1",
        "::",
        "::2",
    ],
)
def test_the_key_goes_to_no_other_machine_over_http(host: str) -> None:
    """Unless somebody says so in as many words."""
    with pytest.raises(ConfigurationError, match="insecure_http=True"):
        require_secure(Origin("http", host))
    require_secure(Origin("https", host))
    require_secure(Origin("http", host), insecure_http=True)
    written = str(Origin("http", host))
    assert parse_base_url(written, insecure_http=True).host == host
    with pytest.raises(ConfigurationError, match="over plain http"):
        parse_base_url(written)


def test_a_server_is_moved_with_its_path() -> None:
    """Host and port are those of the base URL."""
    origin = parse_base_url("http://127.0.0.1:8400")
    assert origin.at("https://api.sdir.no/course/v1/") == "http://127.0.0.1:8400/course/v1"
    assert origin.at("") == "http://127.0.0.1:8400"
    assert Origin("http", "::1").at("/a") == "http://[::1]/a"


@given(st.text())
def test_any_text_is_an_origin_or_refused(text: str) -> None:
    """With our own error, and one that is written out is read back the same."""
    try:
        origin = parse_base_url(f"https://{text}")
    except ConfigurationError:
        return
    assert parse_base_url(str(origin)) == origin
    assert urlsplit(str(origin)).hostname == origin.host
