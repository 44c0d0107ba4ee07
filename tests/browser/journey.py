"""What a person does on the page, each step a function: used with small generated pictures and with real photographs."""

import base64
import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from playwright.sync_api import Download, Page, expect

from tests.browser.camera import decode, inside, near_edge, pixels
from tests.browser.pages import on_page, project, settled, stats, until
from tests.servers import Server

Polygon = list[tuple[float, float]]
# Dispatches what the browser does when a file is dropped on the page; Playwright itself cannot drop files.
DROP = """([name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
  }
}"""


def choose_archive(page: Page, archive: Path, button: str) -> None:
    """Give the page a ZIP through its file chooser; the form for its options opens."""
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id(button).click()
    chooser.value.set_files(archive)
    expect(page.get_by_test_id("upload-form")).to_contain_text(archive.name)


def drop(page: Page, name: str, kind: str, data: bytes) -> None:
    """Drop a file on the page."""
    page.evaluate(DROP, [name, kind, base64.b64encode(data).decode()])


def wait_for_map(page: Page, total: int) -> None:
    """Until all images of the new dataset are drawn."""
    expect(page.get_by_test_id("work-done")).to_contain_text(f"{total:,} images")
    until(lambda: stats(page)["total"] == total, "the new map")
    settled(page)
    assert stats(page)["drawn"] == total


def visible_row(page: Page) -> int:
    """A row clear of the canvas's edges, and of what lies over them, that is drawn before all others at its place."""
    found = page.evaluate("""() => {
      const { view } = window.explorer, { width, height } = document.getElementById("map").getBoundingClientRect();
      return [...view.visibleRows()].find((row) => {
        const { x, y } = view.project(row);
        const middle = Math.abs(x / width - 0.5) < 0.4 && Math.abs(y / height - 0.5) < 0.33;
        return middle && view.nearest(x, y, 4)?.row === row;
      }) ?? -1;
    }""")
    assert found >= 0, "no image lies free in the middle of the window"
    return found


def point_at(page: Page, row: int) -> None:
    """Move the pointer to where a row is drawn."""
    spot = project(page, row)
    page.mouse.move(*on_page(page, spot["x"], spot["y"]))


def hover_names(page: Page, row: int, file: str) -> None:
    """Pointing at an image shows a card with its file name."""
    point_at(page, row)
    expect(page.get_by_test_id("hover-card")).to_contain_text(file)


def click_opens(page: Page, row: int, file: str) -> None:
    """A click on an image opens it."""
    spot = project(page, row)
    page.mouse.click(*on_page(page, spot["x"], spot["y"]))
    expect(page.get_by_test_id("detail-file")).to_have_text(file)
    until(lambda: page.get_by_test_id("detail-picture").evaluate("(image) => image.naturalWidth"), "the picture")


def neighbours(page: Page) -> list[int]:
    """Rows of the images that the detail lists as most like it."""
    buttons = page.get_by_test_id("neighbors").locator("button.picture")
    expect(buttons.first).to_be_visible()
    return buttons.evaluate_all("(nodes) => nodes.map((node) => Number(node.dataset.row))")


def lasso(page: Page, row: int) -> Polygon:
    """Draw a lasso, a crooked one, around an image and what lies beside it; its corners in CSS pixels of the canvas."""
    spot = project(page, row)
    shape = [(-130, -100), (120, -120), (70, -10), (130, 90), (-80, 95), (-45, 5)]
    polygon = [(float(round(spot["x"] + x)), float(round(spot["y"] + y))) for x, y in shape]
    page.get_by_test_id("tool-lasso").click()
    page.mouse.move(*on_page(page, *polygon[0]))
    page.mouse.down()
    for corner in [*polygon[1:], polygon[0]]:
        page.mouse.move(*on_page(page, *corner), steps=12)
    page.mouse.up()
    page.get_by_test_id("tool-orbit").click()
    return polygon


