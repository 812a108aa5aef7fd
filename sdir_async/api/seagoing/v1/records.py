"""What can be sent, as JSON has it: `TypedDict`s for mappings that a type checker shall check.

Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
"""

from typing import Any
from typing import NotRequired as _NotRequired
from typing import TypedDict as _TypedDict


class ActivityDict(_TypedDict):
    """`Activity` as a mapping."""

    occupationCode: "OccupationCodeDict"
    """ An occupation on board, by its code in STYRK, the Norwegian classification of occupations. """
    hours: int
    """ Hours served in the period. """
    signOnDate: str
    """ The day on which the seafarer signed on. """
    signOffDate: str
    """ The day on which the seafarer signed off. """


class OccupationCodeDict(_TypedDict):
    """`OccupationCode` as a mapping."""

    code: str
    """ The STYRK code: one of `listOccupationCodes`. The list grows. """
    description: _NotRequired[str | None]
    """ The name of the occupation, in Norwegian. """


class OrganizationDict(_TypedDict):
    """`Organization` as a mapping."""

    organizationNumber: str
    """ Its number in the Norwegian register of legal entities. """


class PersonDict(_TypedDict):
    """`Person` as a mapping."""

    id: str
    """ The person's national identity number: a birth number or a D-number. """
    firstName: _NotRequired[str | None]
    """ Given name. """
    middleName: _NotRequired[str | None]
    """ Middle name, where the person has one. """
    lastName: _NotRequired[str | None]
    """ Family name. """


class ServiceReportDict(_TypedDict):
    """`ServiceReport` as a mapping."""

    person: "PersonDict"
    """ The seafarer. """
    organization: "OrganizationDict"
    """ The organisation that reports, such as the shipowner. """
    vessel: "VesselDict"
    """ The ship on which the seafarer served. """
    activity: "ActivityDict"
    """ What the seafarer did on board, and when. """
    optional: _NotRequired[dict[str, Any] | None]
    """ Anything that Sdir and the sender have agreed on. Usually null. """


class VesselDict(_TypedDict):
    """`Vessel` as a mapping."""

    imoNumber: _NotRequired[str | None]
    """ The ship's IMO number. Smaller ships have none; the call sign identifies those. """
    callSign: _NotRequired[str | None]
    """ The ship's radio call sign. """
    name: _NotRequired[str | None]
    """ The ship's name. """
    id: _NotRequired[str | None]
    """ Another identifier of the ship; Sdir has not published which. """
