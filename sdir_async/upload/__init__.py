"""Uploads any number of records. A batch operation saves all records of a request or none."""
