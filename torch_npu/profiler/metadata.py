"""What users attach to a profile: checked, never an exception into the training loop."""

import json
import sys
import uuid
from collections.abc import Callable

from . import log

_MAX_TEXT = 4096
_MAX_TOTAL = 50 * 1024
_MAX_TRACE_ID = 1024


class Metadata:
    """Keys and values for profiler_metadata.json."""

    def __init__(self) -> None:
        self.values: dict = {}

    def add(self, key: str, value: str) -> None:
        if self._acceptable(key, value):
            self._store(key, value)

    def add_json(self, key: str, value: str) -> None:
        if not self._acceptable(key, value):
            return
        try:
            parsed = json.loads(value)
        except json.JSONDecodeError as error:
            log.warning(f"add_metadata_json: the value of {key!r} is not JSON ({error}); skipped.")
            return
        self._store(key, parsed)

    def _acceptable(self, key: str, value: str) -> bool:
        if not isinstance(key, str) or not isinstance(value, str):
            log.warning("add_metadata: key and value must be str; skipped.")
            return False
        if len(key) > _MAX_TEXT or len(value) > _MAX_TEXT:
            log.warning(f"add_metadata: key and value may have {_MAX_TEXT} characters; skipped.")
            return False
        total = sum(sys.getsizeof(k) + sys.getsizeof(v) for k, v in self.values.items())
        if total + sys.getsizeof(key) + sys.getsizeof(value) >= _MAX_TOTAL:
            log.warning(f"add_metadata: more than {_MAX_TOTAL} bytes in all; {key!r} is skipped.")
            return False
        return True

    def _store(self, key: str, value) -> None:
        if key in self.values:
            log.warning(f"add_metadata: {key!r} is overwritten.")
        self.values[key] = value


def trace_id(callback: Callable[[], str] | None) -> str:
    """What `callback` returns if it is usable, else a random id."""
    if callback is not None:
        text = callback()
        if isinstance(text, str) and len(text) <= _MAX_TRACE_ID:
            return text
        log.warning(f"custom_trace_id_callback must return at most {_MAX_TRACE_ID} characters.")
    return uuid.uuid4().hex.upper()
