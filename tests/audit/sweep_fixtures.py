"""Fixtures of the sweep's tests: one running cloud a module, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sweep_world import SweepWorld

from dicfix.offline.cloud import EmbeddedCloud


@pytest.fixture(scope="module")
def sweep_cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def sweep_world(sweep_cloud: EmbeddedCloud, tmp_path: Path) -> SweepWorld:
    return SweepWorld(sweep_cloud, tmp_path)
