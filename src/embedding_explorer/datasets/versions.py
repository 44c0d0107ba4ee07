"""Versions of the libraries that decide on a dataset's numbers."""

from importlib.metadata import PackageNotFoundError, version

from embedding_explorer import __version__

LIBRARIES = ("numpy", "pillow", "openvino", "torch", "torchvision", "scikit-learn", "umap-learn", "numba")


def library_versions() -> dict[str, str]:
    """Name to version of those that are installed, and of this package."""
    found = {"embedding_explorer": __version__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # openvino is optional where a GPU does the work
    return found
