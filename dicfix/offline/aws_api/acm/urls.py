"""Where requests of the ``acm`` service arrive; the name and place of this file are moto's convention."""

from dicfix.offline.aws_api.acm.responses import EmbeddedACMResponse

url_bases = [r"https?://acm\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/$": EmbeddedACMResponse.dispatch}
