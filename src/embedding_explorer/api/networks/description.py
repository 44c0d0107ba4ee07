"""What the OpenAPI description cannot learn from models, because this API reads bodies and queries by rules of its own."""

from typing import Any

from embedding_explorer.api.networks.credentials import HEADER
from embedding_explorer.api.networks.pages import DEFAULT, MOST
from embedding_explorer.networks.preprocessing import fields as preprocessing
from embedding_explorer.networks.registered.values import MAX_NAME

Schema = dict[str, Any]
PREFIX = "/v0.7"
FORM, JSON = "multipart/form-data", "application/json"
TEXT: Schema = {"type": "string"}
FREE: Schema = {"type": "object", "additionalProperties": True}
FILE: Schema = {"type": "string", "format": "binary"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}


def choice(values: tuple[str, ...]) -> Schema:
    """One of some texts."""
    return {"type": "string", "enum": list(values)}


def shape(properties: dict[str, Schema], *required: str, **more: Any) -> Schema:
    """An object."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


IMAGE = shape(
    {
        "dimension_order": choice(preprocessing.DIMENSION_ORDERS),
        "resize_type": choice(preprocessing.RESIZE_TYPES),
        "target_size": {"type": ["string", "integer"], "description": "`WxH` or `N`, in pixels."},
        "color_channels": choice(preprocessing.COLOR_CHANNELS),
        "pixel_scaling": {"type": "number", "exclusiveMinimum": 0, "default": 255.0},
        "mean_file": {"type": ["string", "null"], "description": "Name of a file that comes along."},
        "data_type": choice(preprocessing.DATA_TYPES) | {"default": "FLOAT32"},
        "std_file": {"type": ["string", "null"]},
    },
    *("dimension_order", "resize_type", "target_size", "color_channels"),
)
INPUT = shape({"tensor_name": TEXT, "image": IMAGE}, "tensor_name", "image")
PREPROCESSING = shape(
    {
        "inputs": {"type": "array", "items": INPUT, "minItems": 1, "maxItems": preprocessing.MAX_INPUTS},
        "batched_output": {"type": "boolean", "default": True},
    },
    "inputs",
)
MUTABLE: dict[str, Schema] = {
    "name": TEXT | {"minLength": 1, "maxLength": MAX_NAME},
    "description": TEXT,
    "metadata": FREE,
}
CREATE = shape(
    {
        **MUTABLE,
        "framework": TEXT,
        "preprocessing": PREPROCESSING,
        "postprocessings": {"type": "array", "items": FREE},
    },
    *("name", "framework", "preprocessing"),
    additionalProperties=FILE,
    description="Every other part is a file, stored under the name of its part. Objects come as JSON in one part, or "
    "flattened to one part per leaf: `preprocessing.inputs[0]image.target_size`.",
)
BOX = shape({side: SHARE for side in ("xmin", "ymin", "xmax", "ymax")}, "xmin", "ymin", "xmax", "ymax")
GIVEN = shape(
    {
        "source": TEXT | {"description": "http(s)://…, data:image/…;base64,…, or in a form the bytes of the file."},
        "bbox": BOX,
        "polygon": {"type": "array", "minItems": 3, "items": shape({"x": SHARE, "y": SHARE}, "x", "y")},
        "crop_uniform_background": {"type": "boolean", "default": False},
    },
    "source",
)
INFERENCE = shape(
    {
        "inputs": {"type": "array", "minItems": 1, "items": shape({"image": GIVEN}, "image")},
        "output_tensors": {"type": "array", "minItems": 1, "items": TEXT, "description": "Absent: the final outputs."},
    },
    "inputs",
)
PAGE = (("offset", "integer", "Entries to leave out.", 0), ("limit", "integer", f"At most {MOST} entries.", DEFAULT))
IDS = "Ids, repeated, with commas, or as a JSON array."
# Address and method → schema of the body, and the types that it may have.
BODIES: dict[tuple[str, str], tuple[Schema, tuple[str, ...]]] = {
    ("/networks", "post"): (CREATE, (FORM,)),
    ("/networks/{id}", "patch"): (shape(MUTABLE), (JSON, FORM)),
    ("/networks/{id}", "put"): (shape(MUTABLE, "name"), (JSON, FORM)),
    ("/networks/{id}/inference", "post"): (INFERENCE, (JSON, FORM)),
    ("/networks/public/{slug}/inference", "post"): (INFERENCE, (JSON, FORM)),
}
LISTS = ("/networks", "/networks/public", "/networks/{id}/layers", "/networks/public/{slug}/layers", "/tasks")


def describe(document: dict[str, Any]) -> None:
    """Add bodies, queries and the key to the OpenAPI document."""
    paths = document["paths"]
    for (path, method), (schema, types) in BODIES.items():
        content = {kind: {"schema": schema} for kind in types}
        paths[PREFIX + path][method]["requestBody"] = {"required": True, "content": content}
    for path in LISTS:
        operation = paths[PREFIX + path]["get"]
        operation["parameters"] = [*(operation.get("parameters") or []), *(query(*row) for row in PAGE)]
    paths[f"{PREFIX}/tasks"]["get"]["parameters"] += [query("task_ids", "string", IDS, None)]
    key = {"type": "apiKey", "in": "header", "name": HEADER}
    components = document.setdefault("components", {})
    components["securitySchemes"] = (components.get("securitySchemes") or {}) | {HEADER: key}
    for path, operations in paths.items():
        if path.startswith(PREFIX):
            for operation in operations.values():
                operation["security"] = [{HEADER: []}, {}]


def query(name: str, kind: str, text: str, default: object) -> dict[str, Any]:
    """A parameter of a query."""
    schema = {"type": kind} if default is None else {"type": kind, "default": default}
    return {"name": name, "in": "query", "description": text, "schema": schema}
