"""The ``iot-data`` service: messages, connections and retained messages, answered by the data plane."""

from dicfix.offline.aws_api.iotdata.models import iotdata_backends as iotdata_backends
