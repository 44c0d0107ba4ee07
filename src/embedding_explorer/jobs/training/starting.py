"""What a new model begins with: its network, and copies of the weights, so that it depends on no other job."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.jobs.training.folders import Request, keep_start, read_request
from embedding_explorer.jobs.training.records import JobType, TrainingJob
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.figures import whole
from embedding_explorer.training.forms.model import ITS_OWN_START, NO_SNAPSHOT, ModelForm
from embedding_explorer.training.snapshot_files import list_snapshots

NETWORK = "network.json"


@dataclass(frozen=True)
class Start:
    """A network and files of weights; `lasting`: nobody changes these files, so another name for each will do."""

    definition: Definition
    weights: Sequence[Path] = ()
    lasting: bool = True
    new_head: bool = False


def start_of(form: ModelForm, job: TrainingJob | None, files: Sequence[Path | None], type: JobType) -> Start:
    """What the form's choice of a network comes to; raises BadInput where files have gone.

    Args:
        job: the model or pretrained model that the network comes from, if it comes from one.
        files: real places of the weights that the form names; None for one that is not there any more.
    """
    choice = form.network
    if choice.definition is not None:
        found = [path for path in files if path is not None]
        if len(found) < len(files):
            raise BadInput("A file of custom_network_snapshot has just been removed.")
        return Start(choice.definition, found, lasting=False)
    if job is None:
        raise BadInput("The form names no network.")
    if choice.method == "pretrained":
        return Start(_definition(job, type), _weights(job, max(list_snapshots(job.folder), default=0.0)))
    # Other classes need another last layer, even where there are as many of them.
    new_head = job.details.get("dataset") != form.dataset
    return Start(_definition(job, type), _weights(job, choice.snapshot), new_head=new_head)


def write_request(form: ModelForm, start: Start, folder: Path, classification: bool, most: int) -> Start:
    """Put all that a training needs into its folder; the start for others like it, whose weights are the copies.

    Raises BadInput where weights have gone, LimitExceeded where files that a client names have more than `most` bytes.
    """
    try:
        if not start.lasting:  # the others were made here, within this program's own bounds
            _check_size(start.weights, most)
        kept = keep_start(start.weights, folder, link=start.lasting)
    except FileNotFoundError as error:
        raise BadInput("The weights to start from have just been removed; choose others.") from error
    Request(form.options, start.definition, kept, start.new_head, form.gpus, classification).save(folder)
    return replace(start, weights=[folder / name for name in kept], lasting=True)


def _check_size(weights: Sequence[Path], most: int) -> None:
    size, setting = sum(path.stat().st_size for path in weights), "EXPLORER_MAX_NETWORK_BYTES"
    if size > most:
        raise LimitExceeded(
            f"The weights to start from have {size} bytes; at most {most} are allowed ({setting}).",
            limit=most,
            setting=setting,
        )


def has_own_start(job: TrainingJob) -> bool:
    """Whether a model did not start from fresh weights."""
    try:
        return bool(read_request(job.folder).start)
    except BadInput:
        return False


def _definition(job: TrainingJob, type: JobType) -> Definition:
    try:
        text = (job.folder / NETWORK).read_text()
    except FileNotFoundError:
        return read_request(job.folder).definition  # a model that has not begun
    return read_definition(text, classification=type.classification)


def _weights(job: TrainingJob, epoch: float) -> Sequence[Path]:
    if epoch == NO_SNAPSHOT:
        return ()
    if epoch == ITS_OWN_START:
        return [job.folder / name for name in read_request(job.folder).start]
    found = list_snapshots(job.folder).get(epoch)
    if found is None:
        raise BadInput(f"The snapshot of epoch {whole(epoch)} has gone; choose another one.")
    return (found,)
