"""Additional competence, v2: its public names, loaded on use.

Generated from openapi/additional_competence/v2.yaml by `make generate`. Do not edit.
"""

from typing import TYPE_CHECKING

from sdir_async._lazy import lazy_names

if TYPE_CHECKING:
    from .models.additional_competence import AdditionalCompetence
    from .models.competence_code import CompetenceCode
    from .models.saved_additional_competence import SavedAdditionalCompetence
    from .models.service_information import ServiceInformation
    from .operations import AdditionalCompetenceV2
    from .records import AdditionalCompetenceDict, SavedAdditionalCompetenceDict
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "AdditionalCompetence": ".models.additional_competence",
            "AdditionalCompetenceDict": ".records",
            "AdditionalCompetenceV2": ".operations",
            "CompetenceCode": ".models.competence_code",
            "SavedAdditionalCompetence": ".models.saved_additional_competence",
            "SavedAdditionalCompetenceDict": ".records",
            "ServiceInformation": ".models.service_information",
        },
    )

__all__ = [
    "AdditionalCompetence",
    "AdditionalCompetenceDict",
    "AdditionalCompetenceV2",
    "CompetenceCode",
    "SavedAdditionalCompetence",
    "SavedAdditionalCompetenceDict",
    "ServiceInformation",
]
