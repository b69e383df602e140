"""The embedded cloud after an onboarding, once per module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.guide_cloud import GuideCloud, guide_cloud


@pytest.fixture(scope="module")
def onboarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuideCloud]:
    """The guide performed with certificates of our own making."""
    with guide_cloud(tmp_path_factory.mktemp("certificates")) as running:
        yield running
