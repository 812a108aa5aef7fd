"""Operations, and the iterators beside lists that have pages, as the templates see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define

from .understood import type_of

if TYPE_CHECKING:
    from openapi_python_client.parser.openapi import Endpoint


@define
class Walk:
    """An iterator over all pages, as the templates see it.

    Attributes:
        name: The name of its method.
        number: The name of the parameter for the number of the page, in the document.
        size: The name of the parameter for the size of a page, in the document.
        largest: The largest size, which is the default.
        full: Code for the size of a page that is not the last; `UNSET` where that says nothing.
        item: The type of a record, as code.
    """

    name: str
    number: str
    size: str | None
    largest: int | None
    full: str
    item: str


@define
class Call:
    """One operation, as the templates see it.

    Attributes:
        endpoint: What the generator knows about it.
        id: What the document calls it.
        effect: What a request does to the register.
        arguments: Python names of its parameters, each with its description.
        sending: Python names of its parameters, each with the code that puts it into a request.
        parser: The function that reads its answer; `None` if the answer has no content.
        answers: For each status with an answer of its own, which of the alternatives that is.
        parsers: The functions that read the alternatives.
        more: What its `Operation` has that most have not, as keyword arguments.
        optional_body: Whether it can be called without its body.
        walk: The iterator over its pages, if its list has any.
    """

    endpoint: Endpoint
    id: str
    method: str
    path: str
    effect: str
    arguments: dict[str, str]
    sending: dict[str, str]
    parser: str | None
    answers: dict[str, int]
    parsers: list[str]
    more: dict[str, Any]
    optional_body: bool
    walk: Walk | None = None

    @property
    def name(self) -> str:
        """The name of its method."""
        return str(self.endpoint.name)

    @property
    def constant(self) -> str:
        """The name of its `Operation`."""
        return f"_{self.name.upper()}"

    @property
    def deprecated(self) -> bool:
        """Whether the document calls it so."""
        return self.more.get("deprecated") is True

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a token must be good for."""
        scopes: tuple[str, ...] = self.more.get("scopes", ())
        return scopes

    @property
    def reads(self) -> str:
        """What makes a value of its answer, as code."""
        return f"_answers_of_{self.name}" if self.parsers else self.parser or "_nothing"

    @property
    def by_status(self) -> dict[str, str]:
        """The function that reads the answer of each status."""
        return {status: self.parsers[number] for status, number in self.answers.items()}

    @property
    def answer(self) -> Any:
        """What the generator knows about its answer."""
        return self.endpoint.responses.patterns[0].prop if self.parser else None

    @property
    def returns(self) -> str:
        """The type of its answer, as code."""
        return type_of(self.answer) if self.parser else "None"

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        words = self.endpoint.summary.get_untrusted_value().strip() or f"{self.method} {self.path}"
        return words if words[-1] in ".!" else f"{words}."
