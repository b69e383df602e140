"""Each planted defect flips exactly the controls that its row names, end to end; a good account is not at fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from defects_world import GoodAccount, failing, sentences, statuses

from dicfix.controls import CONTROLS
from dicfix.errors import UsageError
from dicfix.findings import Axis, Status
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.defects import DEFECTS, UNPLANTED, Defect, find_defect, plant, table

BY_CONSTRUCTION = {"2023-08": {"DIC-FIT-08", "DIC-FIT-12"}, "2024-04": {"DIC-FIT-12"}}
"""What fails on a good account too: the published firmware sends no server name, and no PINGREQ."""


@pytest.fixture(scope="module")
def defects_cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud() as running:
        yield running


@pytest.mark.parametrize("signing", ["new", "previous", "custom"])
@pytest.mark.parametrize("edition", ["2023-08", "2024-04"])
def test_a_good_account_is_pass_on_the_guide_axis_and_hardened(
    defects_cloud: EmbeddedCloud, tmp_path: Path, edition: str, signing: str
):
    """Nothing of the guide or of hardening is at fault or unreadable; what is MANUAL is for a person to see."""
    findings = GoodAccount(defects_cloud, tmp_path, edition, signing).findings()
    assert failing(findings) == BY_CONSTRUCTION[edition], sentences(findings, failing(findings))
    found = statuses(findings)
    assert Status.UNREADABLE not in found.values()
    manual = {name for name, status in found.items() if status is Status.MANUAL}
    assert manual <= set(UNPLANTED)
    guide = [name for name, one in CONTROLS.items() if one.axis is Axis.GUIDE and found[name] is Status.PASS]
    assert len(guide) >= 55


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=lambda one: one.name)
def test_a_planted_defect_flips_its_controls_and_no_other(defects_cloud: EmbeddedCloud, tmp_path: Path, defect: Defect):
    """The controls that FAIL are those of a good account and exactly those that the defect names."""
    account = GoodAccount(defects_cloud, tmp_path, defect.edition, defect.signing)
    plant(account.planting, defect.name)
    findings = account.findings()
    flipped = failing(findings) - BY_CONSTRUCTION[defect.edition]
    assert flipped == defect.flips(), sentences(findings, flipped ^ defect.flips())
    assert Status.UNREADABLE not in statuses(findings).values()


def test_every_control_has_a_defect_or_a_reason():
    """No control is left out without saying why."""
    flipped = frozenset[str]().union(*(one.flips() for one in DEFECTS.values()))
    assert flipped | set(UNPLANTED) == set(CONTROLS)
    assert not flipped & set(UNPLANTED)
    assert all(UNPLANTED.values())


def test_every_defect_flips_something_and_says_what_it_spoils():
    """The rows by axis name controls of that axis, and no two rows have one name."""
    for one in DEFECTS.values():
        assert one.flips()
        assert one.spoils
        for axis in Axis:
            assert {CONTROLS[name].axis for name in one.flips(axis)} <= {axis}
            assert all(one.edition in CONTROLS[name].editions for name in one.flips(axis))
    rows = list(table())
    assert len({row[0] for row in rows}) == len(rows) == len(DEFECTS)


def test_an_unknown_defect_is_a_usage_error():
    """The error tells where the names are printed."""
    with pytest.raises(UsageError, match="--plant list"):
        find_defect("no such defect")
