"""See a pile of pictures as a map: networks, reductions and tilemaps behind four HTTP APIs."""

__version__ = "0.1.0"
