"""The status updates of AWS's OTA agent, letter by letter. Pure functions giving payloads.

Source: facts, OTA 1.4 (observed; blanks included).
"""

from __future__ import annotations

import json

from dicfix.device.ota.settings import Version

SIGNATURE_CHECK_FAILED = 0xE3
SAME_VERSION = 0x10
DOWNGRADE = 0x0F
STATE_MISMATCH = 0x11
JOB_PARSER_ERROR = 0x0C


def receiving(block: int, total: int) -> bytes:
    """Progress after ``block`` blocks."""
    return _payload("IN_PROGRESS", receive=f"{block}/{total}")


def ready(version: Version) -> bytes:
    """The file is complete and its signature right; ``version`` is the running one."""
    return _payload("IN_PROGRESS", self_test="ready", updatedBy=f"0x{version.number:08x}")


def active(version: Version) -> bytes:
    """The new version runs its self test."""
    return _payload("IN_PROGRESS", self_test="active", updatedBy=f"0x{version.number:08x}")


def accepted(version: Version, updated_by: Version) -> bytes:
    """The new version is accepted."""
    return _payload("SUCCEEDED", reason=f"accepted  v{version}", updatedBy=f"  v{updated_by}")


def failed(error: int, detail: int = 0) -> bytes:
    """The update failed with an error of the agent."""
    return _payload("FAILED", reason=f"0x{error:08x}: 0x{detail:08x}")


def rejected(error: int) -> bytes:
    """The new version is rejected."""
    return _payload("FAILED", reason=f"rejected: 0x{error:08x}")


def _payload(status: str, **details: str) -> bytes:
    return json.dumps({"status": status, "statusDetails": details}, separators=(",", ":")).encode()
