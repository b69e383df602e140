"""Options, ini values and dic.toml in a real run: which one wins, and one line and exit code 4 for what cannot be."""

from __future__ import annotations

import subprocess
import sys

import pytest
from feature_runs import ROOT, environment

from dicfix.pytest_plugin import options

SHOW = """
pytest_plugins = ["dicfix.pytest_plugin"]

def pytest_collection_modifyitems(config):
    from dicfix.pytest_plugin.options import SETTINGS
    settings = config.stash[SETTINGS]
    for name in {fields!r}:
        print(f"SHOWN {{name}}={{getattr(settings, name)}}")
"""
FIELDS = [field for _, field, _ in (*options._TEXTS, *options._FLAGS)] + ["mode"]


class Desk:
    """A folder with pytest.ini, conftest.py and maybe dic.toml."""

    def __init__(self, path) -> None:
        self.path = path
        (path / "conftest.py").write_text(SHOW.format(fields=FIELDS))
        (path / "below").mkdir()
        self.write("test_nothing.py", "def test_nothing():\n    pass\n")
        self.ini()

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def ini(self, *lines: str) -> None:
        self.write("pytest.ini", "\n".join(["[pytest]", "strict = true", "filterwarnings = error", *lines]))

    def run(self, *arguments: str, below: bool = False):
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *arguments]
        env = environment(self.path, PYTHONPATH=str(ROOT))
        cwd = self.path / "below" if below else self.path
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False)

    def settings(self, *arguments: str, below: bool = False) -> dict[str, str]:
        done = self.run(*arguments, str(self.path / "test_nothing.py"), below=below)
        assert done.returncode == 0, done.stdout + done.stderr
        shown = [line[6:] for line in done.stdout.splitlines() if line.startswith("SHOWN ")]
        return dict(line.split("=", 1) for line in shown)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_option_beats_ini_beats_file_beats_default(desk):
    assert desk.settings()["region"] == "eu-west-1"
    desk.write("dic.toml", '[aws]\nregion = "us-east-1"\n')
    assert desk.settings()["region"] == "us-east-1"
    desk.ini("dicfix_region = us-west-2")
    assert desk.settings()["region"] == "us-west-2"
    assert desk.settings("--dicfix-region", "ap-northeast-1")["region"] == "ap-northeast-1"


VALUES = {
    "target": "aws",
    "account": "123456789012",
    "region": "us-east-2",
    "edition": "2024-04",
    "directory": "material",
    "endpoint-url": "http://127.0.0.1:1",
    "mqtt-endpoint": "127.0.0.1:2",
    "server-ca": "root.pem",
}
FLAGS = [name for name, _, _ in options._FLAGS]


def test_every_option_has_a_value_in_this_test():
    assert set(VALUES) == {name for name, _, _ in options._TEXTS}


def expected(name: str, folder) -> str:
    return str(folder / VALUES[name]) if name in ("directory", "server-ca") else VALUES[name]


def test_every_option_and_its_ini_twin_set_the_same_thing(desk):
    arguments = [part for name, value in VALUES.items() for part in (f"--dicfix-{name}", value)]
    by_option = desk.settings(*arguments, *(f"--dicfix-{name}" for name in FLAGS), "--dicfix-audit")
    lines = [f"dicfix_{name.replace('-', '_')} = {value}" for name, value in VALUES.items()]
    flags = [f"dicfix_{name.replace('-', '_')} = true" for name in (*FLAGS, "audit")]
    desk.ini(*lines, *flags)
    by_ini = desk.settings()
    assert by_option == by_ini
    assert by_ini["mode"] == "audit"
    for name, field, _ in options._TEXTS:
        assert by_ini[field] == expected(name, desk.path)
    assert {by_ini[field] for _, field, _ in options._FLAGS} == {"True"}


def test_paths_count_from_where_they_are_written(desk):
    """An option from the folder of the user, an ini value and a file's value from theirs, the default from rootdir."""
    assert desk.settings(below=True)["directory"] == str(desk.path / "certificates")
    option = ("--dicfix-target", "aws", "--dicfix-directory", "x")
    assert desk.settings(*option, below=True)["directory"] == str(desk.path / "below" / "x")
    desk.write("below/dic.toml", 'directory = "mine"\n')
    assert desk.settings("--dicfix-config", "dic.toml", below=True)["directory"] == str(desk.path / "below" / "mine")
    desk.ini("dicfix_directory = x", "dicfix_config = below/dic.toml")
    assert desk.settings(below=True)["directory"] == str(desk.path / "x")


def test_an_ini_flag_that_is_off_is_off(desk):
    desk.ini("dicfix_keep = false")
    assert desk.settings()["keep"] == "False"


WRONG = {
    "an unknown edition": (("--dicfix-edition", "1999"), "edition is '1999'. Expected: one of 2023-06"),
    "an unknown target": (("--dicfix-target", "mars"), "target is 'mars'"),
    "half an account": (("--dicfix-target", "aws", "--dicfix-account", "12"), "account is '12'"),
    "a file that is not there": (("--dicfix-config", "nope.toml"), "nope.toml cannot be read: No such file"),
    "a malformed file": (("--dicfix-config", "dic.toml"), "dic.toml is not TOML"),
    "an endpoint for the embedded cloud": (
        ("--dicfix-endpoint-url", "http://127.0.0.1:1"),
        "is given for target offline, which has an endpoint of its own",
    ),
    "an MQTT endpoint for the embedded cloud": (
        ("--dicfix-mqtt-endpoint", "127.0.0.1:1"),
        "--dicfix-mqtt-endpoint is given for target offline, which has an endpoint of its own",
    ),
    "a server CA for the embedded cloud": (
        ("--dicfix-server-ca", "root.pem"),
        "--dicfix-server-ca is given for target offline, which has an endpoint of its own",
    ),
    "a certificate directory for the embedded cloud": (
        ("--dicfix-directory", "x"),
        "--dicfix-directory is given for target offline, which makes certificates of its own. "
        "Expected: --dicfix-target aws beside it. Do: give both, or leave it out.",
    ),
    "keeping what is gone anyway": (
        ("--dicfix-keep",),
        "--dicfix-keep is given for target offline, which has an account of its own for each scenario",
    ),
    "half an endpoint": (
        ("--dicfix-target", "aws", "--dicfix-endpoint-url", "http://127.0.0.1:1"),
        "an endpoint is given in part",
    ),
    "an onboarding in two processes": (
        ("--dicfix-target", "aws", "--dicfix-account", "123456789012", "-n", "2"),
        "cannot be shared among processes (-n)",
    ),
    "a flag that is neither true nor false": (("-o", "dicfix_keep=maybe"), "the ini value dicfix_keep cannot be used"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_meant_is_one_line_and_exit_code_4(desk, what):
    arguments, told = WRONG[what]
    if what == "a malformed file":
        desk.write("dic.toml", "edition = ")
    done = desk.run(*arguments)
    out = done.stdout + done.stderr
    assert done.returncode == 4
    assert told in out
    assert len(out.strip().splitlines()) == 1, out
    assert out.startswith("ERROR: dicfix: ")
    assert str(desk.path) not in out


def test_a_malformed_dic_toml_is_told_without_being_asked_for(desk):
    desk.write("dic.toml", "[aws]\nregoin = 'x'")
    done = desk.run()
    assert done.returncode == 4
    assert "dic.toml has the unknown key 'aws.regoin'" in done.stdout + done.stderr


def test_an_audit_on_target_aws_may_be_shared_and_the_other_targets_too(desk):
    desk.settings("-n", "2")
    desk.settings("--dicfix-target", "aws", "--dicfix-audit", "-n", "2")
