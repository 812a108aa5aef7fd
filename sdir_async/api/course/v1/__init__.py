"""Course, v1: its public names, loaded on use.

Generated from openapi/course/v1.yaml by `make generate`. Do not edit.
"""

from typing import TYPE_CHECKING

from sdir_async._lazy import lazy_names

if TYPE_CHECKING:
    from .models.check_finding import CheckFinding
    from .models.course import Course
    from .models.course_code import CourseCode
    from .models.saved_course import SavedCourse
    from .operations import CourseV1
    from .records import CourseDict
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "CheckFinding": ".models.check_finding",
            "Course": ".models.course",
            "CourseCode": ".models.course_code",
            "CourseDict": ".records",
            "CourseV1": ".operations",
            "SavedCourse": ".models.saved_course",
        },
    )

__all__ = [
    "CheckFinding",
    "Course",
    "CourseCode",
    "CourseDict",
    "CourseV1",
    "SavedCourse",
]