def rows_in(page: Page, server: Server, polygon: Polygon) -> tuple[set[int], set[int]]:
    """Rows that must be in the selection, and those on its border that may be."""
    reducer = page.locator('[data-testid^="reduction-"][aria-checked="true"]').get_attribute("data-value")
    dataset = page.evaluate("new URLSearchParams(location.search).get('dataset') ?? 'main'")
    points, box = decode(server.get(f"/maps/{dataset}/positions/{reducer}?type=f32").content)
    area = page.locator("#map").bounding_box()
    assert area is not None
    spots, _ = pixels(points, box, page.evaluate("window.explorer.view.camera"), area["width"], area["height"])
    border = near_edge(spots, polygon, 1.5)
    return set(np.flatnonzero(inside(spots, polygon) & ~border)), set(np.flatnonzero(border))


def selected(page: Page) -> int:
    """The number that the page says is selected."""
    words = page.get_by_test_id("selection-count").inner_text()
    digits = "".join(c for c in words if c.isdigit())
    return int(digits) if digits else 0


def export(page: Page, kind: str) -> Download:
    """The selection as a file."""
    page.get_by_test_id("export").click()
    with page.expect_download() as started:
        page.get_by_test_id(f"export-{kind}").click()
    return started.value


def exported_files(page: Page) -> dict[str, list[str]]:
    """File names in the CSV, the Parquet table and the ZIP of the selection, in row order."""
    table = csv.DictReader(io.StringIO(Path(export(page, "csv").path()).read_text()))
    parquet = pq.read_table(export(page, "parquet").path())
    with zipfile.ZipFile(export(page, "zip").path()) as archive:
        inner = [Path(name).name for name in archive.namelist() if Path(name).parts[0] in ("images", "pictures")]
    return {"csv": [row["file"] for row in table], "parquet": parquet["file"].to_pylist(), "zip": inner}


def colour_by(page: Page, column: str) -> list[str]:
    """Choose what gives the colours; the names in the legend."""
    page.get_by_test_id("colour-by").select_option(column)
    expect(page.get_by_test_id("legend-class").first).to_be_visible()
    return page.get_by_test_id("legend-class").all_inner_texts()


def find_clusters(page: Page) -> int:
    """Ask for clusters; how many the legend names."""
    page.get_by_test_id("colour-by").select_option("find-clusters")
    page.get_by_test_id("clusters-find").click()
    expect(page.get_by_test_id("colour-by")).to_have_value("cluster")
    return page.get_by_test_id("legend-class").count()


def search_name(page: Page, text: str) -> list[int]:
    """Rows that a search by file name lists."""
    page.get_by_test_id("search").fill(text)
    return results(page)


def search_picture(page: Page, name: str, data: bytes) -> list[int]:
    """Rows that are most like a dropped picture."""
    drop(page, name, "image/png", data)
    expect(page.get_by_label("Search results", exact=True).first).to_contain_text(f"Most like {name}")
    return results(page)


def results(page: Page) -> list[int]:
    """Rows in the list of results."""
    buttons = page.get_by_test_id("search-results").locator("button.picture")
    expect(buttons.first).to_be_visible()
    return buttons.evaluate_all("(nodes) => nodes.map((node) => Number(node.dataset.row))")


def watch_stages(page: Page, seen: set[str], total: int) -> None:
    """Follow a job's stages to its end; what was shown as current or done goes into `seen`."""

    def look() -> bool:
        script = "nodes => nodes.map(n => n.dataset.stage)"
        seen.update(page.locator('[data-testid="job-stage"] li:not(.waiting)').evaluate_all(script))
        return page.get_by_test_id("work-done").is_visible()

    until(look, f"a map of {total} images", 240)


def files_of(server: Server, dataset: str) -> list[str]:
    """The dataset's files in row order."""
    return [row["file"] for row in csv.DictReader(io.StringIO(server.get(f"/dataset/{dataset}/export.csv").text))]
