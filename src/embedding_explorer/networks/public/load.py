"""Loading a public network: its weights from where they are kept, or fetched at its first use. Imports torch."""

import threading
from pathlib import Path

from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.networks.definitions import Definition
from embedding_explorer.networks.fetch import fetch
from embedding_explorer.networks.layers import load_module
from embedding_explorer.networks.preprocessing import Preprocessing, describe
from embedding_explorer.networks.public import PublicNetwork
from embedding_explorer.networks.public.hooked import AliasedNetwork, NormalisedProgram
from embedding_explorer.networks.weights import Located, locate

PATIENCE = 20.0  # seconds that a task waits for weights; fetching them goes on after that
QUIET = 15.0  # seconds without a byte until a download has failed


def load_public(public: PublicNetwork, data: Path, device: str) -> tuple[AliasedNetwork, Preprocessing, str]:
    """A public network, its preprocessing, and the digest of its weights.

    Raises NetworkUnavailable where the weights are not there (yet).
    """
    definition = public.definition
    located = weights_of(definition, data)
    module = load_module(definition, located.path)
    preprocessing = describe(definition.input)
    program = NormalisedProgram(module, definition.mean, definition.std, device)
    return AliasedNetwork(program, preprocessing, public.aliases, device), preprocessing, located.digest


def weights_of(definition: Definition, data: Path) -> Located:
    """The weights that are there, or that come within a while; raises NetworkUnavailable saying which are missing."""
    try:
        return locate(definition, data)
    except NetworkUnavailable:
        if not definition.weights or not definition.weights[0].member or present(definition, data):
            raise
    _Download.of(definition.name, data).wait(definition)
    return locate(definition, data)


def present(definition: Definition, data: Path) -> bool:
    """Whether a file of weights is where it would be fetched to, though it cannot be used."""
    return (data / "models" / definition.weights[0].name).exists()


class _Download:
    """Fetching the weights of one network, which goes on when nobody waits any more."""

    running: dict[str, "_Download"] = {}  # noqa: RUF012

    def __init__(self, name: str, data: Path) -> None:
        self.done, self.total = 0, 0
        self.failure: NetworkUnavailable | None = None
        self.thread = threading.Thread(target=self._run, args=(name, data), name="weights", daemon=True)
        self.thread.start()

    @classmethod
    def of(cls, name: str, data: Path) -> "_Download":
        """The download that is under way, or a new one."""
        if name not in cls.running or not cls.running[name].thread.is_alive():
            cls.running[name] = cls(name, data)
        return cls.running[name]

    def wait(self, definition: Definition) -> None:
        """Wait for a while; raises NetworkUnavailable unless the weights have come."""
        self.thread.join(PATIENCE)
        if self.failure is not None:
            raise self.failure
        if self.thread.is_alive():
            raise NetworkUnavailable(
                f"The weights {definition.weights[0].name} are not there yet: {self.done >> 20} of {self.total >> 20} MiB "
                "are fetched. Try again in a moment.",
                network=definition.name,
            )

    def _run(self, name: str, data: Path) -> None:
        try:
            fetch(name, data, self._progress, timeout=QUIET)
        except NetworkUnavailable as error:
            self.failure = error
        except OSError as error:
            self.failure = NetworkUnavailable(f"The weights of {name} cannot be kept: {error.strerror}.")

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
