"""What can be sent, as JSON has it: `TypedDict`s for mappings that a type checker shall check.

Generated from openapi/additional_competence/v1.yaml by `make generate`. Do not edit.
"""

from typing import NotRequired as _NotRequired
from typing import TypedDict as _TypedDict


class AdditionalCompetenceDict(_TypedDict):
    """`AdditionalCompetence` as a mapping."""

    person: "PersonDict"
    """ The seafarer. """
    organization: "OrganizationDict"
    """ The organisation that reports, such as the shipowner. """
    competence: "CompetenceDict"
    """ What the seafarer is now qualified for, and when that was earned. """
    vessel: "VesselDict"
    """ The ship on which the competence was earned. """
    registratorName: _NotRequired[str | None]
    """ Name of whoever registered the report. """


class CompetenceDict(_TypedDict):
    """`Competence` as a mapping."""

    completionDate: str
    """ The day on which the competence was completed. """
    competenceCode: str
    """ Which competence: a code of `listCodes`. The list grows. """
    periodStartDate: _NotRequired[str | None]
    """ First day of the period in which the competence was earned. """
    periodStopDate: _NotRequired[str | None]
    """ Last day of that period. """


class OrganizationDict(_TypedDict):
    """`Organization` as a mapping."""

    organisationNumber: str
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


class SavedAdditionalCompetenceDict(_TypedDict):
    """`SavedAdditionalCompetence` as a mapping."""

    person: "PersonDict"
    """ The seafarer. """
    organization: "OrganizationDict"
    """ The organisation that reports, such as the shipowner. """
    competence: "CompetenceDict"
    """ What the seafarer is now qualified for, and when that was earned. """
    vessel: "VesselDict"
    """ The ship on which the competence was earned. """
    uid: str
    """ The identifier that Sdir gave the record when it was saved. """
    registratorName: _NotRequired[str | None]
    """ Name of whoever registered the report. """


class VesselDict(_TypedDict):
    """`Vessel` as a mapping."""

    imoNumber: _NotRequired[str | None]
    """ The ship's IMO number. Smaller ships have none; the call sign identifies those. """
    callsign: _NotRequired[str | None]
    """ The ship's radio call sign. """
    name: _NotRequired[str | None]
    """ The ship's name. """
    id: _NotRequired[str | None]
    """ Another identifier of the ship; Sdir has not published which. """
