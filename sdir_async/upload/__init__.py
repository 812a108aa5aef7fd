"""Any number of records over batch operations that save all of a request or nothing of it."""
