"""The command line as a whole: quick help, one line for an error, the right exit code, never a traceback."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from dicfix import __main__ as command_line
from dicfix.errors import GuardRefused, Unreadable, UsageError

ROOT = Path(__file__).parents[1]
HELP_TARGET_S = 0.35
HEAVY = ("boto3", "botocore", "moto", "pytest", "cryptography", "paho", "gherkin", "allure")


def started(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dicfix", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False, **more)


def test_help_is_quick_and_names_every_command():
    """The best of three starts is within the target, whatever else the machine does."""
    times = []
    for _ in range(3):
        before = time.perf_counter()
        done = started("--help")
        times.append(time.perf_counter() - before)
    assert done.returncode == 0
    assert min(times) < HELP_TARGET_S
    assert all(name in done.stdout for name in command_line.COMMANDS)


def test_help_imports_nothing_heavy():
    """Nothing that takes time to import is imported for the help."""
    code = (
        "import sys; from dicfix.__main__ import main; main(['--help']); "
        "print('loaded', sorted({one.split('.')[0] for one in sys.modules} & set(sys.argv[1:])))"
    )
    done = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.endswith("loaded []\n")


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_every_command_has_a_module_that_adds_itself(name, capsys):
    """``dicfix.cli.<name>`` offers add_parser and run, and its help is printed."""
    module = import_module(f"dicfix.cli.{name}")
    assert callable(module.run)
    assert command_line.main([name, "--help"]) == 0
    assert f"dicfix {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "required: command"),
        (("nonsense",), "invalid choice: 'nonsense'"),
        (("clauses", "--nonsense"), "--nonsense"),
    ],
)
def test_wrong_usage_is_exit_2_with_one_message(arguments, told, capsys):
    """What is wrong and where the right options are told, on stderr; no page of usage before it."""
    assert command_line.main(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert captured.err.startswith("dicfix: ")
    assert captured.err.endswith(" --help.\n")
    assert captured.err.count("\n") == 1


@pytest.fixture
def failing(monkeypatch):
    """Makes `dicfix clauses` raise."""

    def fail_with(error: BaseException) -> None:
        def run(_args: object) -> int:
            raise error

        monkeypatch.setattr("dicfix.cli.clauses.run", run)

    return fail_with


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("It is wrong", expected="right", remedy="mend it"), 2),
        (Unreadable("iot:GetPolicy", "AccessDeniedException", permission="iot:GetPolicy"), 3),
        (GuardRefused("Not this account"), 4),
    ],
)
def test_an_error_of_ours_is_one_line_and_its_exit_code(error, code, failing, capsys):
    """`dicfix: ` and the three parts of the error; nothing on stdout."""
    failing(error)
    assert command_line.main(["clauses"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"dicfix: {error}\n"
    assert "Traceback" not in captured.err


def test_a_mistake_of_ours_is_one_line_and_no_fail(failing, capsys):
    """Exit code 3: nobody knows. What the exception says is left to --debug, since it may quote what it worked on."""
    failing(KeyError("a secret"))
    assert command_line.main(["clauses"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "a mistake in dicfix itself: KeyError in test_cli_main.py, line" in captured.err
    assert "secret" not in captured.err
    assert len(captured.err.splitlines()) == 1


def test_debug_lets_the_traceback_through(failing):
    """For those who look for a bug."""
    failing(UsageError("It is wrong"))
    with pytest.raises(UsageError):
        command_line.main(["--debug", "clauses"])


def test_an_interruption_is_exit_130(failing, capsys):
    """As shells have it."""
    failing(KeyboardInterrupt())
    assert command_line.main(["clauses"]) == 130
    assert capsys.readouterr().err == "dicfix: interrupted\n"


def test_a_reader_that_goes_away_leaves_no_noise():
    """`dicfix clauses | head -1` ends quietly."""
    command = [sys.executable, "-m", "dicfix", "controls", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        noise = process.stderr.read()
    assert noise == b""
    assert process.returncode == 0


def test_the_console_script_is_this_main():
    """`dicfix` and `python -m dicfix` are one."""
    assert 'dicfix = "dicfix.__main__:main"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
