"""Errors of the server, split by blame.

    VerbatimError
    ├── ApiError            the caller's fault or misfortune: becomes an error body or an error event
    ├── AssistantFailed     the model server's fault: ends a response as `failed`
    └── ConfigError         the operator's: one line at start, exit status 2

Rule: an error holds data, and `__str__` composes the sentence. The store's errors (`persistence.errors`) are
translated into `ApiError` by `api_error`, nowhere else.
"""

from dataclasses import dataclass

from persistence.errors import (
    FactNotFound,
    FactTooLong,
    ImageNotFound,
    ImagesFull,
    InvalidSessionId,
    MemoryFull,
    MemoryOff,
    MemoryUnreadable,
    MessageNotFound,
    NotStorable,
    PersistenceError,
    SearchUnavailable,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageFull,
    StorageReadOnly,
)


class VerbatimError(Exception):
    """The root of what the server raises itself."""


@dataclass(eq=False)
class ApiError(VerbatimError):
    """One row of the error table in PROTOCOL.md.

    Attributes:
        status: The HTTP status, also sent on the socket.
        code: The machine-readable code.
        message: What was wrong and what was expected.
        param: The field, such as `input[0].content`; None where no field is to blame.
    """

    status: int
    code: str
    message: str
    param: str | None = None

    def __str__(self) -> str:
        where = f" ({self.param})" if self.param else ""
        return f"{self.status} {self.code}{where}: {self.message}"

    @property
    def type(self) -> str:
        """The error's family, by its status."""
        families = {
            401: "authentication_error",
            403: "permission_error",
            404: "not_found_error",
            429: "rate_limit_error",
        }
        return families.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")


@dataclass(eq=False)
class AssistantFailed(VerbatimError):
    """The model server did not do its part.

    Attributes:
        code: `upstream_…` of PROTOCOL.md.
        message: A sentence for the person who waits for the answer.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(eq=False)
class ConfigError(VerbatimError):
    """A setting that cannot be used.

    Attributes:
        name: The environment variable, or the place in a file.
        value: What it holds; None: there is nothing that could be shown.
        expected: What it may hold.
    """

    name: str
    value: str | None
    expected: str

    def __str__(self) -> str:
        shown = "" if self.value is None else f"={self.value!r}"
        return f"{self.name}{shown}: expected {self.expected}"


def api_error(error: PersistenceError) -> ApiError:
    """What a caller is told of a store's error."""
    match error:
        case SessionNotFound():
            return ApiError(404, "conversation_not_found", f"no conversation {error.session_id!r}", "conversation")
        case SessionExists():
            return ApiError(409, "conversation_exists", str(error), "conversation")
        case MessageNotFound():
            return ApiError(404, "message_not_found", f"no message {error.message_id!r} in this conversation", "after")
        case ImageNotFound():
            return ApiError(404, "image_not_found", f"no image {error.name!r:.100} in this conversation", "name")
        case ImagesFull():
            limit = f"expected at most {error.limit:,} bytes of images in all conversations of a user"
            return ApiError(409, "images_full", f"{limit}; delete some first")
        case InvalidSessionId():
            return ApiError(400, "invalid_value", str(error), "conversation")
        case NotStorable():
            return ApiError(400, "invalid_value", str(error))
        case FactNotFound():
            return ApiError(404, "fact_not_found", str(error), "fact_id")
        case SearchUnavailable():
            return ApiError(503, "search_unavailable", str(error))
        case FactTooLong():
            return ApiError(400, "invalid_value", str(error), "text")
        case MemoryFull():
            return ApiError(409, "memory_full", str(error))
        case MemoryOff():
            return ApiError(409, "memory_off", str(error))
        case StorageReadOnly():
            message = f"the disk failed ({error.reason}); nothing is written until a restart"
            return ApiError(503, "storage_read_only", message)
        case StorageFull():
            return ApiError(507, "storage_full", "the disk is full; nothing was changed")
        case MemoryUnreadable():
            message = f"the memory cannot be read ({error.reason}); it is left as it is"
            return ApiError(500, "storage_error", message)
        case StorageError():
            return ApiError(500, "storage_error", f"the disk refused ({error.reason}); nothing was changed")
        case _:
            return ApiError(500, "internal_error", "a fault of the server; it is in its log")
