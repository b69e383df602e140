"""The ``dicfix`` option group, each option with an ini twin, resolved once into Settings.

Every option defaults to None so that the ini value, then dic.toml, then the guide's own name can win.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dicfix.errors import DicfixError, UsageError
from dicfix.settings import Settings, from_folder, read_file, settings_from

if TYPE_CHECKING:
    from dicfix.audit.inventory import Saved

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
    ("probe", "probe", "shake hands with the endpoint, without certificate and MQTT, to judge its root (audit)"),
)

_OWN_ENDPOINT = "has an endpoint of its own"
_OWN_ACCOUNT = "has an account of its own for each scenario"
_ONLY_AWS = {
    **dict.fromkeys(("endpoint-url", "mqtt-endpoint", "server-ca"), _OWN_ENDPOINT),
    "directory": "makes certificates of its own",
    **dict.fromkeys(("keep", "adopt", "allow-rules"), _OWN_ACCOUNT),
}
"""Options that mean nothing for target offline, and why not; in pytest.ini or dic.toml they wait for their turn."""


def _ini(name: str) -> str:
    return "dicfix_" + name.replace("-", "_")


def add_options(parser: pytest.Parser) -> None:
    """Register the group's options and ini values."""
    group = parser.getgroup("dicfix", "DIC onboarding guide: acceptance tests and read-only checker")
    group.addoption("--dicfix-config", metavar="FILE", default=None, help="settings file (default: dic.toml, if there)")
    parser.addini("dicfix_config", "settings file", default=None)
    group.addoption("--dicfix-audit", action="store_true", default=None, help="judge read-only; perform nothing")
    parser.addini("dicfix_audit", "judge read-only", type="bool", default=None)
    group.addoption("--dicfix-waivers", metavar="FILE", default=None, help="YAML file of waivers (with --dicfix-audit)")
    parser.addini("dicfix_waivers", "YAML file of waivers", default=None)
    group.addoption("--dicfix-inventory", metavar="FILE", default=None, help="judge a saved inventory, with no account")
    parser.addini("dicfix_inventory", "judge a saved inventory", default=None)
    group.addoption("--dicfix-state", metavar="DIR", default=None, help="remember this audit here for the next one")
    parser.addini("dicfix_state", "remember an audit here for the next one", default=None)
    for name, _, text in _TEXTS:
        group.addoption(f"--dicfix-{name}", metavar=name.upper(), default=None, help=text)
        parser.addini(_ini(name), text, default=None)
    for name, _, text in _FLAGS:
        group.addoption(f"--dicfix-{name}", action="store_true", default=None, help=text)
        parser.addini(_ini(name), text, type="bool", default=None)


def given(config: pytest.Config, name: str) -> tuple[Any, Path]:
    """The value of an option or of its ini twin (None when neither is given), and where its relative paths begin."""
    value = config.getoption(f"--dicfix-{name}")
    if value is not None:
        return value, config.invocation_params.dir
    try:
        ini = config.getini(_ini(name))
    except (ValueError, pytest.UsageError) as error:  # which of them depends on pytest's version
        raise UsageError(
            f"the ini value {_ini(name)} cannot be used: {error}",
            expected="true or false",
            remedy="correct it in pytest.ini",
        ) from error
    return (ini if ini not in ("", None, []) else None), (config.inipath or config.rootpath / "pytest.ini").parent


def _file_values(config: pytest.Config) -> dict[str, Any]:
    named, folder = given(config, "config")
    path = folder / named if named else config.rootpath / "dic.toml"
    return read_file(path) if named or path.exists() else {}


_SAVED = pytest.StashKey["Saved | None"]()


def given_inventory(config: pytest.Config) -> Saved | None:
    """The saved inventory that the run is to judge, read once; raises UsageError for a file that is none."""
    if _SAVED not in config.stash:
        named, folder = given(config, "inventory")
        if named:
            from dicfix.audit.inventory import read_inventory

            config.stash[_SAVED] = read_inventory(folder / named)
        else:
            config.stash[_SAVED] = None
    return config.stash[_SAVED]


