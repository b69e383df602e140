"""The checkpoint of a sweep: the answers it has got, so that a killed one goes on where it was.

Pages with their tokens and single answers are kept as they come; attachments and certificates go straight into the
memory, with the time at which they were read. May import ``memory``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dicfix.audit.memory import Memory

MAX_AGE = timedelta(hours=24)
"""An interrupted run that is older is begun anew: its answers would be yesterday's."""
_BEGUN = "checkpoint_begun"


class Checkpoint:
    """The answers of the run that is going on, or of the one that it resumes.

    ``begun`` is when the first of them was asked for; ``resumed`` whether there was an interrupted run young enough.
    """

    def __init__(self, memory: Memory, now: datetime) -> None:
        self._memory = memory
        begun = memory.note(_BEGUN)
        self.resumed = bool(begun) and timedelta() <= now - datetime.fromisoformat(str(begun)) <= MAX_AGE
        self.begun = datetime.fromisoformat(str(begun)) if self.resumed else now
        if not self.resumed:
            memory.forget_answers()
            memory.set_note(_BEGUN, now.isoformat())
            memory.flush()
        self._answers = dict(memory.answers())

    def answer(self, key: str) -> Mapping[str, Any] | None:
        """The kept answer to a call, or None."""
        text = self._answers.get(key)
        return None if text is None else json.loads(text, object_hook=_decoded)

    def keep(self, key: str, answer: Mapping[str, Any]) -> None:
        """Keep the answer to a call."""
        self._memory.keep_answer(key, json.dumps(answer, default=_encoded))

    def end(self) -> None:
        """The run has ended: nothing is left to resume."""
        self._memory.forget_answers()
        self._memory.set_note(_BEGUN, None)
        self._answers.clear()


def _encoded(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"an answer holds a {type(value).__name__}, which no checkpoint can keep")


def _decoded(found: dict[str, Any]) -> Any:
    if found.keys() == {"$time"}:
        return datetime.fromisoformat(found["$time"])
    if found.keys() == {"$bytes"}:
        return base64.b64decode(found["$bytes"])
    return found
