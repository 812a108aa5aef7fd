"""Our documents name their scopes, and the generated code has them."""

from __future__ import annotations


def test_our_documents_name_a_scope_for_every_operation() -> None:
    """A session asks a token for it."""
    from sdir_async.api.course.v1 import operations as course
    from sdir_async.api.e_certificate.v1 import operations as certificate

    assert course._CREATE_COURSES.scopes == ("sdir:seafarer.course.write",)
    assert certificate._ORDER_CERTIFICATE.scopes == ("sdir:vessel.ecertificate.write",)
