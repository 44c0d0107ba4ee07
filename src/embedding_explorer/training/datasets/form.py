"""What the dataset forms have in common: paths that a client names, uploads, and the name of the dataset."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.images.remote import check_url
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.datasets.bounds import MAX_NAME, Bounds
from embedding_explorer.training.datasets.places import Places, is_url
from embedding_explorer.training.forms.fields import Fields

FormValues = Mapping[str, str | Sequence[str]]

# What must not be stored with a job, nor shown, nor cloned (contract, 1.8 and 3.10).
SECRET_FIELDS = ("s3_accesskey", "s3_secretkey")
_NOT_THERE = Path("/nonexistent")


@dataclass(frozen=True)
class Reader:
    """Reads one form; every fault is noted in `fields.faults`, and a value that nobody uses is returned instead.

    Attributes:
        uploads: field name → file on this machine that holds what was uploaded.
    """

    fields: Fields
    uploads: Mapping[str, Path]
    places: Places
    bounds: Bounds

    @property
    def faults(self) -> Faults:
        """All that is wrong so far."""
        return self.fields.faults

    def names(self) -> tuple[str, str]:
        """The dataset's name and that of its group."""
        name = self.fields.text("dataset_name", required=True, most=MAX_NAME)
        return name, self.fields.text("group_name", most=MAX_NAME)

    def folder(self, name: str) -> Path:
        """A required field with the absolute path of an existing folder."""
        found = self.folder_or_none(name)
        if found is None and name not in self.faults:
            self.faults.add(name, "This field is required: give the absolute path of a folder.", code="missing")
        return found or _NOT_THERE

    def folder_or_none(self, name: str) -> Path | None:
        """The same, None where it is absent or blank."""
        return self._place(name, self.places.folder, "folder")

    def folder_or_address(self, name: str) -> Path | str:
        """The same as `folder`; where addresses are on, also that of an auto-index page, which nobody looks at yet."""
        value = self.fields.text(name)
        if not (self.places.urls and is_url(value)):
            return self.folder(name)
        try:
            check_url(value)
        except BadInput as error:
            self.faults.add(name, error.message)
        return f"{value.rstrip('/')}/"

    def file(self, name: str) -> Path:
        """A required field with the absolute path of an existing file."""
        found = self._place(name, self.places.file, "file")
        if found is None and name not in self.faults:
            self.faults.add(name, "This field is required: give the absolute path of a file.", code="missing")
        return found or _NOT_THERE

    def upload(self, name: str) -> Path:
        """A required upload."""
        if name not in self.uploads:
            self.faults.add(name, "This field is required: send a file.", code="missing")
        return self.uploads.get(name, _NOT_THERE)

    def _place(self, name: str, find: Callable[[str], Path | None], kind: str) -> Path | None:
        value = self.fields.text(name)
        if not value:
            return None
        if is_url(value):
            self.faults.add(name, f"An address cannot be read as a {kind}; give an absolute path on the server.")
            return None
        if (found := find(value)) is None:
            self.faults.add(name, f"There is no {kind} {value[:200]!r} in the data roots (EXPLORER_DATA_ROOTS).")
        return found


def storable(form: FormValues) -> dict[str, str | Sequence[str]]:
    """The form without its secrets, as it may be kept for cloning."""
    return {name: value for name, value in form.items() if name not in SECRET_FIELDS}
