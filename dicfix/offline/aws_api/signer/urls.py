"""Where requests of the ``signer`` service arrive; the name and place of this file are moto's convention."""

from dicfix.offline.aws_api.signer.responses import EmbeddedSignerResponse

url_bases = [r"https?://signer\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/.*$": EmbeddedSignerResponse.dispatch}
