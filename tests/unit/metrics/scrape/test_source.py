"""What one scrape leaves in the store, and what is said of it."""

from __future__ import annotations

from tests.unit.metrics.scrape.harness import OPENMETRICS, START_S, Scraped, gzipped
from tests.unit.metrics.scrape.memory_store import STALE
from watchkeeper.core.model.errors import TargetError
from watchkeeper.core.relabel import RelabelConfig

START_MS = round(START_S * 1000)


async def test_a_scrape_is_stored_with_its_report():
    scraped = await Scraped.begin()
    await scraped('a{x="1"} 1\na{x="2"} 2\n', 'a{x="1"} 3\na{x="2"} 4\n')
    assert scraped.values("a", x="1", job="test", instance="a:1") == [1, 3]
    assert scraped.values("a", x="2") == [2, 4]
    assert scraped.values("up") == [1, 1]
    assert scraped.values("scrape_samples_scraped") == [2, 2]
    assert scraped.values("scrape_samples_post_metric_relabeling") == [2, 2]
    assert scraped.values("scrape_series_added") == [2, 0]
    assert len(scraped.values("scrape_duration_seconds")) == 2
    assert "scrape_body_size_bytes" not in scraped.store.names()
    assert (scraped.target.health, scraped.target.last_error) == ("up", "")
    assert scraped.target.last_scrape_s == scraped.now_s


async def test_extra_metrics():
    scraped = await Scraped.begin(extra_scrape_metrics=True, sample_limit=7, body_size_limit_bytes=40)
    await scraped("a 1\n", "a 1\n" * 20)
    assert scraped.values("scrape_timeout_seconds") == [5, 5]
    assert scraped.values("scrape_sample_limit") == [7, 7]
    assert scraped.values("scrape_body_size_bytes") == [4, -1]


async def test_a_series_that_is_gone_gets_one_marker():
    scraped = await Scraped.begin()
    await scraped("a 1\nb 2\nc 3\n", "a 1\nc 3\n", "a 1\nc 3\n", "c 3\nb 5\na 1\n")
    assert scraped.values("b") == [2, STALE, 5]
    assert scraped.values("a") == [1, 1, 1, 1]
    assert scraped.values("scrape_series_added") == [3, 0, 0, 1]


async def test_a_failed_scrape_ends_all_series_and_is_reported():
    scraped = await Scraped.begin()
    await scraped("a 1\nb 2\n", TargetError("context deadline exceeded"), TargetError("x"), "a 1\nb 2\n")
    assert scraped.values("a") == [1, STALE, 1]
    assert scraped.values("b") == [2, STALE, 2]
    assert scraped.values("up") == [1, 0, 0, 1]
    assert scraped.values("scrape_samples_scraped") == [2, 0, 0, 2]
    # The failures in between do not make the series new.
    assert scraped.values("scrape_series_added") == [2, 0, 0, 0]
    assert scraped.target.health == "up"


async def test_the_last_error_is_shown():
    scraped = await Scraped.begin()
    await scraped(TargetError("server returned HTTP status 404 Not Found"))
    assert (scraped.target.health, scraped.target.last_error) == ("down", "server returned HTTP status 404 Not Found")


async def test_a_body_that_does_not_parse_fails_the_scrape():
    scraped = await Scraped.begin()
    await scraped("a 1\n", "a 1\nb{ 2\n", "a 2\n")
    assert scraped.values("a") == [1, STALE, 2]
    assert scraped.values("up") == [1, 0, 1]


async def test_an_unknown_content_type_fails_the_scrape_unless_there_is_a_fallback():
    scraped = await Scraped.begin()
    await scraped("a 1\n", content_type="text/html")
    assert scraped.target.last_error == (
        'received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target'
    )
    await scraped("a 1\n", content_type="")
    assert scraped.target.last_error.startswith("non-compliant scrape target sending blank Content-Type")
    scraped = await Scraped.begin(fallback_scrape_protocol="PrometheusText0.0.4")
    await scraped("a 1\n", content_type="text/html")
    assert scraped.values("up") == [1]


async def test_gzip_and_what_is_wrong_with_it():
    scraped = await Scraped.begin()
    good = gzipped("a 1\n")
    await scraped(good)
    assert scraped.values("a") == [1]
    broken = [good.body[:-9], b"PK" + good.body, good.body[:12] + b"\xff\xff" + good.body[14:]]
    for body in broken:
        await scraped(type(good)(good.content_type, "gzip", body))
        assert scraped.target.health == "down"
        assert scraped.target.last_error
    await scraped(type(good)(good.content_type, "br", good.body))
    assert scraped.target.last_error == 'unsupported Content-Encoding "br"'


