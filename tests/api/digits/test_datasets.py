"""Datasets, without a server."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from embedding_explorer.api.digits import datasets
from embedding_explorer.jobs.training.records import JobType
from embedding_explorer.settings import Settings


def test_the_page_of_a_set_reads_no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("images were read")

    monkeypatch.setattr(datasets, "explore", refuse)
    monkeypatch.setattr(datasets, "count_shown", lambda dataset, db, label: 100 * label + len(db))
    job = SimpleNamespace(id="1", name="shades", family="dataset", type=JobType.CLASSIFICATION_DATASET)
    service = SimpleNamespace(get=lambda _: job, dataset=lambda _: None)
    runtime: Any = SimpleNamespace(settings=Settings(), training=service)
    with Flask("test").test_request_context("/?job_id=1&label=7&size=500", headers={"Accept": "text/html"}):
        text = datasets.Datasets(runtime).explore_classes().get_data(as_text=True)
    assert "705" in text
