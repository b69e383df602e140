"""The ``iam`` service: moto's, with three AWS managed policies, checked trust policies and simulation."""
