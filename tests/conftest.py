"""Which test files are slow: they start whole test runs, browsers or other programs (``make thorough``)."""

from __future__ import annotations

from pathlib import Path

import pytest

SLOW = frozenset(
    {
        "test_accounts_lifecycle_killed.py",
        "test_allure_no_secrets.py",
        "test_allure_thousand.py",
        "test_audit_first.py",
        "test_audit_no_false_pass.py",
        "test_checkpoint_killed.py",
        "test_features_discriminate.py",
        "test_no_secrets.py",
        "test_ota_on_target_aws.py",
        "test_planted_defects.py",
        "test_plugin_allure.py",
        "test_plugin_audited.py",
        "test_plugin_collection.py",
        "test_plugin_gherkin_traceback.py",
        "test_plugin_manifest.py",
        "test_plugin_options.py",
        "test_plugin_performs.py",
        "test_plugin_waivers.py",
        "test_preflight_account.py",
        "test_why_chain.py",
        "test_wiring.py",
    }
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the slow files."""
    for item in items:
        if Path(item.path).name in SLOW:
            item.add_marker(pytest.mark.slow)
