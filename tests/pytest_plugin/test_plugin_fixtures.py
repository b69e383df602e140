"""What a scenario is given, where that hangs on what it answers for."""

from __future__ import annotations

from unittest.mock import Mock

from dicfix.certificates import PrivateKey
from dicfix.pytest_plugin.fixtures import VERIFICATION_KEY, for_scenario
from dicfix.wiring import Surroundings


def test_only_the_scenario_that_makes_the_verification_key_has_a_new_one_made() -> None:
    key = Mock(PrivateKey)
    run = Surroundings(Mock(), {}, Mock(), verification_key=lambda: key)
    assert for_scenario(run, ["SSL-V2", "SSL-V3"]) is run
    assert for_scenario(run, []) is run
    assert for_scenario(run, [VERIFICATION_KEY]).verification_key is None
