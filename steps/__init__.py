"""The phrases of the features, by noun; each step is one call into dicfix."""
