"""Async Python SDK for the REST APIs of Sdir, the Norwegian Maritime Authority."""

from typing import TYPE_CHECKING

from ._lazy import lazy_names
from ._version import __version__

if TYPE_CHECKING:
    from .auth import SubscriptionKey
    from .client import Sdir
    from .description import (
        BatchDescription,
        Description,
        ListingDescription,
        OperationDescription,
        PagesDescription,
        ParameterDescription,
        describe,
        describe_all,
    )
    from .errors import (
        ApiError,
        AuthenticationError,
        ConfigurationError,
        ConnectionFailed,
        InvalidRequest,
        JournalError,
        JournalInUse,
        JournalMismatch,
        NotFound,
        PageRepeated,
        PermissionDenied,
        QuotaExceeded,
        RateLimited,
        SdirError,
        ServerError,
        TokenError,
        UnknownOutcome,
    )
    from .maskinporten import Maskinporten
    from .observe import AttemptEvent
    from .pacing import Pacer
    from .raw import RawResponse
    from .retries import RetryPolicy
    from .telemetry import Telemetry
    from .types import UNSET, Unset
    from .upload.report import (
        ChunkOutcome,
        Notice,
        Reason,
        RecordOutcome,
        Rejection,
        Snapshot,
        UploadReport,
    )
    from .upload.upload import Upload
    from .wire import Attempt
else:
    _NAMES = {
        ".auth": "SubscriptionKey",
        ".client": "Sdir",
        ".description": (
            "BatchDescription Description ListingDescription OperationDescription "
            "ParameterDescription PagesDescription describe describe_all"
        ),
        ".errors": (
            "ApiError AuthenticationError ConfigurationError ConnectionFailed InvalidRequest "
            "JournalError JournalInUse JournalMismatch NotFound PageRepeated PermissionDenied "
            "QuotaExceeded RateLimited SdirError ServerError TokenError UnknownOutcome"
        ),
        ".maskinporten": "Maskinporten",
        ".observe": "AttemptEvent",
        ".pacing": "Pacer",
        ".raw": "RawResponse",
        ".retries": "RetryPolicy",
        ".telemetry": "Telemetry",
        ".types": "UNSET Unset",
        ".upload.report": (
            "ChunkOutcome Notice Reason RecordOutcome Rejection Snapshot UploadReport"
        ),
        ".upload.upload": "Upload",
        ".wire": "Attempt",
    }
    __getattr__, __dir__ = lazy_names(
        __name__, {name: module for module, names in _NAMES.items() for name in names.split()}
    )

__all__ = [
    "UNSET",
    "ApiError",
    "Attempt",
    "AttemptEvent",
    "AuthenticationError",
    "BatchDescription",
    "ChunkOutcome",
    "ConfigurationError",
    "ConnectionFailed",
    "Description",
    "InvalidRequest",
    "JournalError",
    "JournalInUse",
    "JournalMismatch",
    "ListingDescription",
    "Maskinporten",
    "NotFound",
    "Notice",
    "OperationDescription",
    "Pacer",
    "PageRepeated",
    "PagesDescription",
    "ParameterDescription",
    "PermissionDenied",
    "QuotaExceeded",
    "RateLimited",
    "RawResponse",
    "Reason",
    "RecordOutcome",
    "Rejection",
    "RetryPolicy",
    "Sdir",
    "SdirError",
    "ServerError",
    "Snapshot",
    "SubscriptionKey",
    "Telemetry",
    "TokenError",
    "UnknownOutcome",
    "Unset",
    "Upload",
    "UploadReport",
    "__version__",
    "describe",
    "describe_all",
]
