"""The ``cloudtrail`` service: moto's, with LookupEvents over the changes that AWS IoT's API made."""
