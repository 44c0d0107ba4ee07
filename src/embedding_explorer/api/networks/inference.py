"""Inference requests: pictures in four forms, their regions, and the names of layers."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedding_explorer.api.networks.bodies import Body, Schema
from embedding_explorer.api.networks.multipart import FilePart
from embedding_explorer.errors import BadInput
from embedding_explorer.images.incoming import check_picture, cut_prefix, write_base64
from embedding_explorer.images.remote import check_url
from embedding_explorer.jobs.inference import Picture
from embedding_explorer.networks.preprocessing import REGION_FIELDS, parse_region
from embedding_explorer.networks.preprocessing.leaves import is_object, refuse_unknown, require, shown
from embedding_explorer.networks.registered.names_of_layers import read_names
from embedding_explorer.settings import Settings

FIELDS = ("inputs", "output_tensors")
SOURCE = re.compile(r"inputs\[[0-9]+\]\.?image\.source")
SCHEMA = Schema(
    FIELDS, FIELDS, lambda name: SOURCE.fullmatch(name) is not None, repeated="output_tensors", file_leaves=True
)
WEB, DATA = ("http:", "https:"), "data:"


class Request:
    """What an inference request asks for. Its pictures are files in `folder` already, or addresses."""

    def __init__(self, body: Body, count: int, folder: Path, settings: Settings) -> None:
        self._faults, self._folder, self._settings = body.faults, folder, settings
        self._text = "inputs" in body.flat
        for name in body.fields.keys() - set(FIELDS):
            self._faults.add(name, f"is not known here; known are {', '.join(FIELDS)}", code="unknown_field")
        self.pictures = self._pictures(body.fields, count)
        given = "output_tensors" in body.fields
        self.names = read_names(body.fields["output_tensors"], self._faults) if given else None
        self._faults.raise_any()

    def _pictures(self, fields: Mapping[str, object], count: int) -> list[Picture]:
        if "inputs" not in fields:
            if not any(path.startswith("inputs") for path in self._faults):
                self._faults.add("inputs", "is required", code="missing")
            return []
        inputs = fields["inputs"]
        if not isinstance(inputs, list) or len(inputs) != count:
            found = f"a list of {len(inputs)}" if isinstance(inputs, list) else shown(inputs)
            self._faults.add("inputs", f"must be a list of {count}, one for each input of the network, not {found}")
            return []
        self._folder.mkdir(parents=True, exist_ok=True)
        read = [self._input(each, f"inputs[{i}]", self._folder / f"input-{i}") for i, each in enumerate(inputs)]
        return [picture for picture in read if picture is not None]

    def _input(self, value: object, path: str, target: Path) -> Picture | None:
        if not is_object(value, self._faults, path):
            return None
        refuse_unknown(value, ("image",), self._faults, path)
        if not require(value, "image", self._faults, path):
            return None
        image, path = value["image"], f"{path}.image"
        if not is_object(image, self._faults, path):
            return None
        refuse_unknown(image, ("source", *REGION_FIELDS), self._faults, path)
        region = parse_region(image, self._faults, path, text=self._text)
        url = self._source(image, f"{path}.source", target)
        return Picture(target, region, url) if region is not None else None

    def _source(self, image: Mapping[str, Any], path: str, target: Path) -> str | None:
        """Write the picture to `target`, or give the address to fetch it from."""
        if not require(image, "source", self._faults, path.removesuffix(".source")):
            return None
        source = image["source"]
        try:
            if isinstance(source, str) and source.lower().startswith(WEB):
                check_url(source)
                return source
            self._write(source, target)
            check_picture(target, self._settings.max_image_bytes, self._settings.max_image_pixels)
        except BadInput as error:
            self._faults.add(path, error.message)
        return None

    def _write(self, source: object, target: Path) -> None:
        if isinstance(source, FilePart):
            source.path.rename(target)
            cut_prefix(target)
        elif isinstance(source, str) and source.lower().startswith(DATA):
            write_base64(source, target)
        else:
            raise BadInput(
                "must be an address (http://, https://), a data address (data:image/<format>;base64,<base64>), or a file "
                f"part of a form, not {shown(source) if not isinstance(source, str) else repr(source[:20])}"
            )
