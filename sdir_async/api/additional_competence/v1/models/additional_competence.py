# Generated from openapi/additional_competence/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__

if TYPE_CHECKING:
    from ..models.competence import Competence
    from ..models.organization import Organization
    from ..models.person import Person
    from ..models.vessel import Vessel


T = TypeVar("T", bound="AdditionalCompetence")


@_attrs_define(repr=False)
class AdditionalCompetence(Model):
    """One additional competence of one seafarer, as it is reported.

    Example:
        {'registratorName': 'kari', 'person': {'id': '41814061033', 'firstName': 'Ola', 'middleName': None, 'lastName':
            'Nordmann'}, 'organization': {'organisationNumber': '991825827'}, 'competence': {'periodStartDate':
            '2020-01-01', 'periodStopDate': '2020-04-01', 'completionDate': '2020-05-01', 'competenceCode': 'BS0'},
            'vessel': {'imoNumber': '9074729', 'callsign': 'LA8PV', 'name': 'Eksempel', 'id': '1'}}

    """

    person: Person
    """ The seafarer. """
    organization: Organization
    """ The organisation that reports, such as the shipowner. """
    competence: Competence
    """ What the seafarer is now qualified for, and when that was earned. """
    vessel: Vessel
    """ The ship on which the competence was earned. """
    registrator_name: None | str | Unset = UNSET
    """ Name of whoever registered the report. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _personal = frozenset(["registrator_name"])

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {
                "person": self.person.to_dict(),
                "organization": self.organization.to_dict(),
                "competence": self.competence.to_dict(),
                "vessel": self.vessel.to_dict(),
            }
            if (registrator_name := self.registrator_name) is not UNSET:
                field_dict["registratorName"] = registrator_name
            if self.additional_properties:
                field_dict = {**self.additional_properties, **field_dict}
            return field_dict
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        try:
            from ..models.competence import Competence  # noqa: PLC0415
            from ..models.organization import Organization  # noqa: PLC0415
            from ..models.person import Person  # noqa: PLC0415
            from ..models.vessel import Vessel  # noqa: PLC0415

            d = {**src_dict}
            _made__ = cls(
                person=Person.from_dict(d.pop("person")),
                organization=Organization.from_dict(d.pop("organization")),
                competence=Competence.from_dict(d.pop("competence")),
                vessel=Vessel.from_dict(d.pop("vessel")),
                registrator_name=d.pop("registratorName", UNSET),
            )
            _made__.additional_properties = d
            return _made__
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
