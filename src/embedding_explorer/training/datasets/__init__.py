"""Labelled datasets for training: from a form to images on the disk, and back to pages of them (DIGITS contract, 4).

Neither torch nor Flask is imported: the web process parses forms and shows datasets, a worker's job builds them.
"""

from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.build import Site, build_classification, build_generic
from embedding_explorer.training.datasets.classification_form import parse_classification_form
from embedding_explorer.training.datasets.description import describe, statistics
from embedding_explorer.training.datasets.example import make_example, parse_example_form
from embedding_explorer.training.datasets.form import SECRET_FIELDS, storable
from embedding_explorer.training.datasets.generic_form import EXTENSIONS, extensions_json, parse_generic_form
from embedding_explorer.training.datasets.images import prepare_image
from embedding_explorer.training.datasets.pages import count_shown, explore, label_filter
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.plan import plan_classification, plan_generic
from embedding_explorer.training.datasets.reading import SetSource, TrainingDataset
from embedding_explorer.training.datasets.records import Records
from embedding_explorer.training.datasets.spec import ClassificationSpec, GenericSpec, Pictures

__all__ = [
    "EXTENSIONS",
    "SECRET_FIELDS",
    "Bounds",
    "ClassificationSpec",
    "GenericSpec",
    "Pictures",
    "Places",
    "Records",
    "SetSource",
    "Site",
    "TrainingDataset",
    "build_classification",
    "build_generic",
    "count_shown",
    "describe",
    "explore",
    "extensions_json",
    "label_filter",
    "make_example",
    "parse_classification_form",
    "parse_example_form",
    "parse_generic_form",
    "plan_classification",
    "plan_generic",
    "prepare_image",
    "statistics",
    "storable",
]
