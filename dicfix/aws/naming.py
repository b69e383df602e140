"""Requests that name their caller and are not signed: for the embedded cloud in this very process.

A signature takes a tenth of such a call, and nobody is there who would verify it. Over HTTP every request is signed.
May import botocore.
"""

from __future__ import annotations

from typing import Any

import botocore

_FORM = "AWS4-HMAC-SHA256 Credential={}/19700101/{}/{}/aws4_request, SignedHeaders=host, Signature=none"
"""The header of a signed request. Source: AWS General Reference, Signature Version 4."""


def name_only(events: Any, access_key_id: str) -> None:
    """Have requests of a session's clients name the access key, Region and service in place of a signature."""

    def name(request: Any, signing_name: str, region_name: str, **_: Any) -> None:
        request.headers["Authorization"] = _FORM.format(access_key_id, region_name, signing_name)

    events.register("choose-signer", _no_signer)
    events.register("before-sign", name)


def _no_signer(**_: Any) -> Any:
    return botocore.UNSIGNED
