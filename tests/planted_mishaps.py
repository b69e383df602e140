"""A pytest plugin that makes the real features fail: ``-p planted_mishaps``, chosen by PLANTED.

``mishaps`` lets things go wrong as they do in life, with reprs of everything that holds a key in the messages;
``leaks`` also says keys, credentials and paths aloud wherever a run can say something.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

CREDENTIAL = "AKIA" + "QWERTYUIOPASDFGH"
SECRET = "wJalrXUtnFEMIK7MDENG" + "bPxRfiCY"


def pytest_configure() -> None:
    """Put the mishaps in place."""
    from dicfix.accounts.builder import Builder
    from dicfix.aws.session import AwsSession
    from dicfix.lab import Lab

    AwsSession.call = _inactive_ca(AwsSession.call)  # type: ignore[method-assign]
    Lab.command = _tells_its_material  # type: ignore[method-assign, assignment]
    if os.environ["PLANTED"] == "leaks":
        Builder.ensure_policy = _leaks  # type: ignore[method-assign, assignment]


def _inactive_ca(call: Any) -> Any:
    """In some scenarios AWS registers the CA certificate INACTIVE: a finding, and refusals of what rests on it."""

    def called(self: Any, service: str, operation: str, **parameters: Any) -> Any:
        if operation == "RegisterCACertificate" and "active" in os.environ["PYTEST_CURRENT_TEST"]:
            parameters["setAsActive"] = False
        return call(self, service, operation, **parameters)

    return called


def _tells_its_material(lab: Any, *_: Any) -> None:
    name = lab.settings.explorer_name
    held = (lab.account.site.client(name), lab.parameters(name), lab.account.explorer_profile(), lab.account.site)
    raise RuntimeError(f"the light went out: {held!r}")


def _leaks(builder: Any) -> None:
    pem, where = builder.site.keystore.ca().key.pem, builder.site.keystore.directory
    aloud = f"{pem} {CREDENTIAL} aws_secret_access_key={SECRET} {where}"
    print(aloud)
    logging.getLogger("planted").warning(aloud)
    raise OSError(aloud)


@pytest.fixture(autouse=True)
def talkative(request: pytest.FixtureRequest) -> Iterator[None]:
    """Says every key of the scenario's folder aloud in its teardown."""
    yield
    if os.environ["PLANTED"] == "leaks" and "tmp_path" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path")
        text = "\n".join(path.read_text() for path in sorted(folder.rglob("*.key")))
        request.node.add_report_section("teardown", "keys", f"{folder}\n{text}")
