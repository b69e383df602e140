"""Where requests of the ``s3`` service arrive: as in moto. The name and place of this file are moto's convention."""

from moto.s3.urls import url_bases as url_bases
from moto.s3.urls import url_paths as url_paths
