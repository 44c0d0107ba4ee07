import pytest

from embedding_explorer.errors import LimitExceeded
from embedding_explorer.images.limits import Limits, MiB, check_pixels

SMALL = Limits(max_bytes=10, max_entries=3, max_unpacked_bytes=100, max_ratio=5, max_pixels=50)

CHECKS = {
    "max_bytes": ("EXPLORER_MAX_UPLOAD_BYTES", lambda over: SMALL.check_bytes(10 + over)),
    "max_entries": ("EXPLORER_MAX_UPLOAD_ENTRIES", lambda over: SMALL.check_entries(3 + over)),
    "max_unpacked_bytes": ("EXPLORER_MAX_UNPACKED_BYTES", lambda over: SMALL.check_unpacked(100 + over)),
    "max_ratio": ("EXPLORER_MAX_COMPRESSION_RATIO", lambda over: SMALL.check_ratio("a", MiB, 5 * MiB + over)),
    "max_pixels": ("EXPLORER_MAX_IMAGE_PIXELS", lambda over: check_pixels(50, 50 + over, "It")),
}


@pytest.mark.parametrize("limit", CHECKS)
def test_what_is_over_a_limit_is_refused_by_the_limit_and_its_setting(limit: str) -> None:
    setting, check = CHECKS[limit]
    check(0)
    with pytest.raises(LimitExceeded) as caught:
        check(1)
    assert limit in caught.value.message
    assert setting in caught.value.message
    assert (caught.value.facts["limit"], caught.value.facts["setting"]) == (limit, setting)


def test_no_limit_refuses_nothing() -> None:
    limits = Limits(max_images=None, max_bytes=None, max_entries=None, max_unpacked_bytes=None, max_ratio=None)
    for check in (limits.check_bytes, limits.check_entries, limits.check_unpacked):
        check(1 << 60)
    limits.check_ratio("a", 1, 1 << 60)


def test_small_files_may_be_packed_to_any_ratio() -> None:
    SMALL.check_ratio("a", 1, MiB)
    with pytest.raises(LimitExceeded):
        SMALL.check_ratio("a", 0, MiB + 1)


def test_a_file_is_bounded_by_what_the_most_pixels_can_need() -> None:
    SMALL.check_file_bytes("a", 50 * 8 + MiB)
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_IMAGE_PIXELS"):
        SMALL.check_file_bytes("a", 50 * 8 + MiB + 1)
