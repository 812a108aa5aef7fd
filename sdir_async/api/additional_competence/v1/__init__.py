"""Additional competence, v1: its public names, loaded on use.

Generated from openapi/additional_competence/v1.yaml by `make generate`. Do not edit.
"""

from typing import TYPE_CHECKING

from sdir_async._lazy import lazy_names

if TYPE_CHECKING:
    from .models.additional_competence import AdditionalCompetence
    from .models.competence import Competence
    from .models.competence_code import CompetenceCode
    from .models.organization import Organization
    from .models.person import Person
    from .models.saved_additional_competence import SavedAdditionalCompetence
    from .models.service_information import ServiceInformation
    from .models.vessel import Vessel
    from .operations import AdditionalCompetenceV1
    from .records import (
        AdditionalCompetenceDict,
        CompetenceDict,
        OrganizationDict,
        PersonDict,
        SavedAdditionalCompetenceDict,
        VesselDict,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "AdditionalCompetence": ".models.additional_competence",
            "AdditionalCompetenceDict": ".records",
            "AdditionalCompetenceV1": ".operations",
            "Competence": ".models.competence",
            "CompetenceCode": ".models.competence_code",
            "CompetenceDict": ".records",
            "Organization": ".models.organization",
            "OrganizationDict": ".records",
            "Person": ".models.person",
            "PersonDict": ".records",
            "SavedAdditionalCompetence": ".models.saved_additional_competence",
            "SavedAdditionalCompetenceDict": ".records",
            "ServiceInformation": ".models.service_information",
            "Vessel": ".models.vessel",
            "VesselDict": ".records",
        },
    )

__all__ = [
    "AdditionalCompetence",
    "AdditionalCompetenceDict",
    "AdditionalCompetenceV1",
    "Competence",
    "CompetenceCode",
    "CompetenceDict",
    "Organization",
    "OrganizationDict",
    "Person",
    "PersonDict",
    "SavedAdditionalCompetence",
    "SavedAdditionalCompetenceDict",
    "ServiceInformation",
    "Vessel",
    "VesselDict",
]
