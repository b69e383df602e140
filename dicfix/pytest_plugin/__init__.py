"""The pytest plugin: options, fixtures, feature files, the strict lint, the performing contract and Allure.

Registered by the root ``conftest.py``; the only place where hooks are wired together.
"""

from __future__ import annotations

import pytest

from dicfix.offline import rules
from dicfix.pytest_plugin import audited, fixtures, machinery, options, performs, preflight, selection, waiving
from dicfix.pytest_plugin.findings_log import FindingsLog


def pytest_addoption(parser: pytest.Parser) -> None:
    """The ``dicfix`` option group."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Resolve the settings, then register everything that acts on them."""
    from dicfix.pytest_plugin import guide_report, run_report

    settings = config.stash[options.SETTINGS] = options.resolve(config)
    waiving.prepare(config, settings)
    options.default_results(config)
    machinery.register(config, guide_report.machinery(config, settings))
    for module in (preflight, audited, selection, performs, fixtures, waiving, run_report):
        config.pluginmanager.register(module, module.__name__)
    config.pluginmanager.register(FindingsLog(config), "dicfix findings")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is judged, where, and in which mode; and the rules of the embedded cloud that were taken out, if any."""
    settings = config.stash[options.SETTINGS]
    where = f"target {settings.target}, Region {settings.region}"
    header = [f"dicfix: guide edition {settings.edition}, {settings.mode}, {where}"]
    missing = rules.taken_out()
    return [*header, f"dicfix: NOT A REAL RUN, without the rules {', '.join(missing)}"] if missing else header
