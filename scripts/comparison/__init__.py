"""Says what differs between two documents or two generated versions, and what breaks users."""
