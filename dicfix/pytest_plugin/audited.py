"""What an audit by the features judges, where it is more than an account in this process: one sweep, or a saved file.

On target ``aws`` the controlling process sweeps the account once, before the first scenario, and the workers of a run
with -n read what it leaves them. ``--dicfix-state DIR`` keeps from run to run what a sweep need not ask again, the
checkpoint of an interrupted one, and the findings; the summary then tells what changed. ``--dicfix-inventory FILE`` is
judged without an account. May import the wiring and rows below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from dicfix.errors import DicfixError
from dicfix.pytest_plugin.machinery import is_worker
from dicfix.pytest_plugin.options import SETTINGS, given, given_inventory, runs_features
from dicfix.settings import Settings

if TYPE_CHECKING:
    from dicfix.audit.run import AuditResult, Reading
    from dicfix.records import Inventory
    from dicfix.wiring import Surroundings

WORKER_INPUT = "dicfix_inventory"
"""By this name a worker is told the file with the inventory that the controlling process has read."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What was read, and in words from where."""

    reading: Reading
    read_from: str

    @property
    def inventory(self) -> Inventory:
        """Everything that is judged."""
        return self.reading.inventory


AUDITED = pytest.StashKey[Audited]()
_HANDED_ON = pytest.StashKey[str]()


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the account or the file, unless this audit is one of an embedded account in this process."""
    config = session.config
    settings = config.stash[SETTINGS]
    if settings.mode != "audit" or config.option.collectonly or not runs_features(config):
        return
    from dicfix.audit.run import place_of

    try:
        audited = _read(config, settings)
        if audited:
            place_of(audited.inventory, audited.reading.settings)
    except DicfixError as error:
        raise pytest.UsageError(f"dicfix: {error}") from error
    if audited:
        config.stash[AUDITED] = audited
        config.stash[SETTINGS] = audited.reading.settings


def _read(config: pytest.Config, settings: Settings) -> Audited | None:
    from dicfix.audit.run import Effort, Reading

    handed = getattr(config, "workerinput", {}).get(WORKER_INPUT)
    if handed:
        return _handed_on(Path(handed), settings)
    saved = given_inventory(config)
    if saved:
        made = saved.about.get("started", "an unknown time")
        lines = (f"read from an inventory of {made}",)
        return Audited(Reading(settings, saved.inventory, _now(), Effort(lines=lines)), "a saved inventory")
    if is_worker(config):  # of an audit that has an embedded account in each process
        return None
    state = state_of(config)
    if settings.target == "aws":
        return Audited(_swept_on_aws(settings, state), "target aws")
    return Audited(_swept_embedded(settings), "target offline") if state else None


def _handed_on(path: Path, settings: Settings) -> Audited:
    """What the controlling process has read; the files with keys in them are not in it, and are read again."""
    from dicfix.accounts.local import read_local_files
    from dicfix.audit.inventory import read_inventory
    from dicfix.audit.run import Reading

    saved = read_inventory(path)
    settings = replace(settings, **saved.defaults())
    local = read_local_files(settings.directory, settings.devices, settings.explorer_name)
    return Audited(Reading(settings, replace(saved.inventory, local=local), _now()), "target aws")


def _swept_on_aws(settings: Settings, state: Path | None) -> Reading:
    from dicfix.wiring import Surroundings

    return _swept(Surroundings.aws(settings), settings, settings.directory, state=state)


def _swept_embedded(settings: Settings) -> Reading:
    """An embedded account, onboarded as the guide says; it is new in each run, so that nothing of it is remembered."""
    from dicfix import wiring
    from dicfix.offline.aws_api.binding import DEFAULT_ACCOUNT_ID
    from dicfix.offline.cloud import EmbeddedCloud

    account = settings.account or DEFAULT_ACCOUNT_ID
    with EmbeddedCloud(region=settings.region, account_id=account) as cloud, TemporaryDirectory() as folder:
        surroundings = wiring.Surroundings.offline(cloud, settings)
        onboarding = wiring.build(surroundings, replace(settings, mode="onboard"), Path(folder))
        wiring.perform_everything(onboarding, surroundings.network)
        explorer = onboarding.site.reader.beside["explorer"]
        return _swept(surroundings, settings, Path(folder), explorer=explorer)


def _swept(
    surroundings: Surroundings,
    settings: Settings,
    directory: Path,
    *,
    state: Path | None = None,
    explorer: Callable[[], Any] | None = None,
) -> Reading:
    """One sweep of the account by a session that only reads, with the local files in ``directory``."""
    from dicfix.accounts.local import read_local_files
    from dicfix.audit.run import Effort, Reading
    from dicfix.audit.sweep import resolved, sweep
    from dicfix.aws.session import AwsSession
    from dicfix.wiring import probing

    session = AwsSession(surroundings.client_kwargs, read_only=True, max_attempts=1)
    beside: dict[str, Callable[[], Any]] = {
        "local": lambda: read_local_files(directory, settings.devices, settings.explorer_name),
        "server_root_pem": lambda: surroundings.network.server_root_pem,
        **({"explorer": explorer} if explorer else {}),
        **probing(surroundings.network, session, settings),
    }
    inventory, report = sweep(session, settings, state=state, beside=beside)
    effort = Effort(report.calls, sum(report.throttles.values()), report.seconds, report.lines())
    return Reading(resolved(settings, report.devices), inventory, report.started.astimezone(UTC), effort)


def _now() -> datetime:
    return datetime.now(UTC)


def state_of(config: pytest.Config) -> Path | None:
    """The directory of what is remembered from run to run, if one is given."""
    named, folder = given(config, "state")
    return folder / named if named else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Leave a worker the inventory that this process has swept."""
    config = node.config
    audited = config.stash.get(AUDITED, None)
    if audited is None or given_inventory(config):
        return
    if _HANDED_ON not in config.stash:
        config.stash[_HANDED_ON] = _written(config, audited)
    node.workerinput[WORKER_INPUT] = config.stash[_HANDED_ON]