async def test_honor_labels_off_renames_exposed_labels():
    scraped = await Scraped.begin(labels={"env": "prod", "exported_env": "target"})
    await scraped('a{job="x",env="y",instance=""} 1\n')
    [labels] = [labels for labels in scraped.store.samples if labels.name == "a"]
    assert labels.as_dict() == {
        "__name__": "a",
        "exported_job": "x",
        "job": "test",
        "env": "prod",
        "exported_env": "target",
        "exported_exported_env": "y",
        "instance": "a:1",
    }


async def test_honor_labels_on_keeps_exposed_labels_even_empty_ones():
    scraped = await Scraped.begin(labels={"env": "prod"}, honor_labels=True)
    await scraped('a{job="x",instance=""} 1\n')
    [labels] = [labels for labels in scraped.store.samples if labels.name == "a"]
    assert labels.as_dict() == {"__name__": "a", "job": "x", "env": "prod"}


async def test_metric_relabelling_drops_and_renames():
    rules = (
        RelabelConfig(source_labels=("__name__",), regex="drop_.*", action="drop"),
        RelabelConfig(source_labels=("x",), target_label="y"),
    )
    scraped = await Scraped.begin(metric_relabel_configs=rules)
    body = 'drop_1 1\na{x="1"} 1\ndrop_2 2\nb 2\n'
    await scraped(body, body)
    assert scraped.values("a", y="1") == [1, 1]
    assert scraped.values("b") == [2, 2]
    assert not {"drop_1", "drop_2"} & scraped.store.names()
    assert scraped.values("scrape_samples_scraped") == [4, 4]
    assert scraped.values("scrape_samples_post_metric_relabeling") == [2, 2]
    assert scraped.values("scrape_series_added") == [2, 0]


async def test_of_series_that_relabelling_makes_one_the_first_counts():
    scraped = await Scraped.begin(metric_relabel_configs=(RelabelConfig(regex="x", action="labeldrop"),))
    await scraped('a{x="1"} 1\na{x="2"} 1\na{x="3"} 7\n', 'a{x="2"} 2\na{x="3"} 2\n', 'a{x="3"} 4\na{x="1"} 5\n')
    assert scraped.values("a") == [1, 2, 4]
    assert scraped.values("up") == [1, 1, 1]
    assert scraped.counter("prometheus_target_scrapes_sample_duplicate_timestamp_total") == 2


async def test_a_series_twice_is_counted_and_the_scrape_goes_on():
    scraped = await Scraped.begin()
    await scraped("a 1\na 2\nb 1\n")
    assert scraped.values("a") == [1]
    assert scraped.values("up") == [1]
    assert scraped.values("scrape_samples_scraped") == [3]
    assert scraped.counter("prometheus_target_scrapes_sample_duplicate_timestamp_total") == 1


async def test_a_label_twice_fails_the_scrape():
    scraped = await Scraped.begin()
    await scraped('a 1\nb{le="1",le="2"} 1\n', 'a 1\nb{le="1",le="2"} 1\n', "a 1\n")
    assert scraped.values("up") == [0, 0, 1]
    assert scraped.values("a") == [1]


async def test_relabelling_that_takes_the_name_fails_the_scrape():
    scraped = await Scraped.begin(metric_relabel_configs=(RelabelConfig(regex="__name__", action="labeldrop"),))
    await scraped("a 1\n")
    assert scraped.target.last_error == "missing metric name (__name__ label)"


async def test_sample_limit_refuses_the_whole_scrape():
    scraped = await Scraped.begin(sample_limit=2)
    await scraped("a 1\nb 1\n", "a 1\nb 1\nc 1\n", "a 1\nb 1\nc 1\n", "a 2\nb 2\n")
    assert scraped.values("a") == [1, STALE, 2]
    assert scraped.values("up") == [1, 0, 0, 1]
    assert "c" not in scraped.store.names()
    assert scraped.counter("prometheus_target_scrapes_exceeded_sample_limit_total") == 2


async def test_sample_limit_counts_what_relabelling_leaves():
    rules = (RelabelConfig(source_labels=("__name__",), regex="drop.*", action="drop"),)
    scraped = await Scraped.begin(sample_limit=2, metric_relabel_configs=rules)
    await scraped("a 1\nb 1\ndrop1 1\ndrop2 1\n", "a 1\nb 1\nc 1\ndrop1 1\n", "a 1\nc 1\n")
    assert scraped.values("up") == [1, 0, 1]
    assert scraped.target.last_error == ""
    assert scraped.values("a") == [1, STALE, 1]
    assert scraped.values("c") == [1]


async def test_body_size_limit():
    scraped = await Scraped.begin(body_size_limit_bytes=8)
    await scraped("a 1\n", "a 1\nb 1\n", gzipped("a 1\nb 1\nc 1\n"))
    assert scraped.values("up") == [1, 0, 0]
    assert scraped.target.last_error == "body size limit exceeded"
    assert scraped.counter("prometheus_target_scrapes_exceeded_body_size_limit_total") == 2


