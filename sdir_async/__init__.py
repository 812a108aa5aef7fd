"""Async Python SDK for the REST APIs of Sdir, the Norwegian Maritime Authority."""

from ._version import __version__
from .auth import SubscriptionKey
from .client import Sdir
from .errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    InvalidRequest,
    JournalError,
    JournalMismatch,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    Reason,
    SdirError,
    ServerError,
    UnknownOutcome,
)
from .session import Attempt, RetryPolicy
from .types import UNSET, Unset
from .upload import ChunkOutcome, Notice, Rejection, Snapshot, Upload, UploadReport

__all__ = [
    "UNSET",
    "ApiError",
    "Attempt",
    "AuthenticationError",
    "ChunkOutcome",
    "ConfigurationError",
    "ConnectionFailed",
    "InvalidRequest",
    "JournalError",
    "JournalMismatch",
    "NotFound",
    "Notice",
    "PermissionDenied",
    "QuotaExceeded",
    "RateLimited",
    "Reason",
    "Rejection",
    "RetryPolicy",
    "Sdir",
    "SdirError",
    "ServerError",
    "Snapshot",
    "SubscriptionKey",
    "UnknownOutcome",
    "Unset",
    "Upload",
    "UploadReport",
    "__version__",
]
