"""Where requests of the ``iot-data`` service arrive; the name and place of this file are moto's convention."""

from dicfix.offline.aws_api.iotdata.responses import EmbeddedIoTDataResponse

url_bases = [
    r"https?://data\.iot\.(.+)\.amazonaws\.com",
    r"https?://data-ats\.iot\.(.+)\.amazonaws\.com",
    r"https?://[a-z0-9]+\.iot\.([a-z0-9-]+)\.amazonaws\.com",
    r"https?://[a-z0-9]+-ats\.iot\.([a-z0-9-]+)\.amazonaws\.com",
]

url_paths = {"{0}/.*$": EmbeddedIoTDataResponse.dispatch}
