"""Models that stand in the description of nearly every route."""

from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import BaseModel


class SharedModel(BaseModel):
    """A model whose JSON schema is made once: for each route anew, it would be a tenth of the server's start."""

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """See pydantic; the caller may change what it gets."""
        return deepcopy(cls._schema(*args, **options))

    @classmethod
    @cache
    def _schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        return super().model_json_schema(*args, **options)
