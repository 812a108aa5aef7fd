"""Seagoing service, v1: its public names, loaded on use.

Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
"""

from typing import TYPE_CHECKING

from sdir_async._lazy import lazy_names

if TYPE_CHECKING:
    from .models.activity import Activity
    from .models.check_finding import CheckFinding
    from .models.occupation_code import OccupationCode
    from .models.occupation_mapping import OccupationMapping
    from .models.organization import Organization
    from .models.person import Person
    from .models.saved_service_report import SavedServiceReport
    from .models.service_report import ServiceReport
    from .models.service_report_optional import ServiceReportOptional
    from .models.vessel import Vessel
    from .operations import SeagoingV1
    from .records import (
        ActivityDict,
        OccupationCodeDict,
        OrganizationDict,
        PersonDict,
        ServiceReportDict,
        VesselDict,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "Activity": ".models.activity",
            "ActivityDict": ".records",
            "CheckFinding": ".models.check_finding",
            "OccupationCode": ".models.occupation_code",
            "OccupationCodeDict": ".records",
            "OccupationMapping": ".models.occupation_mapping",
            "Organization": ".models.organization",
            "OrganizationDict": ".records",
            "Person": ".models.person",
            "PersonDict": ".records",
            "SavedServiceReport": ".models.saved_service_report",
            "SeagoingV1": ".operations",
            "ServiceReport": ".models.service_report",
            "ServiceReportDict": ".records",
            "ServiceReportOptional": ".models.service_report_optional",
            "Vessel": ".models.vessel",
            "VesselDict": ".records",
        },
    )

__all__ = [
    "Activity",
    "ActivityDict",
    "CheckFinding",
    "OccupationCode",
    "OccupationCodeDict",
    "OccupationMapping",
    "Organization",
    "OrganizationDict",
    "Person",
    "PersonDict",
    "SavedServiceReport",
    "SeagoingV1",
    "ServiceReport",
    "ServiceReportDict",
    "ServiceReportOptional",
    "Vessel",
    "VesselDict",
]
