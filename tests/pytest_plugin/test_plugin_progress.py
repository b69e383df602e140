"""A progress line for one long step."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from types import SimpleNamespace

import pytest

from dicfix.pytest_plugin.progress import Progress, fitting, line_of, progress

LONG_TEST = """
    from dicfix.pytest_plugin.progress import progress

    def test_long(pytestconfig):
        now = iter([0.0, 0.2, 0.7, 0.7, 0.7, 0.75, 1.0, 1.0, 1.0])
        with progress(pytestconfig, "download", total=4, clock=lambda: next(now)) as line:
            line.update(1, "too-early")
            line.update(2, "half-way")
            line.update(3, "too-soon")
            line.update(4, "the-end" + "." * 90 + "cut-off")
"""


class Terminal:
    def __init__(self, isatty=True):
        self.isatty = isatty
        self.lines = []

    def rewrite(self, text, erase):
        self.lines.append(text)


def config_with(terminal, **extra):
    plugins = {"terminalreporter": terminal}
    return SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=plugins.get), **extra)


def ticking(*seconds):
    times = iter(seconds)
    return lambda: next(times)


def test_nothing_is_drawn_in_the_first_half_second():
    terminal = Terminal()
    with progress(config_with(terminal), "waiting", clock=ticking(0, 0.1, 0.4)) as line:
        line.update()
        line.update()
    assert terminal.lines == []


def test_a_drawn_line_is_erased_at_the_end_even_after_an_error():
    terminal = Terminal()
    with (
        pytest.raises(ValueError, match="boom"),
        progress(config_with(terminal), "waiting", clock=ticking(0, 0.6, 0.6, 0.6)) as line,
    ):
        line.update()
        raise ValueError("boom")
    assert terminal.lines == ["  waiting  1 s", ""]


@pytest.mark.parametrize(
    "config", [config_with(None), config_with(Terminal(isatty=False)), config_with(Terminal(), workerinput={})]
)
def test_without_a_terminal_of_its_own_it_draws_nothing(config):
    with progress(config, "waiting", clock=ticking()) as line:
        line.update(1)
    assert type(line) is Progress


def test_the_bar_shows_the_share_and_never_more_than_all():
    assert line_of("ota", 1, 4, 2.2) == "  ota  [#####...............]  25%  2 s"
    assert line_of("ota", 9, 4, 2.2, "block 9") == "  ota  [####################] 100%  2 s  block 9"
    assert line_of("ota", None, None, 61) == "  ota  61 s"


@pytest.mark.parametrize(("columns", "length"), [(120, 102), (80, 79), (2, 3)])
def test_a_line_is_cut_to_the_width_of_the_terminal(monkeypatch, columns, length):
    monkeypatch.setenv("COLUMNS", str(columns))
    line = fitting("x" * 102)
    assert len(line) == length
    assert line.endswith("...") is (length < 102)


def run_in_terminal(project, *arguments):
    project.write("test_long.py", LONG_TEST)
    main, child = pty.openpty()
    environment = os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "TERM": "xterm"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    repository = str(project.repository)
    environment["PYTHONPATH"] = os.pathsep.join([repository, str(project.path)])
    environment.pop("COLUMNS", None)
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*command, "test_long.py"], cwd=project.path, env=environment, stdout=child, stderr=child
    )
    os.close(child)
    chunks = []
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(main)
    assert process.wait(30) == 0
    return b"".join(chunks).decode()


def test_it_is_seen_in_a_terminal_although_output_is_captured(project):
    out = run_in_terminal(project)
    assert "half-way" in out
    assert "the-end" in out
    assert "cut-off" not in out
    assert "too-early" not in out
    assert "too-soon" not in out


def test_it_is_silent_in_a_pipe_and_in_workers(project):
    project.write("test_long.py", LONG_TEST)
    assert "half-way" not in project.run("test_long.py").out
    assert "half-way" not in project.run("-n", "1", "test_long.py").out
