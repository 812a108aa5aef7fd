"""The benchmark: ours beside what others generate or write by hand, in one run."""
