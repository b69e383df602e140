"""The named skip that becomes a failure in CI."""

from __future__ import annotations

import pytest

from tests.tools import require_tool


def test_missing_tool_skips_by_name_on_a_users_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool is not on this machine"):
        require_tool("no-such-tool")


def test_missing_tool_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool is not on this machine"):
        require_tool("no-such-tool")
