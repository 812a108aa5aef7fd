"""Tests of what runs at development time."""
