"""The command `sdir`: from a spreadsheet to the register. `pip install "sdir-async[cli]"`."""
