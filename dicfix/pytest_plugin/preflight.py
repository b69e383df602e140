"""Looks at the account of target ``aws`` once, before the first scenario: a wrong one ends the run, not each scenario.

May import the wiring and rows below.
"""

from __future__ import annotations

import pytest

from dicfix.errors import DicfixError
from dicfix.pytest_plugin.machinery import is_worker
from dicfix.pytest_plugin.options import SETTINGS, runs_features


def pytest_sessionstart(session: pytest.Session) -> None:
    """End the run with a usage error (exit code 4) when nobody, or somebody else, is logged in, or a guard says no."""
    config = session.config
    settings = config.stash[SETTINGS]
    if settings.target != "aws" or is_worker(config) or config.option.collectonly or not runs_features(config):
        return
    from dicfix.wiring import Surroundings, require_usable

    try:
        require_usable(Surroundings.aws(settings), settings)
    except DicfixError as error:
        raise pytest.UsageError(f"dicfix: {error}") from error
