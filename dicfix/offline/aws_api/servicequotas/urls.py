"""Where requests of the ``service-quotas`` service arrive; the name and place of this file are moto's convention."""

from dicfix.offline.aws_api.servicequotas.responses import EmbeddedServiceQuotasResponse

url_bases = [r"https?://servicequotas\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/$": EmbeddedServiceQuotasResponse.dispatch}
