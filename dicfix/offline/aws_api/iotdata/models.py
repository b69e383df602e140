"""moto's backend of shadows under this project's addresses; the rest of the service needs no state here.

Named ``models`` because moto finds ``urls`` beside it by that name.
"""

from __future__ import annotations

from moto.iotdata.models import IoTDataPlaneBackend, iotdata_backends

__all__ = ["EmbeddedIoTDataBackend", "iotdata_backends"]


class EmbeddedIoTDataBackend(IoTDataPlaneBackend):
    """moto's backend, reached at the account's own host too."""
