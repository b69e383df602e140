"""Where requests of the ``iot`` service arrive; the name and place of this file are moto's convention."""

from dicfix.offline.aws_api.iot.responses import EmbeddedIoTResponse

url_bases = [r"https?://iot\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/.*$": EmbeddedIoTResponse.dispatch}
