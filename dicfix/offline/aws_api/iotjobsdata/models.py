"""moto's place for the ``iot-jobs-data`` service; its state is that of the jobs in ``ota.services``.

Named ``models`` because moto finds ``urls`` beside it by that name.
"""

from __future__ import annotations

from moto.core.base_backend import BackendDict, BaseBackend

from dicfix.offline.aws_api.hooks import iot_regions


class JobsDataBackend(BaseBackend):
    """Nothing of its own."""


iotjobsdata_backends = BackendDict(
    JobsDataBackend, "iot-jobs-data", use_boto3_regions=False, additional_regions=iot_regions()
)
