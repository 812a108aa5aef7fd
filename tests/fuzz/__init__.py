"""What comes from outside, broken in every way: nothing but our own errors may come of it.

`python -m tests.fuzz` (`make fuzz`) runs for as long as it is told, in processes with bounded
memory; `test_fuzz.py` is its short form. A case is made from a seed and a number alone, so that a
failure can be looked at again.
"""
