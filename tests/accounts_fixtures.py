"""Fixtures of an embedded account with Builder and Lab.

They have names of their own: a plugin's fixture would hide the one of the same name that features take.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts_world import World

from dicfix.lab import Lab
from dicfix.offline.cloud import EmbeddedCloud


@pytest.fixture(scope="module")
def accounts_cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def accounts_world(accounts_cloud: EmbeddedCloud, tmp_path: Path) -> World:
    return World(accounts_cloud, tmp_path)


@pytest.fixture
def onboarded_lab(accounts_world: World) -> Iterator[Lab]:
    """A lab beside an account that is onboarded."""
    lab = Lab(accounts_world.builder(), accounts_world.surroundings.network)
    lab.onboard()
    yield lab
    lab.close()
