"""The OTA services behind the AWS API: ``services`` joins the rules with moto's S3, IAM and ACM, once per Region.

``objects``, ``rights``, ``material`` and ``targets`` answer the rules' ports from moto's state; ``responses`` are the
operations on OTA updates and streams. Loaded with the first request that needs them.
"""
