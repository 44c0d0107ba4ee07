"""One family of exceptions for the whole package.

The message is one or two sentences for a user: what is wrong and what to do about it. `facts` are its machine-readable
parts. Nothing here knows HTTP: each API maps these classes to its own statuses and shapes in one table.
"""


class ExplorerError(Exception):
    """Base of all errors that this package raises on purpose."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class BadInput(ExplorerError):
    """Something a user sent cannot be used."""


class BadArchive(BadInput):
    """Not an archive, or an encrypted, truncated or otherwise unreadable one."""


class UnreadableImage(BadInput):
    """One picture that cannot be decoded."""


class NoReadableImage(BadInput):
    """Not a single picture where some were expected."""


class RefusedPickle(BadInput):
    """A pickle that asks for anything but numpy arrays; the message names it."""


class UnknownReducer(BadInput):
    """A reducer that is not in the table of reducers."""


class UnknownNetwork(BadInput):
    """A network or layer that is not registered; the message lists those that are."""


class LimitExceeded(ExplorerError):
    """Input over a named, configurable bound. Facts: `limit`, `setting`."""


class NotFound(ExplorerError):
    """A thing that was asked for by name does not exist."""


class DatasetNotFound(NotFound):
    """No dataset with that id."""


class RangeNotFound(NotFound):
    """No such range; the message names the valid ones."""


class ImageNotFound(NotFound):
    """No image with that number."""


class JobNotFound(NotFound):
    """No job with that id."""


class Conflict(ExplorerError):
    """The request is fine but does not fit the present state."""


class SpaceMismatch(Conflict):
    """Two datasets that were not made by the same network and layer."""


class NoFeatures(Conflict):
    """The dataset has no features (imported ones), so the request has nothing to work on."""


class NetworkUnavailable(ExplorerError):
    """A known network whose weights are absent, damaged or do not match their digest."""


class Busy(ExplorerError):
    """The busy lock is held by another job."""


class JobFailed(ExplorerError):
    """A job ended without its result."""


class WorkerDied(JobFailed):
    """The worker process ended in the middle of a job."""


class JobAborted(JobFailed):
    """A user asked for the end of the job."""


class StorageFull(JobFailed):
    """No space left in the data folder."""


class StartError(ExplorerError):
    """The program cannot start: a setting, the data folder or the port."""
