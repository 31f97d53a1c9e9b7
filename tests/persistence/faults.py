"""A disk that refuses: the system's calls, one of which fails."""

import errno
import os
from types import SimpleNamespace
from typing import Any

CALLS = ("open", "pread", "pwrite", "fsync", "ftruncate", "replace", "unlink", "mkdir", "scandir", "utime", "stat")


class FaultyOs(SimpleNamespace):
    """Stands in the place of the module `os` in `persistence.files`.

    Attributes:
        calls: What was called, in order.
        fail: The number of the call that fails, or the set of names that do; None while all is well.
        paused: Whether calls neither count nor fail at present.
        short: Whether a failing write has written half of its bytes before.
    """

    def __init__(self) -> None:
        super().__init__(**{name: getattr(os, name) for name in dir(os) if not name.startswith("_")})
        self.calls: list[str] = []
        self.fail: int | set[str] | None = None
        self.number = errno.EIO
        self.short = False
        self.paused = False
        for name in CALLS:
            setattr(self, name, self._wrap(name))

    def _wrap(self, name: str) -> Any:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.paused:
                return real(*args, **kwargs)
            at = len(self.calls)
            self.calls.append(name)
            if at == self.fail or (isinstance(self.fail, set) and name in self.fail):
                if name == "pwrite" and self.short:
                    descriptor, data, offset = args
                    real(descriptor, data[: len(data) // 2], offset)
                raise OSError(self.number, os.strerror(self.number))
            return real(*args, **kwargs)

        return call
