"""The ``s3`` service: moto's, with the defaults that AWS gives a new bucket."""
