"""Dashboards as people write them in Python: one by grafanalib, one by grafana-foundation-sdk, with most of what these
have. Their JSON is kept beside the tests of the pages' model, which must load it without a notice."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[2] / "ui" / "tests" / "core" / "model" / "libraries"
CLIENTS = Path(sys.prefix) / "clients"
PROMETHEUS = "Prometheus"
RATE = 'sum by (job) (rate(http_requests_total{job=~"$job"}[$__rate_interval]))'


def of_grafanalib() -> Any:
    """All panel kinds of it that Grafana 11 still has, and the old ones that it turns into newer."""
    import grafanalib.core as g
    from grafanalib._gen import DashboardEncoder

    def panel(kind: Any, at: int, **more: Any) -> Any:
        values = {"title": kind.__name__, "dataSource": PROMETHEUS, "targets": [g.Target(expr=RATE, refId="A")]}
        return kind(**{**values, "gridPos": g.GridPos(8, 12, 12 * (at % 2), 8 * (at // 2)), **more})

    table = [g.Target(expr="up", format="table", instant=True, refId="A")]
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (g.TimeSeries, {"unit": "reqps", "stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 20,
                        "legendDisplayMode": "table", "legendCalcs": ["mean", "lastNotNull"], "spanNulls": True,
                        "overrides": [{"matcher": {"id": "byName", "options": "api"},
                                       "properties": [{"id": "custom.lineWidth", "value": 3}]}]}),
        (g.Graph, {"lines": True, "stack": True, "fill": 2,
                   "yAxes": g.YAxes(g.YAxis(format="short", min=0), g.YAxis(format="short")),
                   "seriesOverrides": [g.SeriesOverride(alias="api", bars=True, lines=False, yaxis=2)]}),
        (g.SingleStat, {"format": "percentunit", "thresholds": "0.5,0.9", "colorValue": True,
                        "sparkline": g.SparkLine(show=True), "valueMaps": [g.ValueMap("=", "none", "null")]}),
        (g.Stat, {"format": "s", "reduceCalc": "lastNotNull", "colorMode": "background",
                  "thresholds": [g.Threshold("green", 0, 0.0), g.Threshold("red", 1, 5.0)],
                  "mappings": [g.StatValueMappings(g.StatValueMappingItem("down", "0", "red")),
                               g.StatRangeMappings("slow", 5, 100, "orange", 1)]}),
        (g.GaugePanel, {"format": "percent", "max": 100, "thresholds": [g.Threshold("green", 0, 0.0),
                                                                        g.Threshold("red", 1, 80.0)]}),
        (g.BarGauge, {"format": "bytes", "displayMode": "gradient", "orientation": "horizontal"}),
        (g.Table, {"targets": table, "filterable": True, "showHeader": True,
                   "transformations": [{"id": "organize", "options": {"excludeByName": {"Time": True}}}],
                   "overrides": [{"matcher": {"id": "byName", "options": "Value"},
                                  "properties": [{"id": "unit", "value": "bool_on_off"}]}]}),
        (g.Heatmap, {"dataFormat": "tsbuckets", "yAxis": g.YAxis(format="s"),
                     "targets": [g.Target(expr="sum by (le) (rate(x_bucket[5m]))", format="heatmap", refId="A")]}),
        (g.Histogram, {"bucketSize": 1, "combine": True}),
        (g.PieChartv2, {"pieType": "donut", "legendValues": ["percent"], "unit": "short"}),
        (g.BarChart, {"targets": table, "stacking": "normal"}),
        (g.StateTimeline, {"mergeValues": True, "rowHeight": 0.8}),
        (g.Logs, {"dataSource": "Loki", "targets": [g.Target(expr='{job="api"} |= "error"', refId="A")],
                  "showTime": True, "wrapLogMessages": True}),
        (g.Text, {"content": "# Notes", "mode": "markdown", "targets": []}),
        (g.DashboardList, {"searchQuery": "api", "showSearch": True, "targets": []}),
    ]  # fmt: skip
    panels = [panel(kind, at, **more) for at, (kind, more) in enumerate(kinds)]
    y = 8 * ((len(panels) + 1) // 2)
    inner = panel(g.TimeSeries, 0, title="In a row", gridPos=g.GridPos(8, 24, 0, y + 1), repeat=g.Repeat("h", "job", 4))
    row = g.RowPanel(title="Per job", collapsed=True, panels=[inner], gridPos=g.GridPos(1, 24, 0, y))
    alerts = g.AlertList(title="Alerts", gridPos=g.GridPos(8, 12, 0, y + 9))
    board = g.Dashboard(
        title="Written by grafanalib", uid="of-grafanalib", description="all of it", tags=["library", "api"],
        timezone="browser", refresh="10s", sharedCrosshair=True, time=g.Time("now-3h", "now"), editable=True,
        annotations=g.Annotations([{"name": "Deploys", "datasource": PROMETHEUS, "enable": True, "iconColor": "blue",
                                    "expr": "changes(build_info[1m]) > 0", "titleFormat": "deploy"}]),
        links=[g.DashboardLink(title="More", type="dashboards", tags=["api"], asDropdown=True)],
        templating=g.Templating([
            g.Template("datasource", "prometheus", type="datasource"),
            g.Template("job", "label_values(up, job)", dataSource=PROMETHEUS, multi=True, includeAll=True, sort=1,
                       refresh=2, regex="/(.*)/"),
            g.Template("step", "1m,5m,1h", type="interval", default="5m", auto=True),
            g.Template("env", "prod,dev", type="custom", default="prod"),
            g.Template("text", "", type="textbox", label="Search"),
            g.Template("zone", "eu", type="constant", hide=2),
        ]),
        panels=[*panels, row, alerts],
    ).auto_panel_ids()  # fmt: skip
    return json.loads(json.dumps(board.to_json_data(), cls=DashboardEncoder))


def of_foundation_sdk() -> Any:
    """All panel kinds of it that the pages have. Its folder must be on the path."""
    from grafana_foundation_sdk.builders import (
        barchart,
        bargauge,
        common,
        dashboardlist,
        gauge,
        heatmap,
        histogram,
        logs,
        loki,
        piechart,
        prometheus,
        stat,
        statetimeline,
        statushistory,
        table,
        text,
        timeseries,
    )
    from grafana_foundation_sdk.builders import dashboard as b
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common as c
    from grafana_foundation_sdk.models import dashboard as d
    from grafana_foundation_sdk.models import piechart as pie
    from grafana_foundation_sdk.models import prometheus as prom
    from grafana_foundation_sdk.models import text as words

    source = d.DataSourceRef("prometheus", "${datasource}")
    lines = d.DataSourceRef("loki", "loki")

    def rate() -> Any:
        return prometheus.Dataquery().expr(RATE).legend_format("{{job}}").range()

    def now(expr: str) -> Any:
        return prometheus.Dataquery().expr(expr).instant().format(prom.PromQueryFormat.TABLE)

    def legend() -> Any:
        made = common.VizLegendOptions().display_mode(c.LegendDisplayMode.TABLE).placement(c.LegendPlacement.RIGHT)
        return made.show_legend(True).calcs(["mean", "lastNotNull"]).sort_by("Mean").sort_desc(True)

    def tooltip() -> Any:
        return common.VizTooltipOptions().mode(c.TooltipDisplayMode.MULTI).sort(c.SortOrder.DESCENDING)

    def last() -> Any:
        return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)

    def thresholds() -> Any:
        steps = [d.Threshold(None, "green"), d.Threshold(0.8, "orange"), d.Threshold(0.9, "#ff0000")]
        return b.ThresholdsConfig().mode(d.ThresholdsMode.ABSOLUTE).steps(steps)

    mappings: list[Any] = [
        d.ValueMap({"0": d.ValueMappingResult("down", "red", index=0), "1": d.ValueMappingResult("up", "green")}),
        d.RangeMap(d.DashboardRangeMapOptions(2, 9, d.ValueMappingResult("some"))),
        d.RegexMap(d.DashboardRegexMapOptions("/^a(.*)/", d.ValueMappingResult("$1"))),
        d.SpecialValueMap(
            d.DashboardSpecialValueMapOptions(d.SpecialValueMatch.NULL_AND_NAN, d.ValueMappingResult("none"))
        ),
    ]
    panels: list[Any] = [
        timeseries.Panel().title("Requests").description("per *second*").unit("reqps").min(0).decimals(1)
        .draw_style(c.GraphDrawStyle.LINE).line_interpolation(c.LineInterpolation.SMOOTH).fill_opacity(20)
        .gradient_mode(c.GraphGradientMode.OPACITY).show_points(c.VisibilityMode.NEVER).span_nulls(True).legend(legend())
        .stacking(common.StackingConfig().mode(c.StackingMode.NORMAL).group("A")).tooltip(tooltip())
        .thresholds(thresholds()).axis_soft_max(10).axis_centered_zero(False)
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(c.GraphThresholdsStyleMode.LINE_AND_AREA))
        .color_scheme(b.FieldColor().mode(d.FieldColorModeId.PALETTE_CLASSIC))
        .data_links([b.DashboardLink("details").url("/d/x?var-job=${__field.labels.job}").target_blank(True)])
        .override_by_name("api", [d.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "blue"}),
                                  d.DynamicConfigValue("custom.transform", "negative-Y")])
        .override_by_regexp("/5../", [d.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})])
        .override_by_field_type("number", [d.DynamicConfigValue("decimals", 2)])
        .override_by_query("B", [d.DynamicConfigValue("custom.axisPlacement", "right")])
        .with_target(rate()).with_target(prometheus.Dataquery().expr("up").hide(True).interval("1m")).span(24),
        stat.Panel().title("Up").mappings(mappings).graph_mode(c.BigValueGraphMode.AREA).reduce_options(last())
        .color_mode(c.BigValueColorMode.BACKGROUND).text_mode(c.BigValueTextMode.VALUE_AND_NAME).no_value("-")
        .thresholds(thresholds()).show_percent_change(True).wide_layout(True).with_target(rate()),
        gauge.Panel().title("CPU").unit("percentunit").max(1).thresholds(thresholds()).reduce_options(last())
        .show_threshold_labels(True).show_threshold_markers(True).with_target(rate()),
        bargauge.Panel().title("Disks").unit("bytes").display_mode(c.BarGaugeDisplayMode.LCD)
        .value_mode(c.BarGaugeValueMode.COLOR).orientation(c.VizOrientation.HORIZONTAL).reduce_options(last())
        .name_placement(c.BarGaugeNamePlacement.LEFT).with_target(rate()),
        table.Panel().title("Targets").filterable(True).align(c.FieldTextAlignment.LEFT).show_header(True)
        .cell_height(c.TableCellHeight.SM).with_target(now("up")).with_target(now("scrape_duration_seconds"))
        .sort_by([common.TableSortByFieldState().display_name("Value #A").desc(True)])
        .footer(common.TableFooterOptions().show(True).reducer(["sum"]))
        .with_transformation(d.DataTransformerConfig("joinByField", options={"byField": "instance", "mode": "outer"}))
        .with_transformation(d.DataTransformerConfig("organize", options={
            "excludeByName": {"Time 1": True}, "renameByName": {"Value #A": "Up"}, "indexByName": {"instance": 0}}))
        .override_by_name("Up", [d.DynamicConfigValue("custom.cellOptions", {"type": "color-background"})]),
        heatmap.Panel().title("Latency").calculate(False).show_legend().unit("s").cell_gap(1)
        .color(heatmap.HeatmapColorOptions().scheme("Oranges").steps(64))
        .with_target(prometheus.Dataquery().expr("sum by (le) (rate(x_bucket[$__rate_interval]))")
                     .format(prom.PromQueryFormat.HEATMAP).legend_format("{{le}}").range()),
        histogram.Panel().title("Sizes").bucket_size(10).combine(True).legend(legend()).with_target(rate()),
        piechart.Panel().title("Shares").pie_type(pie.PieChartType.DONUT).reduce_options(last()).tooltip(tooltip())
        .legend(piechart.PieChartLegendOptions().values([pie.PieChartLegendValues.PERCENT]).show_legend(True)
                .display_mode(c.LegendDisplayMode.LIST).placement(c.LegendPlacement.BOTTOM)).with_target(rate()),
        barchart.Panel().title("Bars").x_field("job").stacking(c.StackingMode.NORMAL).legend(legend())
        .show_value(c.VisibilityMode.AUTO).with_target(now("sum by (job) (up)")),
        statetimeline.Panel().title("States").merge_values(True).row_height(0.9).mappings(mappings)
        .align_value(c.TimelineValueAlignment.CENTER).with_target(rate()),
        statushistory.Panel().title("History").col_width(0.9).row_height(0.9).with_target(rate()),
        logs.Panel().title("Errors").datasource(lines).show_time(True).wrap_log_message(True).enable_log_details(True)
        .sort_order(c.LogsSortOrder.DESCENDING).dedup_strategy(c.LogsDedupStrategy.EXACT)
        .with_target(loki.Dataquery().expr('{job="$job"} |= "error"').max_lines(100).query_type("range")),
        text.Panel().title("Notes").mode(words.TextMode.MARKDOWN).content("# Hello\n\n- $job").transparent(True),
        dashboardlist.Panel().title("Others").tags(["api"]).show_search(True).max_items(5).keep_time(True),
    ]  # fmt: skip
    board = (
        b.Dashboard("Written by grafana-foundation-sdk").uid("of-foundation-sdk").tags(["library", "api"])
        .description("all of it").timezone("utc").week_start("monday").refresh("30s").time("now-6h", "now").editable()
        .tooltip(d.DashboardCursorSync.CROSSHAIR).fiscal_year_start_month(0).live_now(False).preload(False)
        .timepicker(b.TimePicker().refresh_intervals(["10s", "1m"]))
        .link(b.DashboardLink("More").type(d.DashboardLinkType.DASHBOARDS).tags(["api"]).as_dropdown(True)
              .keep_time(True).include_vars(True))
        .link(b.DashboardLink("Docs").type(d.DashboardLinkType.LINK).url("https://example.com").target_blank(True))
        .annotation(b.AnnotationQuery().name("Deploys").datasource(source).enable(True).icon_color("blue")
                    .expr("changes(build_info[1m]) > 0"))
        .with_variable(b.DatasourceVariable("datasource").label("Source").type("prometheus"))
        .with_variable(b.QueryVariable("job").label("Job").datasource(source).query("label_values(up, job)").multi(True)
                       .include_all(True).all_value(".*").refresh(d.VariableRefresh.ON_TIME_RANGE_CHANGED)
                       .sort(d.VariableSort.ALPHABETICAL_ASC).regex("/(.*)/"))
        .with_variable(b.CustomVariable("env").values("prod,dev").current(
            d.VariableOption(selected=True, text="prod", value="prod")))
        .with_variable(b.IntervalVariable("step").values("1m,5m,1h").auto(True).min_interval("10s").step_count(30))
        .with_variable(b.ConstantVariable("zone").value("eu"))
        .with_variable(b.TextBoxVariable("text").label("Search").default_value(""))
        .with_variable(b.AdHocVariable("filters").datasource(source))
    )  # fmt: skip
    for one in panels[:8]:
        board = board.with_panel(one if one is panels[0] else one.height(8).span(8))
    board = board.with_row(b.Row("More"))
    for one in panels[8:]:
        board = board.with_panel(one.height(8).span(8))
    inner = timeseries.Panel().title("$job").repeat("job").repeat_direction("h").max_per_row(4).with_target(rate())
    board = board.with_row(b.Row("Per job").collapsed(True).repeat("env").with_panel(inner.datasource(source)))
    return json.loads(JSONEncoder(sort_keys=True).encode(board.build()))


BOARDS = {"grafanalib": of_grafanalib, "foundation_sdk": of_foundation_sdk}
