"""Reads OpenAPI 3 documents, for the generator, the sandbox and the routes for tests alike.

`documents` loads them with their overlays, `walk` walks through one, `batches` says which
operations are batches, `security` which scopes they need, `operations` what each of them does. It
needs the libraries of an extra, such as `pip install "sdir-async[testing]"`; nothing in the core
imports it.
"""
