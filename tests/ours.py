"""The documents that were written here, each of which says where it knows things from.

They promise more than an export need do: each error that the gateway can answer, codes that can be
listed, an example of everything. A test of such promises looks at them and at no others, so that
a document of another origin can stand beside them.
"""

from __future__ import annotations

from sdir_async.openapi.documents import find_folder, load_documents

OURS = [each for each in load_documents(find_folder()) if "x-sdir-source" in str(each.spec)]
