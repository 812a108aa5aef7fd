"""What can be sent, as JSON has it: `TypedDict`s for mappings that a type checker shall check.

Generated from openapi/course/v1.yaml by `make generate`. Do not edit.
"""

from typing import TypedDict as _TypedDict


class CourseDict(_TypedDict):
    """`Course` as a mapping."""

    personalIdentityNumber: str
    """ The participant's national identity number: a birth number or a D-number. """
    completedAt: str
    """ When the course was passed, with the offset from UTC. """
    organizationNumber: str
    """ The number of the course centre or school in the Norwegian register of legal entities. """
    courseCode: str
    """ Which course: a code of `listCodes`. The list grows. """
