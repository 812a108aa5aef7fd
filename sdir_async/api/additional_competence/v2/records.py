"""What can be sent, as JSON has it: `TypedDict`s for mappings that a type checker shall check.

Generated from openapi/additional_competence/v2.yaml by `make generate`. Do not edit.
"""

from typing import NotRequired as _NotRequired
from typing import TypedDict as _TypedDict


class AdditionalCompetenceDict(_TypedDict):
    """`AdditionalCompetence` as a mapping."""

    personalIdentityNumber: str
    """ The seafarer's national identity number: a birth number or a D-number. """
    organizationNumber: str
    """ The number of the reporting organisation in the Norwegian register of legal entities. """
    competenceCode: str
    """ Which competence: a code of `listCodes`. The list grows. """
    completedAt: str
    """ When the competence was completed, with the offset from UTC. """
    periodStart: _NotRequired[str | None]
    """ First day of the period in which the competence was earned. """
    periodEnd: _NotRequired[str | None]
    """ Last day of that period. """
    vesselImoNumber: _NotRequired[str | None]
    """ The IMO number of the ship on which the competence was earned. """
    registratorName: _NotRequired[str | None]
    """ Name of whoever registered the report. """


class SavedAdditionalCompetenceDict(_TypedDict):
    """`SavedAdditionalCompetence` as a mapping."""

    personalIdentityNumber: str
    """ The seafarer's national identity number: a birth number or a D-number. """
    organizationNumber: str
    """ The number of the reporting organisation in the Norwegian register of legal entities. """
    competenceCode: str
    """ Which competence: a code of `listCodes`. The list grows. """
    completedAt: str
    """ When the competence was completed, with the offset from UTC. """
    uid: str
    """ The identifier that Sdir gave the record when it was saved. """
    periodStart: _NotRequired[str | None]
    """ First day of the period in which the competence was earned. """
    periodEnd: _NotRequired[str | None]
    """ Last day of that period. """
    vesselImoNumber: _NotRequired[str | None]
    """ The IMO number of the ship on which the competence was earned. """
    registratorName: _NotRequired[str | None]
    """ Name of whoever registered the report. """