def _written(config: pytest.Config, audited: Audited) -> str:
    from dicfix.audit.inventory import about_of, write_inventory
    from dicfix.audit.run import stamp

    folder = TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    path = Path(folder.name) / "inventory.jsonl"
    reading = audited.reading
    write_inventory(path, reading.inventory, about_of(reading.settings, stamp(reading.started)))
    return str(path)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was read and how; with a state also what changed since the last run, whose place this one then takes.

    That is told of the whole account and of every control, whichever scenarios the run was asked for.
    """
    audited = config.stash.get(AUDITED, None)
    if audited is None or is_worker(config):
        return
    terminalreporter.section(f"audit of {audited.read_from}")
    try:
        for line in _told(config, audited):
            terminalreporter.line(line)
    except DicfixError as error:
        terminalreporter.line(f"dicfix: {error}")


def _told(config: pytest.Config, audited: Audited) -> Iterator[str]:
    from dicfix.audit.outputs.jsonl import lines_of, read_run, remembered_at
    from dicfix.audit.outputs.terminal import changes, coverage, effort
    from dicfix.audit.run import place_of

    state = state_of(config)
    reading = audited.reading
    place = place_of(reading.inventory, reading.settings)
    path = remembered_at(state, place, embedded=audited.read_from == "target offline") if state else None
    before = read_run(path) if path and path.exists() else None
    result = _judged(config, audited, before)
    if result.comparison:
        yield from changes(result.comparison)
    elif path:
        yield "Nothing to compare with: this is the first run that is kept (--dicfix-state)."
    yield from coverage(result)
    yield effort(result)
    if path:
        from dicfix.audit.outputs import write_whole

        write_whole(path, lines_of(result.as_run()))


def _judged(config: pytest.Config, audited: Audited, before: Any) -> AuditResult:
    from dicfix.audit.run import Choices, audit
    from dicfix.pytest_plugin.waiving import waivers_of

    choices = Choices(waivers=waivers_of(config), read_from=audited.read_from)
    return audit(audited.reading, choices, finished=_now(), before=before)
