"""What the settings allow, and forms of datasets read within that: the same for the web process and the worker."""

from collections.abc import Mapping
from pathlib import Path

from embedding_explorer.images.remote import listens_on_loopback
from embedding_explorer.jobs.training.records import JobType
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import (
    Bounds,
    ClassificationSpec,
    GenericSpec,
    Places,
    parse_classification_form,
    parse_generic_form,
)
from embedding_explorer.training.datasets.form import FormValues


def places_of(settings: Settings) -> Places:
    """What paths and addresses clients may name. One for each request or job."""
    private = settings.allow_private_urls or listens_on_loopback(settings.host)
    return Places((*settings.roots, settings.jobs_folder), urls=settings.training_urls, private=private)


def bounds_of(settings: Settings) -> Bounds:
    """The bounds of datasets."""
    return Bounds(
        max_side=settings.max_training_side,
        max_pixels=settings.max_image_pixels,
        max_images=settings.max_training_images,
        max_entries=settings.max_upload_entries,
        max_unpacked_bytes=settings.max_unpacked_bytes,
        max_ratio=settings.max_compression_ratio,
    )


def spec_of(
    type: JobType, extension: str, form: FormValues, files: Mapping[str, Path], settings: Settings
) -> ClassificationSpec | GenericSpec:
    """What a form wants to be made; raises InvalidFields, or NotFound for an unknown extension."""
    places, bounds = places_of(settings), bounds_of(settings)
    if type is JobType.CLASSIFICATION_DATASET:
        return parse_classification_form(form, files, places, bounds)
    return parse_generic_form(extension, form, places, bounds)
