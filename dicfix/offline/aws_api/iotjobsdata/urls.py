"""Where requests of the ``iot-jobs-data`` service arrive; the name and place of this file are moto's convention.

Beside its own host, the service answers at the host that DescribeEndpoint gives for iot:Data-ATS.
"""

from dicfix.offline.aws_api.iotjobsdata.responses import JobsDataResponse

url_bases = [
    r"https?://data\.jobs\.iot\.(.+)\.amazonaws\.com",
    r"https?://[a-z0-9]+(?:-ats|\.jobs)?\.iot\.([a-z0-9-]+)\.amazonaws\.com",
]

url_paths = {"{0}/things/[^/]+/jobs.*$": JobsDataResponse.dispatch}
