"""Fixtures of an onboarded account of which one client is looked at: one running cloud a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from client_world import ClientWorld

from dicfix.offline.cloud import EmbeddedCloud


@pytest.fixture(scope="module")
def client_cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def client_world(client_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[ClientWorld]:
    world = ClientWorld(client_cloud, tmp_path)
    yield world
    world.lab.close()


@pytest.fixture
def sni_world(client_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[ClientWorld]:
    """An account of edition 2023-08, whose CA mode asks for the server name."""
    world = ClientWorld(client_cloud, tmp_path, "2023-08")
    yield world
    world.lab.close()
