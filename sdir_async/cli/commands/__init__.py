"""The commands, with their options and their help; what they do is in the modules they call."""
