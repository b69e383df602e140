"""A Builder and an Auditor on the embedded cloud, wired as a run wires them, for tests of the accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dicfix import wiring
from dicfix.accounts.auditor import Auditor
from dicfix.accounts.builder import Builder
from dicfix.aws.session import AwsSession
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.faults import Faults
from dicfix.settings import Deadlines, Settings, settings_from
from dicfix.wiring import Surroundings

QUICK = Deadlines(1.0, 1.0, 1.0, 5.0, 5.0, 0.01)


class World:
    """One embedded cloud; every Builder is a process of its own that works in a certificate directory."""

    def __init__(self, cloud: EmbeddedCloud, directory: Path) -> None:
        self.cloud = cloud
        self.directory = directory
        self.surroundings = Surroundings.offline(cloud, settings_from({}))

    @property
    def session(self) -> AwsSession:
        """The session that may write."""
        return self.surroundings.session

    @property
    def faults(self) -> Faults:
        """What the API is told to fail with."""
        return self.cloud.faults

    def settings(self, **given: Any) -> Settings:
        """Settings with quick deadlines."""
        return settings_from({"deadlines": QUICK, **given})

    def builder(self, name: str = "certificates", **given: Any) -> Builder:
        """A Builder as a new process makes it, in the directory ``name``."""
        return wiring.build(self.surroundings, self.settings(**given), self.directory / name)

    def auditor(self, name: str = "certificates", **given: Any) -> Auditor:
        """An Auditor over the account and the directory ``name``."""
        settings = replace(self.settings(**given), mode="audit")
        return wiring.audit(self.surroundings, settings, self.directory / name)

    def counts(self) -> dict[str, int]:
        """How many resources of each kind the account holds."""
        lists = {
            "CA certificate": ("ListCACertificates", "certificates"),
            "certificate": ("ListCertificates", "certificates"),
            "policy": ("ListPolicies", "policies"),
            "thing": ("ListThings", "things"),
        }
        return {kind: len(list(self.session.pages("iot", *which))) for kind, which in lists.items()}

    def written(self, since: int) -> list[str]:
        """The operations sent since ``len(session.calls)`` was ``since`` that do not only read."""
        from dicfix.aws.operations import READ_OPERATIONS

        return [one for one in self.session.calls[since:] if one not in READ_OPERATIONS]


EMPTY = {"CA certificate": 0, "certificate": 0, "policy": 0, "thing": 0}


@contextmanager
def fresh(cloud: EmbeddedCloud, directory: Path) -> Iterator[World]:
    """An empty account."""
    cloud.reset()
    yield World(cloud, directory)