async def test_label_limits_refuse_the_whole_scrape():
    cases = [
        (
            {"label_limit": 4},
            'abc{x="1",y="2"} 1\n',
            "label_limit exceeded (metric: abc, number of labels: 5, limit: 4)",
        ),
        (
            {"label_name_length_limit": 9},
            'abc{longer_name="1"} 1\n',
            "label_name_length_limit exceeded (metric: abc, label name: longer_name, length: 11, limit: 9)",
        ),
        (
            {"label_value_length_limit": 5},
            'abc{x="123456"} 1\n',
            'label_value_length_limit exceeded (metric: abc, label name: x, value: "123456", length: 6, limit: 5)',
        ),
    ]
    for settings, body, error in cases:
        scraped = await Scraped.begin(**settings)
        await scraped("abc 1\n", body, body, "abc 1\n")
        assert scraped.values("up") == [1, 0, 0, 1], settings
        assert scraped.values("abc") == [1, STALE, 1]
        await scraped(body)
        assert scraped.target.last_error == error
        assert scraped.counter("prometheus_target_scrape_pool_exceeded_label_limits_total") == 3


async def test_own_times_are_honoured_and_get_no_markers():
    scraped = await Scraped.begin()
    first_ms, second_ms = START_MS + 1000, START_MS + 11_000
    await scraped(f"a 1 {first_ms}\nb 1\n", f"a 2 {second_ms}\nb 1\n", "b 1\n")
    [samples] = [samples for labels, samples in scraped.store.samples.items() if labels.name == "a"]
    assert samples == [(first_ms, 1), (second_ms, 2)]
    assert scraped.values("b") == [1, 1, 1]
    assert scraped.values("scrape_series_added") == [2, 0, 0]
    assert scraped.values("scrape_samples_post_metric_relabeling") == [2, 2, 1]
    assert len(scraped.store.batches) == 2


async def test_own_times_tracked_get_markers():
    scraped = await Scraped.begin(track_timestamps_staleness=True)
    await scraped(f"a 1 {START_MS + 1000}\n", "b 1\n", "b 1\n")
    [samples] = [samples for labels, samples in scraped.store.samples.items() if labels.name == "a"]
    assert samples == [(START_MS + 1000, 1), (START_MS + 20_000, STALE)]


async def test_own_times_tracked_end_with_a_failed_scrape():
    scraped = await Scraped.begin(track_timestamps_staleness=True)
    await scraped(f"a 1 {START_MS + 1000}\n", TargetError("no"), TargetError("no"))
    assert scraped.values("a") == [1, STALE]


async def test_own_times_not_honoured():
    scraped = await Scraped.begin(honor_timestamps=False)
    await scraped(f"a 1 {START_MS + 1}\na 2 {START_MS + 2}\n", "b 1\n")
    [samples] = [samples for labels, samples in scraped.store.samples.items() if labels.name == "a"]
    assert samples == [(START_MS + 10_000, 1), (START_MS + 20_000, STALE)]


async def test_samples_out_of_order_or_far_ahead_are_dropped_and_counted():
    scraped = await Scraped.begin()
    late_ms = START_MS + 10_000 + 600_001
    await scraped(
        f"a 1 {START_MS + 5}\nahead 1 {late_ms}\nb 1\n", f"a 2 {START_MS + 4}\nb 1\n", f"a 9 {START_MS + 5}\n"
    )
    assert scraped.values("a") == [1]
    assert "ahead" not in scraped.store.names()
    assert scraped.values("up") == [1, 1, 1]
    assert scraped.counter("prometheus_target_scrapes_sample_out_of_bounds_total") == 1
    assert scraped.counter("prometheus_target_scrapes_sample_out_of_order_total") == 1
    assert scraped.counter("prometheus_target_scrapes_sample_duplicate_timestamp_total") == 1


async def test_a_row_that_the_store_refuses_is_counted():
    scraped = await Scraped.begin()
    await scraped("a 1\nb 1\n")
    scraped.now_s -= 20
    await scraped("a 2\nb 2\n")
    assert scraped.values("a") == [1]
    assert scraped.counter("prometheus_target_scrapes_sample_out_of_order_total") == 2
    assert scraped.target.health == "up"


async def test_a_store_that_fails_costs_the_scrape_only():
    scraped = await Scraped.begin()
    await scraped("a 1\nb 1\n")
    scraped.store.error = OSError(28, "No space left on device")
    await scraped("a 2\n")
    scraped.store.error = None
    await scraped("a 3\n")
    assert scraped.values("a") == [1, 3]
    assert scraped.values("b") == [1, STALE]


