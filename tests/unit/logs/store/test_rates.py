import pytest

from watchkeeper.logs.store.rates import SECOND_NS, TokenBucket, format_bytes


def test_a_bucket_lets_its_burst_through_and_then_its_rate():
    bucket = TokenBucket(10, 30, 0)
    assert bucket.allow(30, 0)
    assert not bucket.allow(1, 0)
    assert not bucket.allow(11, SECOND_NS)
    assert bucket.allow(10, SECOND_NS)
    assert bucket.allow(30, 100 * SECOND_NS)
    assert not bucket.allow(1, 100 * SECOND_NS)


def test_what_is_larger_than_the_burst_never_passes_and_takes_nothing():
    bucket = TokenBucket(10, 30, 0)
    assert not bucket.allow(31, 1000 * SECOND_NS)
    assert bucket.allow(30, 1000 * SECOND_NS)


def test_a_clock_that_is_set_back_fills_nothing_and_stops_nothing():
    bucket = TokenBucket(10, 10, 100 * SECOND_NS)
    assert bucket.allow(10, 100 * SECOND_NS)
    assert not bucket.allow(10, 10 * SECOND_NS)
    assert bucket.allow(10, 11 * SECOND_NS)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (17, "17B"), (1024, "1KB"), (1536, "1.5KB"), (3 << 20, "3MB"), (3_200_000, "3.1MB"), (1 << 40, "1TB")],
)  # fmt: skip
def test_sizes_are_written_with_at_most_one_digit_behind_the_point(size, text):
    assert format_bytes(size) == text
