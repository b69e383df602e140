"""The ``acm`` service: moto's, with what AWS checks and tells of an imported certificate."""
