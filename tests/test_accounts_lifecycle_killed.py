"""An onboarding whose process is really killed goes on where it stopped, and its journal knows all that was made."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicfix import wiring
from dicfix.accounts import How, lifecycle
from dicfix.accounts.builder import Builder
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.settings import settings_from
from dicfix.wiring import Surroundings

CHILD = Path(__file__).with_name("onboarding_child.py")
POINTS = [
    ("os.link", 2),
    ("os.link", 5),
    ("iot:RegisterCACertificate", 1),
    ("iot:CreateThing", 1),
    ("iot:RegisterCertificate", 1),
    ("iot:AttachThingPrincipal", 2),
]


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(http=True) as running:
        yield running


@pytest.fixture
def directory(cloud: EmbeddedCloud, tmp_path: Path) -> Path:
    cloud.reset()
    return tmp_path / "certificates"


def builder(cloud: EmbeddedCloud, directory: Path) -> Builder:
    settings = settings_from({})
    return wiring.build(Surroundings.offline(cloud, settings), settings, directory)


@pytest.mark.parametrize(("point", "nth"), POINTS, ids=[f"{point}-{nth}" for point, nth in POINTS])
def test_a_killed_process_is_resumed_and_cleaned_up(
    cloud: EmbeddedCloud, directory: Path, point: str, nth: int
) -> None:
    command = [sys.executable, str(CHILD), str(cloud.http_url), str(directory), point, str(nth)]
    child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr

    resumed = builder(cloud, directory)
    assert any(done.how is How.PERFORMED for done in resumed.onboard())
    assert not list(directory.glob(".*.part"))

    again = [part for done in builder(cloud, directory).onboard() for part in done.parts]
    assert {how for name, how in again if name != "profile"} == {How.FOUND}

    last = builder(cloud, directory)
    last.clean_up()
    assert lifecycle.left_over(last.site) == ()
    assert len(last.site.journal) == 0
