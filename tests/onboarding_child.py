"""An onboarding in a process of its own that kills itself, by SIGKILL, where the test says.

Run as: python onboarding_child.py API_URL DIRECTORY POINT NTH. POINT is an API operation (killed once it has answered)
or an audit event of Python that tells of a file (killed before the file is there).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from dicfix import wiring
from dicfix.aws.session import AwsSession
from dicfix.lab.network import Network
from dicfix.mqtt.parameters import Deadlines
from dicfix.mqtt.route import Routes
from dicfix.settings import settings_from
from dicfix.wiring import Surroundings


class Countdown:
    """Kills the process at the nth time."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def tick(self) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


class SessionToKill(AwsSession):
    """A session whose process dies after an answer, before anything is done with it."""

    point = ""
    countdown = Countdown(0)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answer = super().call(service, operation, **parameters)
        if f"{service}:{operation}" == self.point:
            self.countdown.tick()
        return answer


def main(url: str, directory: Path, point: str, countdown: Countdown) -> None:
    kwargs = {
        "region_name": "eu-west-1",
        "endpoint_url": url,
        "aws_access_key_id": "AKIADICFIXOFFLINE000",
        "aws_secret_access_key": "not-a-secret",
    }
    session = SessionToKill(kwargs, max_attempts=1)
    session.point, session.countdown = point, countdown
    network = Network(Routes(), "", Deadlines())
    builder = wiring.build(Surroundings(session, kwargs, network), settings_from({}), directory)
    if point.startswith("os."):
        sys.addaudithook(
            lambda event, details: countdown.tick() if event == point and str(directory) in str(details) else None
        )
    builder.onboard()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], Countdown(int(sys.argv[4])))
