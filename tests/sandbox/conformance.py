"""What schemathesis is told about our formats, by `SCHEMATHESIS_HOOKS`.

A person number or an organisation number made from a pattern has the wrong check digits, and an
identifier made up names no record: both would only ever test how a request is refused.
"""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

UID = "e21a0166-909a-4c7d-9f7e-4cb89404c4f7"
"""The identifier in the examples of the documents; a record is saved under it."""

for name, values in {
    "person-number": ["41814061033", "41810021827"],
    "organization-number": ["991825827"],
    "uuid": [UID],
}.items():
    schemathesis.openapi.format(name, st.sampled_from(values))
