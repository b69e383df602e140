"""The fixtures that steps take: account, judge, lab and evidence, wired for the run's mode and target.

Offline every scenario of an onboarding has an account of its own, empty; an audit has one onboarded account for the
whole run. On target ``aws`` there is one account, and what was made in it is cleaned up at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dicfix import wiring
from dicfix.accounts import Account
from dicfix.accounts.auditor import Auditor, Recorded
from dicfix.accounts.builder import Builder
from dicfix.accounts.judge import Judge
from dicfix.lab import Lab
from dicfix.pytest_plugin import findings_log
from dicfix.pytest_plugin.allure_steps import Evidence
from dicfix.pytest_plugin.audited import AUDITED
from dicfix.pytest_plugin.feature_files import scenario_of
from dicfix.pytest_plugin.options import SETTINGS
from dicfix.pytest_plugin.waiving import waivers_for
from dicfix.settings import Settings
from dicfix.wiring import Surroundings

if TYPE_CHECKING:
    from dicfix.offline.cloud import EmbeddedCloud


LAB = pytest.StashKey[Lab]()
JUDGE = pytest.StashKey[Judge]()
VERIFICATION_KEY = "SSL-V1"
"""The clause that has the verification key made; every other scenario may take the one that the run has already."""


def pytest_bdd_after_scenario(request: pytest.FixtureRequest) -> None:
    """Attach what was performed and judged, and what the connections saw, however the scenario ended."""
    evidence, node = Evidence(request.config), request.node
    judge, lab = node.stash.get(JUDGE, None), node.stash.get(LAB, None)
    if judge and (text := judge.account_of_steps()):
        evidence.attach_text("steps and findings", text)
    if lab and lab.transcripts:
        evidence.attach_text("transcript of the connections", lab.transcript())
        node.add_report_section("call", "MQTT transcript", lab.transcript())


@pytest.fixture(scope="session")
def settings(request: pytest.FixtureRequest) -> Settings:
    """The run's settings."""
    return request.config.stash[SETTINGS]


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest, settings: Settings) -> Iterator[EmbeddedCloud | None]:
    """The embedded cloud, or None on target ``aws`` and where everything was read before the first scenario."""
    if settings.target != "offline" or AUDITED in request.config.stash:
        yield None
        return
    from dicfix.offline.aws_api.binding import DEFAULT_ACCOUNT_ID
    from dicfix.offline.cloud import EmbeddedCloud

    with EmbeddedCloud(region=settings.region, account_id=settings.account or DEFAULT_ACCOUNT_ID) as running:
        yield running


@pytest.fixture(scope="session")
def surroundings(settings: Settings, cloud: EmbeddedCloud | None) -> Surroundings:
    """How this run reaches its API and its MQTT endpoint."""
    return Surroundings.offline(cloud, settings) if cloud else Surroundings.aws(settings)


@pytest.fixture(scope="session")
def lasting_account(
    request: pytest.FixtureRequest,
    settings: Settings,
    surroundings: Surroundings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Account | None]:
    """The account of the whole run: an audited one, or the real one; None where each scenario has its own."""
    if AUDITED in request.config.stash:
        yield Auditor(None, settings, Recorded(request.config.stash[AUDITED].inventory))
    elif settings.mode == "audit":
        yield _audited(settings, surroundings, tmp_path_factory)
    elif settings.target == "aws":
        builder = wiring.build(surroundings, settings, settings.directory)
        yield builder
        if not settings.keep:
            builder.clean_up()
    else:
        yield None


def _audited(settings: Settings, surroundings: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Account:
    directory = tmp_path_factory.mktemp("certificates")
    onboarding = wiring.build(surroundings, replace(settings, mode="onboard"), directory)
    wiring.perform_everything(onboarding, surroundings.network)
    return wiring.audit_after(onboarding, surroundings, settings, directory)


@pytest.fixture
def account(
    request: pytest.FixtureRequest,
    lasting_account: Account | None,
    surroundings: Surroundings,
    settings: Settings,
    tmp_path: Path,
) -> Account:
    """The account that the scenario's steps speak to."""
    if lasting_account is not None:
        return lasting_account
    if surroundings.reset:
        surroundings.reset()
    info = scenario_of(request.node)
    surroundings = for_scenario(surroundings, info.clauses if info else ())
    return wiring.build(surroundings, settings, tmp_path / "certificates")


def for_scenario(surroundings: Surroundings, clauses: Collection[str]) -> Surroundings:
    """The surroundings of a scenario that answers for these clauses: what it looks at is made for it alone."""
    return replace(surroundings, verification_key=None) if VERIFICATION_KEY in clauses else surroundings


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Attaches text and JSON to the scenario's Allure result, redacted."""
    return Evidence(request.config)


@pytest.fixture
def desk(request: pytest.FixtureRequest, account: Account, surroundings: Surroundings) -> Iterator[Lab | None]:
    """The lab beside the account, None in an audit."""
    if not isinstance(account, Builder):
        yield None
        return
    lab = Lab(account, wiring.guarded(surroundings.network, account))
    request.node.stash[LAB] = lab
    yield lab
    lab.close()


@pytest.fixture
def judge(request: pytest.FixtureRequest, account: Account, desk: Lab | None) -> Iterator[Judge]:  # noqa: ARG001 - the lab first
    """Judges the scenario's controls, and leaves what it found in the report."""
    info = scenario_of(request.node)
    waivers = waivers_for(request.config, account)
    judge = Judge(account, info.clauses if info else (), now=wiring.now_utc, skip=pytest.skip, waive=waivers)
    request.node.stash[JUDGE] = judge
    yield judge
    findings_log.keep(request.node, judge.findings)
    waivers.keep(request.node)


@pytest.fixture
def lab(desk: Lab | None) -> Lab:
    """MQTT Explorer and virtual devices beside the account."""
    if desk is None:
        pytest.skip("NOT_APPLICABLE: an audit opens no MQTT session")
    return desk
