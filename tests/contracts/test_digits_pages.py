"""The training API: shells of pages, useful without scripts (contract, 1.1, 1.5)."""

import re

import pytest

from tests.contracts.digits_api import UNKNOWN, Digits
from tests.servers import QuickServer

NEW = (
    ("/datasets/images/classification/new", "new-classification-dataset"),
    ("/datasets/generic/new/image-gradients", "new-generic-dataset"),
    ("/models/images/classification/new", "new-classification-model"),
    ("/models/images/generic/new", "new-generic-model"),
    ("/models/images/generic/new/image-gradients", "new-generic-model"),
)


@pytest.mark.parametrize(("path", "page"), NEW)
def test_a_new_page_needs_a_name_and_says_which_it_is(
    digits: Digits, digits_server: QuickServer, path: str, page: str, slopes: str
) -> None:
    shown = digits.get(f"{path}?clone={slopes}")
    assert shown.status_code == 200 and f'data-page="{page}"' in shown.text and f'data-clone="{slopes}"' in shown.text
    assert digits.get(f"{path}?clone={UNKNOWN}").status_code == 404
    nobody = Digits(digits_server, None)
    sent = nobody.get(f"{path}?clone=x")
    assert sent.status_code == 302
    assert sent.headers["Location"] == f"/login?next={path}%3Fclone%3Dx"
    assert nobody.get(path, headers={"Accept": "application/json"}).status_code == 401


def test_a_page_that_does_not_exist_is_404(digits: Digits) -> None:
    for path in ("/datasets/generic/new/nonsense", "/models/images/generic/new/nonsense", "/datasets/nonsense/new"):
        assert digits.get(path).status_code == 404
    assert digits.get("/models/images/generic/large_graph").status_code == 400


@pytest.mark.parametrize("path", ["/training", "/login", "/datasets/{dataset}", "/models/{model}", "/datasets/none"])
def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(
    digits: Digits, slopes: str, trained: str, path: str
) -> None:
    answer = digits.get(path.format(dataset=slopes, model=trained))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "form-action 'self'" in policy
    assert "unsafe" not in policy and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert '<link rel="stylesheet" href="/web/training/style.css">' in answer.text
    scripts = [
        '<script src="/web/ui/theme.js"></script>',
        '<script type="module" src="/web/training/main.js"></script>',
    ]
    assert re.findall("<script.*", answer.text) == scripts
    assert " style=" not in answer.text and " onclick" not in answer.text and "http://" not in answer.text
    assert answer.text.startswith("<!doctype html>") and answer.text.count("<h1>") == 1


def test_the_home_of_the_training_pages_lists_jobs(digits: Digits, slopes: str, trained: str) -> None:
    text = digits.get("/training").text
    assert 'data-page="home"' in text
    assert f'href="/datasets/{slopes}"' in text and f'href="/models/{trained}"' in text
    assert 'href="/datasets/images/classification/new"' in text


def test_the_page_of_a_job_names_it_its_id_and_status(digits: Digits, slopes: str, trained: str) -> None:
    for path, page, id, name in ((f"/datasets/{slopes}", "dataset", slopes, "Slopes"),
                                 (f"/models/{trained}", "model", trained, "Tiny")):  # fmt: skip
        text = digits.get(path).text
        assert f'<main id="app" data-page="{page}" data-job="{id}">' in text
        assert f"<h1>{name}</h1>" in text and f"<dd>{id}</dd>" in text and "<dd>Done</dd>" in text
    assert f'href="/datasets/{slopes}"' in text


def test_names_are_escaped_wherever_they_are_shown(digits: Digits, slopes: str) -> None:
    evil = "\"><script>alert(1)</script>'"
    id = digits.gradients(dataset_name=evil, group_name=evil, train_image_count="2", val_image_count="0")
    digits.done(id)
    digits.call("PUT", f"/jobs/{id}", data={"job_notes": evil})
    for path in (
        f"/datasets/{id}",
        "/training",
        f"/datasets/summary?job_id={id}",
        f"/datasets/generic/explore?job_id={id}",
        f"/datasets/generic/new/image-gradients?clone={id}",
    ):
        text = digits.get(path).text
        assert "<script>alert" not in text and '"><script' not in text, path
    assert "<script>" not in digits.get("/login", params={"next": f"/{evil}"}).text
    assert "<script>" not in digits.get(f"/datasets/{evil}").text
    assert digits.call("DELETE", f"/datasets/{id}").status_code == 200


def test_the_login_page_is_a_form_that_works_without_scripts(digits_server: QuickServer) -> None:
    nobody = Digits(digits_server, None)
    text = nobody.get("/login?next=/training").text
    assert '<form method="post" action="/login">' in text and 'name="username"' in text
    assert '<input type="hidden" name="next" value="/training">' in text
    assert 'value=""' in nobody.get("/login?next=//evil.example").text
    nobody.post("/login", {"username": "zoe", "next": "/training"})
    assert nobody.get("/datasets/images/classification/new").status_code == 200


def test_explore_and_large_graphs_have_pages(digits: Digits, coloured: str, slopes: str, trained: str) -> None:
    text = digits.get(f"/datasets/images/classification/explore?job_id={coloured}").text
    assert 'data-page="explore-classification"' in text and f'data-job="{coloured}"' in text
    assert 'data-page="explore-generic"' in digits.get(f"/datasets/generic/explore?job_id={slopes}").text
    for kind in ("classification", "generic"):
        text = digits.get(f"/models/images/{kind}/large_graph?job_id={trained}").text
        assert 'data-page="large-graph"' in text and f'data-job="{trained}"' in text
    assert digits.get(f"/models/images/generic/large_graph?job_id={slopes}").status_code == 400
