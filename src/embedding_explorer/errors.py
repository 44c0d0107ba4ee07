"""One family of exceptions for the whole package.

The message is one or two sentences for a user: what is wrong and what to do about it. `facts` are its machine-readable
parts. Nothing here knows HTTP: each API maps these classes to its own statuses and shapes in one table.
"""

import errno
from collections.abc import Mapping, Sequence

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # `errno` of an OSError: what says that a file cannot grow


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


class FetchFailed(BadInput):
    """A picture that could not be fetched from the address that a user gave."""


class UnknownReducer(BadInput):
    """A reducer that is not in the table of reducers."""


class UnknownNetwork(BadInput):
    """A network or layer that is not registered; the message lists those that are."""


class UnknownLayer(UnknownNetwork):
    """A layer that a network does not have. Facts: `layer`, and `near`, up to five layers of similar names."""


class InvalidFields(BadInput):
    """Fields of a request that break their rules: every one that was found, with all that is wrong with it.

    Attributes:
        fields: field path, such as "preprocessing.inputs[0].image.resize_type", to sentences.
        code: the kind of fault as a slug: "invalid" where nothing more precise fits all of them.
    """

    def __init__(
        self, message: str, fields: Mapping[str, Sequence[str]] | None = None, code: str = "invalid", **facts: object
    ) -> None:
        super().__init__(message, code=code, **facts)
        self.fields = dict(fields or {})
        self.code = code


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


class RegisteredNetworkNotFound(NotFound):
    """No network is registered under that id or slug."""


class TaskNotFound(NotFound):
    """No task with that id, or its result has been deleted for its age."""


class LogPathNotFound(NotFound):
    """No folder of run logs belongs to that user and job."""

    def __init__(self, message: str = "User does not exist or log path not found") -> None:
        super().__init__(message)


class NoLogData(NotFound):
    """No such run, or the run has no such tag."""

    def __init__(self, message: str = "Parameter error, no data found") -> None:
        super().__init__(message)


class NoLogStep(NotFound):
    """A tag of a run has no record at that step."""

    @classmethod
    def at(cls, step: int) -> "NoLogStep":
        """The error for that step."""
        return cls(f"Parameter error, cannot find data in step = {step}", step=step)


class BadLogParameter(BadInput):
    """A parameter of the run-logs API that is missing or cannot be used; the message names it."""


class UnreadableLog(BadInput):
    """A record or file of a run's log that cannot be decoded, or not be drawn."""


class Conflict(ExplorerError):
    """The request is fine but does not fit the present state."""


class SpaceMismatch(Conflict):
    """Two datasets that were not made by the same network and layer."""


class NoFeatures(Conflict):
    """The dataset has no features (imported ones), so the request has nothing to work on."""


class NotDeployed(Conflict):
    """A registered network that is not, or never will be, ready for what was asked. Fact: `code`."""


class NetworkUnusable(ExplorerError):
    """A registered network that its framework cannot read, build or run; one line for the user who registered it."""


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


class LogReaderDied(ExplorerError):
    """The process that reads run logs ended in the middle of an answer."""


class TrainingDiverged(JobFailed):
    """The loss of a training became infinite or no number."""


class StorageFull(JobFailed):
    """No space left in the data folder."""


class CatalogUnavailable(ExplorerError):
    """The database of the catalog does not answer."""


class TooManyTasks(ExplorerError):
    """As many inferences wait as may wait."""


class StartError(ExplorerError):
    """The program cannot start: a setting, the data folder or the port."""