def _values(config: pytest.Config) -> dict[str, Any]:
    saved, file = given_inventory(config), _file_values(config)
    told = saved.unsaid(file) if saved else {}
    values = {"directory": config.rootpath / Settings().directory, **told, **file}
    for name, field, _ in (*_TEXTS, *_FLAGS):
        value, folder = given(config, name)
        if value is not None:
            values.update(from_folder({field: Path(value) if field == "directory" else value}, folder))
    if given(config, "audit")[0]:
        values["mode"] = "audit"
    return values


def resolve(config: pytest.Config) -> Settings:
    """The run's settings: option, else ini, else dic.toml, else the guide's own names. Raises pytest.UsageError."""
    try:
        settings = settings_from(_values(config))
        _refuse_contradictions(config, settings)
    except DicfixError as error:
        raise pytest.UsageError(f"dicfix: {error}") from error
    return settings


def _refuse_contradictions(config: pytest.Config, settings: Settings) -> None:
    if settings.target == "offline":
        _refuse_what_only_aws_has(config)
    _refuse_what_only_an_audit_has(config, settings)
    if settings.target == "aws" and settings.mode == "onboard" and _in_parallel(config):
        raise UsageError(
            "an onboarding on target aws cannot be shared among processes (-n): it has one account and one journal",
            expected="one process",
            remedy="leave -n out; an audit (--dicfix-audit) and target offline may be shared",
        )


def _refuse_what_only_aws_has(config: pytest.Config) -> None:
    inventory = given(config, "inventory")[0]
    for name, why in _ONLY_AWS.items():
        if not config.getoption(f"--dicfix-{name}"):
            continue
        if inventory:
            raise UsageError(
                f"--dicfix-{name} is given for a saved inventory, which is judged without an account",
                expected=f"--dicfix-inventory without --dicfix-{name}",
                remedy=f"leave --dicfix-{name} out",
            )
        raise UsageError(
            f"--dicfix-{name} is given for target offline, which {why}",
            expected="--dicfix-target aws beside it",
            remedy="give both, or leave it out",
        )


def _refuse_what_only_an_audit_has(config: pytest.Config, settings: Settings) -> None:
    state, inventory, probe = (given(config, name)[0] for name in ("state", "inventory", "probe"))
    for name, value in (("state", state), ("inventory", inventory), ("probe", probe)):
        if value and settings.mode != "audit":
            raise UsageError(
                f"--dicfix-{name} is given for an onboarding",
                expected="--dicfix-audit beside it",
                remedy=f"add --dicfix-audit, or leave --dicfix-{name} out",
            )
    if inventory and settings.target == "aws":
        raise UsageError(
            "a saved inventory is judged without an account",
            expected="no --dicfix-target aws beside it",
            remedy="leave --dicfix-target out, or leave --dicfix-inventory out to read the account",
        )
    if inventory and probe:
        raise UsageError(
            "a saved inventory is judged without any connection",
            expected="no --dicfix-probe beside it",
            remedy="leave --dicfix-probe out, or leave --dicfix-inventory out to read the account",
        )
    if state and not inventory and settings.target == "offline" and _in_parallel(config):
        raise UsageError(
            "--dicfix-state is given for embedded accounts of several processes (-n)",
            expected="one process, a saved inventory, or target aws",
            remedy="leave -n out, or leave --dicfix-state out",
        )


def _in_parallel(config: pytest.Config) -> bool:
    return config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")


def default_results(config: pytest.Config) -> None:
    """Write Allure results to ``reports/allure-results`` when feature files run and no other place was given."""
    option = config.option
    if getattr(option, "allure_report_dir", None) or not runs_features(config):
        return
    option.allure_report_dir = str(config.rootpath / "reports" / "allure-results")
    option.clean_alluredir = True


def runs_features(config: pytest.Config) -> bool:
    """Whether the run was asked for feature files."""
    features = config.rootpath / "features"
    paths = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path == features or features in path.parents for path in paths)
