"""What `Sdir(token=…)` takes beside a `Maskinporten`: a function of the user's."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async import ConfigurationError
from sdir_async.privacy import mask
from sdir_async.tokens import TokenSource, tokens_of

SCOPES = ("sdir:seafarer.course.write",)


async def test_a_function_is_asked_for_every_call() -> None:
    """With the scopes; keeping tokens is its own part."""
    asked: list[tuple[str, ...]] = []

    def give(scopes: tuple[str, ...]) -> str:
        asked.append(scopes)
        return f"token-{len(asked)}"

    tokens = tokens_of(give)
    assert isinstance(tokens, TokenSource)
    tokens.bind("test")
    assert [await tokens.token(SCOPES) for _ in range(2)] == ["token-1", "token-2"]
    tokens.refuse("token-2")
    await tokens.aclose()
    assert asked == [SCOPES, SCOPES]


async def test_a_function_may_be_async_and_know_customers() -> None:
    """The customer is a second argument, where there is one."""

    async def give(scopes: tuple[str, ...], customer: str = "own") -> str:
        return f"{scopes[0]}-{customer}"

    tokens = tokens_of(give)
    assert await tokens.token(SCOPES) == f"{SCOPES[0]}-own"
    assert await tokens.token(SCOPES, "991825827") == f"{SCOPES[0]}-991825827"


@pytest.mark.parametrize("given", ["a-token", 5, None, object()])
def test_anything_else_is_refused(given: Any) -> None:
    """A token that never ends is not one: it must come from somewhere."""
    with pytest.raises(ConfigurationError, match="token must be a Maskinporten, or a function"):
        tokens_of(given)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("got eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJjIn0.c2ln-_ from", "got *** from"),
        ("Authorization: Bearer abcdefghijkl.def~+/=", "Authorization: Bearer ***"),
        ("no token here: https://api.sdir.no/a.b.c", "no token here: https://api.sdir.no/a.b.c"),
    ],
)
def test_tokens_are_masked_by_their_form(text: str, masked: str) -> None:
    """So that none has to be remembered for it."""
    assert mask(text) == masked
