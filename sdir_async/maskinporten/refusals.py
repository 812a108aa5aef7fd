"""What Maskinporten's refusals mean, what to do about each, and who can do it."""

from __future__ import annotations

import re
from typing import Final, Literal

from attrs import frozen

from ..errors import TokenError
from ..privacy import mask

Who = Literal["you", "your customer", "Sdir", "Digdir"]

TOLERATED_SKEW: Final = 10.0
"""Seconds that a clock may be wrong by."""


@frozen
class Meaning:
    """What a code means.

    Attributes:
        text: What is wrong.
        advice: What to do.
        who: Who can do it.
    """

    text: str
    advice: str
    who: Who = "you"


_DETAILS: Final = Meaning(
    "the system user is not accepted",
    "Check system_user, and that the customer has accepted the system user in Altinn.",
    "your customer",
)
MEANINGS: Final = {
    "MP-012": Meaning(
        "the assertion was used before",
        "Try again; if it happens again, tell us: each one is used once.",
    ),
    "MP-100": Meaning(
        "the client was not found",
        "Check client_id, and that it was made in the same environment, test or production.",
    ),
    "MP-110": Meaning(
        "the audience is wrong",
        "Check environment and issuer; the slash at the issuer's end counts.",
    ),
    "MP-120": Meaning(
        "the certificate is not accepted",
        "Check that it has not ended, that its chain is complete, and that it is a test certificate"
        " for test and a production certificate for production.",
    ),
    "MP-121": Meaning(
        "the registered key has expired: a key lives for a year",
        "Register a new key for the client in Digdir's portal, and use it with its kid.",
    ),
    "MP-122": Meaning(
        "the certificate belongs to another organization than the client",
        "Use the certificate of the organization that owns the client.",
    ),
    "MP-123": Meaning("the certificates are not a list", "Report it: we send a list."),
    "MP-124": Meaning(
        "the signature is wrong: it was made with another key than the registered one",
        "Check that key and kid belong together; a client with a registered key needs kid.",
    ),
    "MP-130": Meaning(
        "the times in the assertion are not accepted",
        "Set this machine's clock, and its time zone; let it be set by NTP.",
    ),
    "MP-200": Meaning(
        "the scope is not registered on the client",
        "Add the scope to the client in Digdir's portal; a new one takes about 15 minutes to work.",
    ),
    "MP-201": Meaning(
        "the client may not have this scope",
        "Ask Sdir to grant the scope to your organization, then add it to the client.",
        "Sdir",
    ),
    "MP-250": Meaning(
        "the customer's organization does not have the scope",
        "The customer asks Sdir for access; a new one takes about 15 minutes to work.",
        "Sdir",
    ),
    "MP-251": Meaning(
        "the customer has not delegated the scope to you",
        "The customer delegates the scope to your organization in Digdir's portal or in Altinn.",
        "your customer",
    ),
    "MP-301": _DETAILS,
    "MP-302": _DETAILS,
    "MP-303": _DETAILS,
}
UNKNOWN: Final = Meaning(
    "for a reason that we don't know",
    "Read what it said, and look the code up in Digdir's documentation.",
    "Digdir",
)

_MOMENTARY: Final = frozenset({"MP-012", "MP-130"})
_CODE: Final = re.compile(r"MP-\d{3}")
_TRACE: Final = re.compile(r"\s*\(trace_id: ([^)\s]+)\)")


@frozen
class Refusal:
    """An answer in which Maskinporten refuses to give a token.

    Attributes:
        status: The HTTP status.
        code: Such as `MP-121`; `None` if the answer names none.
        said: What it said, without the trace id.
        trace_id: What support needs.
        skew: How many seconds this machine's clock is ahead; `None` if that is not known.
    """

    status: int
    code: str | None
    said: str
    trace_id: str | None
    skew: float | None

    @property
    def is_momentary(self) -> bool:
        """Whether the same question with a fresh assertion may be answered with yes."""
        return self.code in _MOMENTARY

    def error(self) -> TokenError:
        """Return the error for the user."""
        meaning = MEANINGS.get(self.code or "", UNKNOWN)
        wrong_by = self.skew if abs(self.skew or 0.0) > TOLERATED_SKEW else None
        told = f" ({self.code})" if self.code else ""
        parts = [f"Maskinporten refused to give a token{told}: {meaning.text}. {meaning.advice}"]
        if meaning is UNKNOWN:
            parts.append(f"It answered {self.status}: {self.said or 'nothing more'}")
        if wrong_by is not None:
            parts.append(f"This machine's clock is {_how_wrong(wrong_by)} Maskinporten's.")
        if self.trace_id:
            parts.append(f"[trace id {self.trace_id}]")
        return TokenError(
            " ".join(parts),
            code=self.code,
            advice=meaning.advice,
            trace_id=self.trace_id,
            clock_skew=wrong_by,
            status=self.status,
        )


def read_refusal(status: int, body: object, skew: float | None) -> Refusal:
    """Return the refusal that an answer is; `body` is its JSON, if it has any."""
    told = body if isinstance(body, dict) else {}
    said = mask(str(told.get("error_description") or told.get("error") or ""))
    code = _CODE.search(f"{told.get('error_uri', '')} {said}")
    trace = _TRACE.search(said)
    return Refusal(
        status,
        code[0] if code else ("MP-130" if "issue time is after now" in said.lower() else None),
        _TRACE.sub("", said),
        trace[1] if trace else None,
        skew,
    )


def _how_wrong(seconds: float) -> str:
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"
