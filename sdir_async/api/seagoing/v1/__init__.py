"""Seagoing service, v1: its public names, loaded on use.

Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
"""

from typing import TYPE_CHECKING

from ...._lazy import lazy_names

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
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "Activity": ".models.activity",
            "CheckFinding": ".models.check_finding",
            "OccupationCode": ".models.occupation_code",
            "OccupationMapping": ".models.occupation_mapping",
            "Organization": ".models.organization",
            "Person": ".models.person",
            "SavedServiceReport": ".models.saved_service_report",
            "SeagoingV1": ".operations",
            "ServiceReport": ".models.service_report",
            "ServiceReportOptional": ".models.service_report_optional",
            "Vessel": ".models.vessel",
        },
    )

__all__ = [
    "Activity",
    "CheckFinding",
    "OccupationCode",
    "OccupationMapping",
    "Organization",
    "Person",
    "SavedServiceReport",
    "SeagoingV1",
    "ServiceReport",
    "ServiceReportOptional",
    "Vessel",
]
