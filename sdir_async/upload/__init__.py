"""Any number of records over batch operations that save all of a request or nothing of it."""

from .plan import OnRejected, Progress, Reconcile, Records
from .report import ChunkOutcome, Notice, Rejection, Snapshot, UploadReport
from .upload import Upload

__all__ = [
    "ChunkOutcome",
    "Notice",
    "OnRejected",
    "Progress",
    "Reconcile",
    "Records",
    "Rejection",
    "Snapshot",
    "Upload",
    "UploadReport",
]
