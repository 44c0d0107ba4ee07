"""What a network wants its images to be, and making them so (networks contract, sections 9.2 and 11).

Neither torch nor Flask is imported: the web process checks requests with this, and the worker feeds networks with it.
"""

from embedding_explorer.networks.preprocessing.constants import (
    Constants,
    InputConstants,
    read_constants,
)
from embedding_explorer.networks.preprocessing.faults import Faults
from embedding_explorer.networks.preprocessing.fields import ImageInput, Preprocessing
from embedding_explorer.networks.preprocessing.own import describe
from embedding_explorer.networks.preprocessing.parsing import parse_preprocessing
from embedding_explorer.networks.preprocessing.pipeline import prepare
from embedding_explorer.networks.preprocessing.region_parsing import REGION_FIELDS, parse_region
from embedding_explorer.networks.preprocessing.regions import Region
from embedding_explorer.networks.preprocessing.sizes import Geometry, geometry

__all__ = [
    "REGION_FIELDS",
    "Constants",
    "Faults",
    "Geometry",
    "ImageInput",
    "InputConstants",
    "Preprocessing",
    "Region",
    "describe",
    "geometry",
    "parse_preprocessing",
    "parse_region",
    "prepare",
    "read_constants",
]
