"""The network that ships with the package: architecture, training, evaluation, weights."""
