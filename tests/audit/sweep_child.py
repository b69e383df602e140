"""A sweep in a process of its own, of an account in another one; it kills itself, by SIGKILL, where the test says.

Run as: python sweep_child.py API_URL STATE OUTPUT NTH MOMENT. MOMENT is ``before`` or ``after`` the answer to the NTH
call, or ``kept``, after the NTH record in the memory; NTH 0 means never. Every ten records are written.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from dicfix.audit import memory
from dicfix.audit.inventory import write_inventory
from dicfix.audit.sweep import needs_of_controls, sweep
from dicfix.aws.session import AwsSession
from dicfix.settings import settings_from


class Countdown:
    """Kills the process at the nth time."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def tick(self) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


class SessionToKill(AwsSession):
    """A session whose process dies around a call."""

    countdown = Countdown(0)
    moment = ""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if self.moment == "before":
            self.countdown.tick()
        answer = super().call(service, operation, **parameters)
        if self.moment == "after":
            self.countdown.tick()
        return answer


def main() -> None:
    url, state, output, nth, moment = sys.argv[1:]
    SessionToKill.countdown, SessionToKill.moment = Countdown(int(nth)), moment
    memory.FLUSH_AT = 10
    if moment == "kept":
        kept = memory.Memory._kept

        def kept_and_counted(self: memory.Memory) -> None:
            kept(self)
            SessionToKill.countdown.tick()

        memory.Memory._kept = kept_and_counted  # type: ignore[method-assign]
    kwargs = {"region_name": "eu-west-1", "endpoint_url": url, "aws_access_key_id": "AKIADICFIXOFFLINE000"}
    session = SessionToKill({**kwargs, "aws_secret_access_key": "none"}, read_only=True, max_attempts=1)
    settings = settings_from({"mode": "audit", "scope_prefix": "DIC_0"})
    inventory, report = sweep(session, settings, state=Path(state), needs=needs_of_controls("2023-08"))
    write_inventory(Path(output), inventory, {"devices": list(report.devices)})
    told = {"calls": dict(report.calls), "replayed": sum(report.replayed.values()), "resumed": bool(report.resumed)}
    Path(output).with_suffix(".json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
