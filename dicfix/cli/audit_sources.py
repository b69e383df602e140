"""Where the inventories of an audit come from: an embedded account, or AWS. Imports boto3, the cloud when asked.

Everything that audits an account goes through ``_swept``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dicfix.audit.fleet import Outcome, Site, over, session_of, sites
from dicfix.audit.run import Effort, Reading
from dicfix.audit.sweep import READ_BY_NOBODY, resolved, sweep
from dicfix.cli import planted_account
from dicfix.cli.progress_line import ProgressLine
from dicfix.settings import Settings

if TYPE_CHECKING:
    from dicfix.aws.session import AwsSession
    from dicfix.wiring import Surroundings


def embedded(
    settings: Settings,
    needs: Iterable[str],
    defects: Iterable[str] = (),
    *,
    judged: Settings | None = None,
    local: Callable[[], Any] | None = None,
) -> Reading:
    """An embedded account, onboarded as the guide says, with named defects planted, read as AWS would be.

    ``judged`` are the settings to read with, where they are not those of the onboarding; ``local`` takes the place of
    the certificate directory.
    """
    from dicfix import wiring
    from dicfix.aws.session import AwsSession
    from dicfix.offline.aws_api.binding import DEFAULT_ACCOUNT_ID
    from dicfix.offline.cloud import EmbeddedCloud
    from dicfix.wiring import Surroundings

    account = settings.account or DEFAULT_ACCOUNT_ID
    with EmbeddedCloud(region=settings.region, account_id=account) as cloud, TemporaryDirectory() as folder:
        names, directory = tuple(defects), Path(folder) / "certificates"
        made, judged = (_for_defects(one, Path(folder), names) for one in (settings, judged or settings))
        surroundings = Surroundings.offline(cloud, made)
        builder = wiring.build(surroundings, replace(made, mode="onboard"), directory)
        wiring.perform_everything(builder, surroundings.network)
        kwargs, explorer = dict(surroundings.client_kwargs), builder.site.reader.beside["explorer"]
        if names:
            planting = planted_account.planted(cloud, builder, directory, names)
            kwargs, explorer = {**kwargs, **planting.auditor}, lambda: planting.profile
        session = AwsSession(kwargs, read_only=True, max_attempts=1)
        beside = {**_beside(surroundings, made, directory), "explorer": explorer}
        beside |= wiring.probing(surroundings.network, session, judged)
        return _swept(session, judged, needs, {**beside, **({"local": local} if local else {})}, None)


def _for_defects(settings: Settings, folder: Path, names: tuple[str, ...]) -> Settings:
    return planted_account.prepared(settings, folder, names) if names else settings


def on_aws(settings: Settings, needs: Iterable[str], state: Path | None) -> tuple[Outcome[Reading], ...]:
    """Every account and Region of the settings; one that cannot be read does not hide the others."""
    from dicfix.accounts.guards import require_login
    from dicfix.wiring import Surroundings, probing

    surroundings = Surroundings.aws(settings)

    def read(site: Site) -> Reading:
        session = session_of(site, surroundings.client_kwargs)
        require_login(session, site.settings)
        beside = _beside(surroundings, site.settings, site.settings.directory)
        beside |= probing(surroundings.network, session, site.settings)
        return _swept(session, site.settings, needs, beside, state)

    return over(sites(settings), read)


def one_on_aws(
    settings: Settings, needs: Iterable[str], *, judged: Settings, local: Callable[[], Any] | None = None
) -> Reading:
    """The account and Region of the settings alone, read with the settings ``judged``; raises what went wrong."""
    from dicfix import wiring
    from dicfix.aws.session import AwsSession
    from dicfix.wiring import Surroundings

    surroundings = Surroundings.aws(settings)
    wiring.require_usable(surroundings, settings)
    session = AwsSession(surroundings.client_kwargs, read_only=True, max_attempts=1)
    beside = _beside(surroundings, settings, settings.directory)
    return _swept(session, judged, needs, {**beside, **({"local": local} if local else {})}, None)


def _beside(surroundings: Surroundings, settings: Settings, directory: Path) -> dict[str, Callable[[], Any]]:
    from dicfix.accounts.local import read_local_files

    return {
        "local": lambda: read_local_files(directory, settings.devices, settings.explorer_name),
        "server_root_pem": lambda: surroundings.network.server_root_pem,
    }


def _swept(
    session: AwsSession,
    settings: Settings,
    needs: Iterable[str],
    beside: Mapping[str, Callable[[], Any]],
    state: Path | None,
) -> Reading:
    wanted = [one for one in needs if one not in READ_BY_NOBODY]
    with ProgressLine() as progress:
        inventory, report = sweep(session, settings, progress=progress, state=state, needs=wanted, beside=beside)
    effort = Effort(report.calls, sum(report.throttles.values()), report.seconds, report.lines())
    return Reading(resolved(settings, report.devices), inventory, report.started.astimezone(UTC), effort)
