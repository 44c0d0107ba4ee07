"""Loading a registered or public network, in a process that may hold its framework."""

from pathlib import Path

from embedding_explorer.errors import InvalidFields, NetworkUnusable
from embedding_explorer.networks.devices import cuda_available
from embedding_explorer.networks.frameworks import FRAMEWORKS
from embedding_explorer.networks.frameworks.base import LoadedNetwork
from embedding_explorer.networks.preprocessing import (
    Constants,
    Faults,
    Preprocessing,
    parse_preprocessing,
    read_constants,
)
from embedding_explorer.networks.public import PublicNetwork, find_public
from embedding_explorer.networks.registered.folder import NetworkFolder
from embedding_explorer.networks.registered.records import PUBLIC_KEY
from embedding_explorer.networks.registered.submission import missing_extra
from embedding_explorer.settings import Settings

Loaded = tuple[LoadedNetwork, Preprocessing, Constants]


def load_network(where: str, settings: Settings) -> Loaded:
    """The network in the folder `where`, its preprocessing, and its mean and std.

    Raises NetworkUnusable with one line for a user.
    """
    public = find_public(where.removeprefix(PUBLIC_KEY))
    if public is not None:
        return load_public_network(public, settings)
    folder = NetworkFolder(Path(where))
    try:
        record, files = folder.record(), folder.files()
    except OSError as error:
        raise NetworkUnusable("The files of the network are gone.") from error
    preprocessing, constants = described(record["preprocessing"], files)
    framework = FRAMEWORKS[record["framework"]]
    if not framework.installed():
        raise NetworkUnusable(f"{missing_extra(framework)}.")
    return framework.load(files, preprocessing, device(settings)), preprocessing, constants


def is_there(where: str) -> bool:
    """Whether a network that was loaded has not been deleted since."""
    return find_public(where.removeprefix(PUBLIC_KEY)) is not None or Path(where).is_dir()


def load_public_network(public: PublicNetwork, settings: Settings) -> Loaded:
    """A public network; raises NetworkUnavailable without its weights."""
    from embedding_explorer.networks.public.load import load_public

    network, preprocessing, _ = load_public(public, settings.data, device(settings))
    return network, preprocessing, read_constants(preprocessing, {}, Faults())


def described(value: object, files: dict[str, Path]) -> tuple[Preprocessing, Constants]:
    """A preprocessing as it was stored, with its mean and std; raises NetworkUnusable for damaged files."""
    faults = Faults()
    preprocessing = parse_preprocessing(value, faults, text=False)
    constants = read_constants(preprocessing, files, faults) if preprocessing else ()
    try:
        faults.raise_any()
    except InvalidFields as error:
        raise NetworkUnusable(f"The files of the network are damaged: {error.message}") from error
    assert preprocessing is not None
    return preprocessing, constants


def device(settings: Settings) -> str:
    """Where registered networks run: "cuda" or "cpu"."""
    if settings.device == "auto":
        return "cuda" if cuda_available() else "cpu"
    return settings.device
