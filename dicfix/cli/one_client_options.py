"""The options with which `dicfix why` and `dicfix preflight` name what they look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dicfix.cli.settings_options import add_settings_options


def add_source_options(parser: Any) -> None:
    """Add whose account, and a saved inventory or a planted defect instead."""
    add_settings_options(parser)
    add = parser.add_argument_group("what is read").add_argument
    add("--inventory", type=Path, metavar="FILE", help="look at a saved inventory; no credentials are needed")
    add("--plant", action="append", default=[], metavar="DEFECT", help="target offline: plant a defect of dicfix audit")
