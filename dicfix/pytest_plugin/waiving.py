"""Waivers in a run of the features: ``pytest --dicfix-audit --dicfix-waivers FILE``.

A scenario whose every FAIL is waived ends as an expected failure: not red, and in Allure failed and known. One FAIL
that is not waived, or one finding that could not be read, and it ends as it would without waivers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dicfix.errors import DicfixError, UsageError
from dicfix.findings import Finding, Status
from dicfix.pytest_plugin.options import given
from dicfix.settings import Settings

if TYPE_CHECKING:
    from dicfix.accounts import Account
    from dicfix.audit.waivers import Waiver

PROPERTY = "dicfix_waivers"
WORD = "WAIVED"


class NoWaivers:
    """What a run without a file of waivers has."""

    def __call__(self, finding: Finding) -> Finding:
        """The finding as it is."""
        return finding

    def keep(self, item: pytest.Item) -> None:
        """Nothing."""


class ScenarioWaivers:
    """The waivers of a run as one scenario meets them; calling it gives a finding after the waivers."""

    def __init__(self, waivers: tuple[Waiver, ...], account: Account, now: datetime) -> None:
        self._waivers = waivers
        self._account = account
        self._now = now
        self._used: set[str] = set()
        self._doubts: dict[str, str] = {}

    def __call__(self, finding: Finding) -> Finding:
        """The finding, WAIVED where a waiver in force covers its FAIL; ``deviation`` then tells the decision."""
        if finding.status not in (Status.FAIL, Status.UNREADABLE):
            return finding
        from dicfix.audit.identity import arns_of, entries_of
        from dicfix.audit.run import place_of, stamp
        from dicfix.audit.waivers import Trouble, apply

        inventory = self._account.read(("caller", "things", "policies", "ca_certificates"))
        place = place_of(inventory, self._account.settings)
        found = entries_of([finding], place, arns_of(inventory), stamp(self._now))
        (entry,), report = apply(found, self._waivers, self._now.date())
        self._used |= report.used
        untold = (Trouble.UNUSED, Trouble.UNKNOWN)
        self._doubts |= {one.waiver.name: one.sentence() for one in report.doubts if one.trouble not in untold}
        return replace(finding, status=entry.status, deviation=entry.note or finding.deviation)

    def keep(self, item: pytest.Item) -> None:
        """Put what was used and doubted on the scenario's report."""
        item.user_properties.append((PROPERTY, json.dumps({"used": sorted(self._used), "doubts": self._doubts})))


class Waiving:
    """The waivers of a run, and what became of them over all scenarios."""

    def __init__(self, waivers: tuple[Waiver, ...]) -> None:
        self.waivers = waivers
        self._used: set[str] = set()
        self._doubts: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a scenario met off its report."""
        for name, value in report.user_properties if report.when == "teardown" else ():
            if name == PROPERTY:
                told = json.loads(str(value))
                self._used.update(told["used"])
                self._doubts.update(told["doubts"])

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """How many waivers were used, and which are in doubt."""
        from dicfix.audit.waivers import Doubt, Trouble, lint

        doubts = {one.waiver.name: one.sentence() for one in lint(self.waivers, _now().date())} | self._doubts
        idle = (one for one in self.waivers if one.name not in self._used and one.name not in doubts)
        doubts |= {one.name: Doubt(one, Trouble.UNUSED).sentence() for one in idle}
        terminalreporter.section(f"{len(self.waivers)} waivers, {len(self._used)} used")
        for sentence in doubts.values():
            terminalreporter.line(sentence)


_KEY = pytest.StashKey[Waiving]()


def _now() -> datetime:
    return datetime.now(UTC)


def prepare(config: pytest.Config, settings: Settings) -> None:
    """Read the waivers of the run, if it has any; raises pytest.UsageError for a file that cannot be used."""
    named, folder = given(config, "waivers")
    if not named:
        return
    from dicfix.audit.waivers import read_waivers

    try:
        if settings.mode != "audit":
            raise UsageError(
                "--dicfix-waivers is given for an onboarding",
                expected="--dicfix-audit beside it",
                remedy="add --dicfix-audit, or leave --dicfix-waivers out",
            )
        waiving = config.stash[_KEY] = Waiving(read_waivers(folder / Path(named), _now().date()))
    except DicfixError as error:
        raise pytest.UsageError(f"dicfix: {error}") from error
    config.pluginmanager.register(waiving, "dicfix waivers")


def waivers_of(config: pytest.Config) -> tuple[Waiver, ...]:
    """The waivers of the run."""
    waiving = config.stash.get(_KEY, None)
    return waiving.waivers if waiving else ()


def waivers_for(config: pytest.Config, account: Account) -> ScenarioWaivers | NoWaivers:
    """The run's waivers for one scenario on this account."""
    waiving = config.stash.get(_KEY, None)
    return ScenarioWaivers(waiving.waivers, account, _now()) if waiving else NoWaivers()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    """End a scenario that passed but for waived FAILs as an expected failure."""
    outcome = yield
    told = _told(pyfuncitem)
    if told:
        pytest.xfail(told)
    return outcome


def _told(item: pytest.Item) -> str:
    from dicfix.pytest_plugin.fixtures import JUDGE

    judge = item.stash.get(JUDGE, None)
    waived = [one for one in judge.findings if one.status is Status.WAIVED] if judge else []
    return "\n".join(f"{WORD}: {one.sentence()} {one.deviation}" for one in waived)


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Show a waived scenario in Allure as failed and known."""
    from allure_commons.model2 import Status as AllureStatus
    from allure_commons.model2 import StatusDetails

    from dicfix.pytest_plugin.allure_steps import reporter_of

    reporter, told = reporter_of(item.config), _told(item)
    result = reporter.get_test(None) if reporter and told else None
    if result is not None and result.status == AllureStatus.SKIPPED:
        result.status = AllureStatus.FAILED
        result.statusDetails = StatusDetails(known=True, message=told)