async def test_series_that_move_between_the_row_and_own_times():
    scraped = await Scraped.begin()
    await scraped("a 1\nb 1\n", f"a 2 {START_MS + 19_000}\nb 1\n", "a 3\nb 1\n", f"a 4 {START_MS + 39_000}\nb 1\n")
    assert scraped.values("b") == [1, 1, 1, 1]
    [samples] = [samples for labels, samples in scraped.store.samples.items() if labels.name == "a"]
    # With its own time the series is gone from the row: its marker there is newer than the sample itself.
    assert (START_MS + 10_000, 1) in samples
    assert (START_MS + 30_000, 3) in samples
    assert scraped.values("up") == [1, 1, 1, 1]


async def test_exemplars_come_with_the_time_of_the_scrape_or_their_own():
    scraped = await Scraped.begin()
    body = '# TYPE a counter\na_total 1 # {trace_id="x"} 0.5\nb_total 1 # {trace_id="y"} 0.5 1600000000\n# EOF\n'
    await scraped(body.replace(' # {trace_id="x"} 0.5', ""), body, content_type=OPENMETRICS)
    found = {labels.name: exemplar for labels, exemplar in scraped.store.exemplars}
    assert found["a_total"].time_ms == START_MS + 20_000
    assert found["b_total"].time_ms == 1_600_000_000_000
    assert scraped.values("a_total") == [1, 1]
    assert scraped.values("scrape_series_added") == [2, 0]


async def test_a_change_of_format_starts_afresh_without_losing_series():
    scraped = await Scraped.begin()
    await scraped("a 1\nb 1\n")
    await scraped("b 2\nc 2\n# EOF\n", content_type=OPENMETRICS)
    assert scraped.values("a") == [1, STALE]
    assert scraped.values("b") == [1, 2]
    assert scraped.values("scrape_series_added") == [2, 1]


async def test_a_store_that_renumbers_its_columns():
    scraped = await Scraped.begin()
    await scraped("a 1\nb 1\nc 1\n", "a 2\nb 2\nc 2\n")
    scraped.store.writers[0].renumber()
    await scraped("a 3\nc 3\n", "a 4\nc 4\n")
    assert scraped.values("a") == [1, 2, 3, 4]
    assert scraped.values("c") == [1, 2, 3, 4]
    assert scraped.values("b") == [1, 2, STALE]
    assert scraped.values("up") == [1, 1, 1, 1]
    assert scraped.values("scrape_series_added") == [3, 0, 0, 0]


async def test_series_that_come_and_go_do_not_pile_up():
    scraped = await Scraped.begin()
    for i in range(12):
        await scraped("".join(f'a{{i="{j}"}} 1\n' for j in range(i * 300, i * 300 + 300)) + "steady 1\n")
    source = scraped.loop._source
    assert source is not None
    assert source._cache.n_series < 2500
    assert scraped.values("steady") == [1] * 12
    assert scraped.values("a", i="5") == [1, STALE]
    assert scraped.values("a", i="3599") == [1]


async def test_metadata_is_kept_and_shared():
    scraped = await Scraped.begin()
    await scraped("# HELP a What a is.\n# TYPE a counter\na 1\n", "# HELP a What a is.\n# TYPE a counter\na 2\n")
    metadata = scraped.target.families["a"]
    assert (metadata.type, metadata.help) == ("counter", "What a is.")
    text = scraped.registry.exposition().decode()
    assert 'prometheus_target_metadata_cache_entries{scrape_job="test"} 1' in text
    assert 'prometheus_target_metadata_cache_bytes{scrape_job="test"} 18' in text


async def test_start_times_become_zeros_where_that_is_wanted():
    scraped = await Scraped.begin(inject_created=True)
    body = "# TYPE a counter\na_total 5\na_created {}\n# EOF\n"
    await scraped(
        body.format(START_S + 1), body.format(START_S + 1), body.format(START_S + 25), content_type=OPENMETRICS
    )
    [samples] = [samples for labels, samples in scraped.store.samples.items() if labels.name == "a_total"]
    assert samples == [
        (START_MS + 1000, 0),
        (START_MS + 10_000, 5),
        (START_MS + 20_000, 5),
        (START_MS + 25_000, 0),
        (START_MS + 30_000, 5),
    ]


async def test_a_scraped_nan_is_a_value():
    scraped = await Scraped.begin()
    await scraped("a NaN\n", "a NaN\n")
    assert scraped.values("a") == ["nan", "nan"]


async def test_large_bodies_are_read_in_a_thread():
    scraped = await Scraped.begin()
    body = "".join(f'series_with_a_long_name_to_fill_the_body{{i="{i}"}} {i}\n' for i in range(25_000))
    assert len(body) > 1 << 20
    await scraped(body, body)
    assert scraped.values("up") == [1, 1]
    assert scraped.values("series_with_a_long_name_to_fill_the_body", i="77") == [77, 77]
