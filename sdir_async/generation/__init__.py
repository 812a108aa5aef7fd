"""Turns OpenAPI documents into a package: prepares them, runs the generator, writes the code."""
