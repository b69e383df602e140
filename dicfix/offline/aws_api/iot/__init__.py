"""The ``iot`` service: moto's backend with AWS IoT's admission, names, policies and paging."""

from dicfix.offline.aws_api.iot.models import iot_backends as iot_backends
