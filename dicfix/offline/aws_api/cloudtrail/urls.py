"""Where requests of the ``cloudtrail`` service arrive; the name and place of this file are moto's convention."""

from dicfix.offline.aws_api.cloudtrail.responses import EmbeddedCloudTrailResponse

url_bases = [r"https?://cloudtrail\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/$": EmbeddedCloudTrailResponse.dispatch}
