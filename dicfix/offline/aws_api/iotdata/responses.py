"""The operations of the ``iot-data`` service; whatever concerns messages and connections is asked of the data plane."""

from __future__ import annotations

from moto.iotdata.responses import IoTDataPlaneResponse

from dicfix.offline.aws_api.modelled import ModelledResponse


class EmbeddedIoTDataResponse(ModelledResponse, IoTDataPlaneResponse):  # type: ignore[misc]
    """moto's shadows; messages and connections through the data plane."""
