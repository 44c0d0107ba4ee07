"""A request to register a network: every fault of it is found and named at once."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from embedding_explorer.networks.frameworks import FRAMEWORKS
from embedding_explorer.networks.frameworks.base import Framework
from embedding_explorer.networks.preprocessing import Faults, parse_preprocessing
from embedding_explorer.networks.preprocessing.leaves import shown
from embedding_explorer.networks.registered import values
from embedding_explorer.networks.registered.names import MAX_FILES, stored_names
from embedding_explorer.networks.registered.records import Draft

REQUIRED = ("name", "framework", "preprocessing")
FIELDS = ("name", "description", "metadata", "framework", "preprocessing", "postprocessings")
READ_ONLY = ("id", "task_id", "create_date", "update_date")
MUTABLE = ("name", "description", "metadata")


def read_submission(
    fields: Mapping[str, object],
    parts: Iterable[tuple[str, Path]],
    flat: Collection[str] = (),
    faults: Faults | None = None,
) -> tuple[Draft, dict[str, Path]]:
    """What a request registers, and its files by stored name.

    Args:
        fields: the fields of the request.
        parts: names and places of the files that came with it.
        flat: fields that came as flattened parts of a form, whose leaves are texts.
        faults: what is known to be wrong already.

    Raises:
        InvalidFields: with everything that is wrong.
    """
    faults = Faults() if faults is None else faults
    refuse_others(fields, faults)
    for name in REQUIRED:
        if name not in fields and not any(head_of(path) == name for path in faults):
            faults.add(name, "is required", code="missing")
    framework = read_framework(fields["framework"], faults) if "framework" in fields else None
    files = named_files(list(parts), framework, faults)
    given, text = fields.get("preprocessing"), "preprocessing" in flat
    preprocessing = parse_preprocessing(given, faults, text=text, files=files) if "preprocessing" in fields else None
    draft: dict[str, Any] = {
        "name": values.read_name(fields.get("name", "-"), faults),
        "description": values.read_text(fields.get("description", ""), faults, "description"),
        "metadata": values.read_metadata(fields.get("metadata", {}), faults),
        "postprocessings": values.read_postprocessings(fields.get("postprocessings", []), faults),
    }
    if framework is not None and framework.installed():
        framework.check(files, faults)
    faults.raise_any()
    assert framework is not None and preprocessing is not None
    return Draft(framework=framework.name, preprocessing=preprocessing.to_json(), **draft), files


def head_of(path: str) -> str:
    """The field that a path of a fault belongs to."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def refuse_others(fields: Mapping[str, object], faults: Faults) -> None:
    """Note fields that only the server sets, and unknown ones."""
    for name in fields:
        if name in READ_ONLY:
            faults.add(name, "is set by the server", code="read_only")
        elif name not in FIELDS:
            faults.add(name, f"is not known here; known are {', '.join(FIELDS)} and files", code="unknown_field")


def read_framework(value: object, faults: Faults) -> Framework | None:
    """The framework of that name; also where its packages are not installed, which is a fault."""
    framework = FRAMEWORKS.get(value) if isinstance(value, str) else None
    if framework is None:
        known = ", ".join(FRAMEWORKS)
        faults.add("framework", f"must be one of {known}, not {shown(value)}", code="unsupported_framework")
        return None
    if not framework.installed():
        faults.add("framework", missing_extra(framework), code="extra_required")
    return framework


def missing_extra(framework: Framework) -> str:
    """What to say where the packages of a framework are absent."""
    return (
        f'{framework.name} networks need the optional extra "{framework.extra}"; install it with '
        f'pip install "embedding-explorer[{framework.extra}]"'
    )


def named_files(parts: list[tuple[str, Path]], framework: Framework | None, faults: Faults) -> dict[str, Path]:
    """Files by stored name; a framework that is not known changes no name."""
    if len(parts) > MAX_FILES:
        faults.add("files", f"there are {len(parts)} files; at most {MAX_FILES} are allowed")
        return {}
    return stored_names(parts, framework.store_name if framework else str, faults)


def read_update(
    fields: Mapping[str, object], files: Iterable[str], whole: bool, faults: Faults | None = None
) -> dict[str, Any]:
    """New values of mutable fields; with `whole` (PUT) also of those that are not named, which get their defaults.

    Raises InvalidFields with everything that is refused, `faults` (what is known to be wrong already) included.
    """
    faults = Faults() if faults is None else faults
    for name in files:
        faults.add(f"files.{name}", "files of a network cannot be changed; register another one", code="immutable")
    for name in fields:
        refuse_change(name, faults)
    if whole and "name" not in fields and "name" not in faults:
        faults.add("name", "is required", code="missing")
    readers = {
        "name": values.read_name,
        "description": lambda value, faults: values.read_text(value, faults, "description"),
        "metadata": values.read_metadata,
    }
    given = {"description": "", "metadata": {}} | dict(fields) if whole else fields
    read = {name: reader(given[name], faults) for name, reader in readers.items() if name in given}
    faults.raise_any()
    return read


def refuse_change(name: str, faults: Faults) -> None:
    """Note a field that cannot be changed, even to the value that it has."""
    if name in MUTABLE:
        return
    if name in FIELDS:
        faults.add(name, "cannot be changed; register another network", code="immutable")
    elif name in READ_ONLY:
        faults.add(name, "is set by the server", code="read_only")
    else:
        faults.add(name, f"is not known here; changeable are {', '.join(MUTABLE)}", code="unknown_field")
