"""moto's backend of the ``cloudtrail`` service; the events are in the account's state.

Named ``models`` because moto finds ``urls`` beside it by that name.
"""

from __future__ import annotations

from moto.cloudtrail.models import CloudTrailBackend, cloudtrail_backends

__all__ = ["EmbeddedCloudTrailBackend", "cloudtrail_backends"]


class EmbeddedCloudTrailBackend(CloudTrailBackend):
    """moto's backend, for trails only."""
