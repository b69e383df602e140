"""An embedded account with Builder, Lab and what stands beside them, for tests of accounts and lab."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dicfix import wiring
from dicfix.accounts.builder import Builder
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.onboardings import Onboardings
from dicfix.settings import Settings, settings_from
from dicfix.wiring import Surroundings


class World:
    """One empty account; ``builder`` gives another process's Builder over the same directory."""

    def __init__(self, cloud: EmbeddedCloud, directory: Path) -> None:
        cloud.reset()
        self.cloud = cloud
        self.directory = directory
        self.settings: Settings = settings_from({})
        self.surroundings = Surroundings.offline(cloud, self.settings)
        self.device = self.settings.devices[0]
        self.explorer = self.settings.explorer_name

    def builder(self, **changes: Any) -> Builder:
        return wiring.build(self.surroundings, replace(self.settings, **changes), self.directory / "certificates")

    def stranger(self) -> Builder:
        """A Builder with the same files, but without the journal that says what is ours."""
        builder = self.builder()
        builder.site.journal = type(builder.site.journal)()
        return builder

    def onboardings(self) -> Onboardings:
        return Onboardings(self.surroundings, self.settings, self.directory)
