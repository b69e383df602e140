"""The ``dicfix`` option group, each option with an ini twin, resolved once into Settings.

Every option defaults to None so that the ini value, then dic.toml, then the guide's own name can win.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dicfix.errors import DicfixError
from dicfix.settings import Settings, read_file, settings_from

SETTINGS = pytest.StashKey[Settings]()

# name, settings field, help; a flag when the field is boolean
_TEXTS = (
    ("target", "target", "what the steps run against: offline (default) or aws"),
    ("account", "account", "the twelve digits of the AWS account that this run is meant for"),
    ("region", "region", "the AWS Region"),
    ("edition", "edition", "the edition of the guide: 2023-06, 2023-08 (default) or 2024-04"),
    ("directory", "directory", "where the certificates lie or are made (target aws)"),
    ("endpoint-url", "endpoint_url", "any AWS-compatible API endpoint instead of AWS (target aws)"),
    ("mqtt-endpoint", "mqtt_endpoint", "HOST:PORT of that endpoint's MQTT listener"),
    ("server-ca", "server_ca", "PEM file of the root that this MQTT listener's certificate is signed by"),
)
_FLAGS = (
    ("keep", "keep", "leave what a run on target aws has made"),
    ("adopt", "adopt", "allow changing resources that this project did not make"),
    ("allow-rules", "allow_rules", "run although topic rules of the account would fire on our topics"),
)


def _ini(name: str) -> str:
    return "dicfix_" + name.replace("-", "_")


def add_options(parser: pytest.Parser) -> None:
    """Register the group's options and ini values."""
    group = parser.getgroup("dicfix", "DIC onboarding guide: acceptance tests and read-only checker")
    group.addoption("--dicfix-config", metavar="FILE", default=None, help="settings file (default: dic.toml, if there)")
    parser.addini("dicfix_config", "settings file", default=None)
    group.addoption("--dicfix-audit", action="store_true", default=None, help="judge read-only; perform nothing")
    parser.addini("dicfix_audit", "judge read-only", type="bool", default=None)
    for name, _, text in _TEXTS:
        group.addoption(f"--dicfix-{name}", metavar=name.upper(), default=None, help=text)
        parser.addini(_ini(name), text, default=None)
    for name, _, text in _FLAGS:
        group.addoption(f"--dicfix-{name}", action="store_true", default=None, help=text)
        parser.addini(_ini(name), text, type="bool", default=None)


def _value(config: pytest.Config, name: str) -> Any:
    given = config.getoption(f"--dicfix-{name}")
    if given is not None:
        return given
    ini = config.getini(_ini(name))
    return ini if ini not in ("", None, []) else None


def _file_values(config: pytest.Config) -> dict[str, Any]:
    named = _value(config, "config")
    path = Path(config.rootpath, named) if named else config.rootpath / "dic.toml"
    return read_file(path) if named or path.exists() else {}


def resolve(config: pytest.Config) -> Settings:
    """The run's settings: option, else ini, else dic.toml, else the guide's own names. Raises pytest.UsageError."""
    try:
        values = _file_values(config)
        for name, field, _ in (*_TEXTS, *_FLAGS):
            given = _value(config, name)
            if given is not None:
                values[field] = Path(given) if field == "directory" else given
        if _value(config, "audit"):
            values["mode"] = "audit"
        return settings_from(values)
    except DicfixError as error:
        raise pytest.UsageError(f"dicfix: {error}") from error


def default_results(config: pytest.Config) -> None:
    """Write Allure results to ``reports/allure-results`` when feature files run and no other place was given."""
    option = config.option
    if getattr(option, "allure_report_dir", None) or not _runs_features(config):
        return
    option.allure_report_dir = str(config.rootpath / "reports" / "allure-results")
    option.clean_alluredir = True


def _runs_features(config: pytest.Config) -> bool:
    features = config.rootpath / "features"
    paths = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path == features or features in path.parents for path in paths)
