"""Where the inventory of an audit comes from: a saved file, an embedded account, or AWS. Heavy imports when asked.

Everything that audits read-only goes through ``_read``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dicfix.audit.run import Effort
from dicfix.errors import UsageError
from dicfix.records import Inventory
from dicfix.settings import Settings

if TYPE_CHECKING:
    from dicfix.accounts.builder import Builder
    from dicfix.wiring import Surroundings


def embedded(settings: Settings, needs: Iterable[str], defects: Iterable[str] = ()) -> tuple[Inventory, Effort]:
    """An embedded account, onboarded as the guide says, with named defects planted, read as AWS would be."""
    from dicfix import wiring
    from dicfix.offline.aws_api.binding import DEFAULT_ACCOUNT_ID
    from dicfix.offline.cloud import EmbeddedCloud
    from dicfix.wiring import Surroundings

    account = settings.account or DEFAULT_ACCOUNT_ID
    with EmbeddedCloud(region=settings.region, account_id=account) as cloud, TemporaryDirectory() as folder:
        surroundings = Surroundings.offline(cloud, settings)
        builder = wiring.build(surroundings, replace(settings, mode="onboard"), Path(folder))
        _onboard(builder, surroundings)
        for name in defects:
            _plant(name)
        return _read(surroundings, settings, Path(folder), needs, explorer=builder.site.reader.beside["explorer"])


def _onboard(builder: Builder, surroundings: Surroundings) -> None:
    """The whole guide: the registration page, and where the edition has it the OTA update, run to its end."""
    from dicfix.guide import edition
    from dicfix.lab import Lab
    from dicfix.lab.ota import OtaLab

    builder.onboard()
    if not edition(builder.settings.edition).ota:
        return
    lab = Lab(builder, surroundings.network)
    ota = OtaLab(lab)
    try:
        builder.ensure_ota_run()
    finally:
        ota.close()
        lab.close()


def _plant(name: str) -> None:
    raise UsageError(f"there is no defect {name!r}", remedy="dicfix audit --plant list")


def on_aws(settings: Settings, needs: Iterable[str]) -> tuple[Inventory, Effort]:
    """The account that the credentials of this machine reach; GuardRefused when it is not the one that is meant."""
    from dicfix import wiring
    from dicfix.wiring import Surroundings

    surroundings = Surroundings.aws(settings)
    wiring.require_usable(surroundings, settings)
    return _read(surroundings, settings, settings.directory, needs)


def _read(
    surroundings: Surroundings, settings: Settings, directory: Path, needs: Iterable[str], **beside: Any
) -> tuple[Inventory, Effort]:
    from dicfix.accounts.local import read_local_files
    from dicfix.accounts.reading import Reader
    from dicfix.aws.session import AwsSession

    session = AwsSession(surroundings.client_kwargs, read_only=True, max_attempts=1 if surroundings.reset else 5)
    reader = Reader(session, settings, lambda: read_local_files(directory, settings.devices, settings.explorer_name))
    reader.beside["server_root_pem"] = lambda: surroundings.network.server_root_pem
    reader.beside.update(beside)
    began = time.monotonic()
    inventory = reader.read(dict.fromkeys(("caller", *needs)))
    return inventory, Effort(Counter(session.calls), 0, time.monotonic() - began)
