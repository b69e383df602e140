"""Where requests of the ``iam`` service arrive; the name and place of this file are moto's convention."""

from dicfix.offline.aws_api.iam.responses import EmbeddedIamResponse

url_bases = [r"https?://iam\.(.*\.)?amazonaws\.com"]

url_paths = {"{0}/$": EmbeddedIamResponse.dispatch}
