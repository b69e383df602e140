"""The ``iot-jobs-data`` service, which moto does not have: moto finds it as ``moto.iotjobsdata``."""

from dicfix.offline.aws_api.iotjobsdata.models import iotjobsdata_backends as iotjobsdata_backends
