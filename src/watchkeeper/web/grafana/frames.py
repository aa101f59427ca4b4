"""Answers of Prometheus and Loki as Grafana's data frames: columns with a schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

Frame = dict[str, Any]

_LABEL: Final = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_SPECIAL: Final = {"NaN": "NaN", "+Inf": "Inf", "-Inf": "-Inf"}


def prometheus_frames(data: Any, ref_id: str, expr: str, legend: str, form: str) -> list[Frame]:
    """The frames of `data` of an answer.

    legend   Grafana's legendFormat: `{{label}}`, `__auto`, or empty
    form     `time_series`, `table` or `heatmap`
    """
    kind, result = data.get("resultType"), data.get("result")
    if kind in ("scalar", "string"):
        time_s, value = result
        return [_series(ref_id, {}, [[time_s, value]], expr, kind)]
    rows = [(item.get("metric", {}), item.get("values") or [item["value"]]) for item in result if _has_samples(item)]
    if form == "table":
        return [_table(ref_id, rows, is_instant=kind == "vector")]
    if form == "heatmap":
        rows.sort(key=lambda row: _bound(row[0].get("le", "")))
    frame_type = "numeric-multi" if kind == "vector" else "timeseries-multi"
    return [_series(ref_id, labels, samples, name_of(labels, legend, expr), frame_type) for labels, samples in rows]


def name_of(labels: dict[str, str], legend: str, expr: str) -> str:
    """How a series is called."""
    if legend and legend != "__auto":
        return _LABEL.sub(lambda found: labels.get(found[1], ""), legend)
    shown = ", ".join(f'{name}="{labels[name]}"' for name in sorted(labels) if name != "__name__")
    metric = labels.get("__name__", "")
    return f"{metric}{{{shown}}}" if shown else metric or expr


def loki_frames(data: Any, ref_id: str, expr: str, legend: str) -> list[Frame]:
    """The frames of `data` of an answer: one of all lines, or one for each series."""
    if data.get("resultType") != "streams":
        return prometheus_frames(data, ref_id, expr, legend, "time_series")
    lines: list[tuple[int, dict[str, str], str]] = []
    for stream in data.get("result") or ():
        labels = stream.get("stream", {})
        lines += [(int(entry[0]), labels, entry[1]) for entry in stream.get("values") or ()]
    lines.sort(key=lambda line: -line[0])
    fields = [
        _field("labels", "other", "json.RawMessage"),
        _field("Time", "time", "time.Time"),
        _field("Line", "string", "string"),
        _field("tsNs", "string", "string"),
        _field("id", "string", "string"),
    ]
    values: list[list[Any]] = [
        [labels for _, labels, _ in lines],
        [ns // 1_000_000 for ns, _, _ in lines],
        [text for _, _, text in lines],
        [str(ns) for ns, _, _ in lines],
        [f"{ns}_{place}" for place, (ns, _, _) in enumerate(lines)],
    ]
    meta = {"typeVersion": [0, 0], "custom": {"frameType": "LabeledTimeValues"}, "executedQueryString": f"Expr: {expr}"}
    return [_frame(ref_id, "", fields, values, meta)]


def _has_samples(item: Any) -> bool:
    # Native histograms have no place in these frames.
    return bool(item.get("values") or item.get("value"))


def _series(ref_id: str, labels: dict[str, str], samples: Sequence[Any], name: str, kind: str) -> Frame:
    times = [round(time_s * 1000) for time_s, _ in samples]
    numbers, entities = _numbers(value for _, value in samples)
    value_field = _field("Value", "number", "float64")
    value_field.update(labels=labels, config={"displayNameFromDS": name})
    meta = {"type": kind, "typeVersion": [0, 1], "custom": {"resultType": "matrix"}}
    fields = [_field("Time", "time", "time.Time"), value_field]
    return _frame(ref_id, name, fields, [times, numbers], meta, [None, entities])


def _table(ref_id: str, rows: Sequence[tuple[dict[str, str], Sequence[Any]]], *, is_instant: bool) -> Frame:
    names = sorted({name for labels, _ in rows for name in labels})
    flat = [(labels, sample) for labels, samples in rows for sample in (samples[-1:] if is_instant else samples)]
    numbers, entities = _numbers(sample[1] for _, sample in flat)
    fields = [
        _field("Time", "time", "time.Time"),
        *(_field(name, "string", "string") for name in names),
        _field("Value", "number", "float64"),
    ]
    values = [
        [round(sample[0] * 1000) for _, sample in flat],
        *([labels.get(name, "") for labels, _ in flat] for name in names),
        numbers,
    ]
    return _frame(ref_id, "", fields, values, {"type": "table"}, [*([None] * (len(fields) - 1)), entities])


def _numbers(texts: Any) -> tuple[list[float | None], dict[str, list[int]] | None]:
    """The numbers, and the places of what JSON has no number for."""
    numbers: list[float | None] = []
    entities: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        special = _SPECIAL.get(text)
        if special is None:
            try:
                numbers.append(float(text))
            except ValueError:  # A string's value.
                numbers.append(None)
        else:
            entities.setdefault("NaN" if special == "NaN" else "Inf" if special == "Inf" else "NegInf", []).append(
                place
            )
            numbers.append(None)
    return numbers, entities or None


def _field(name: str, kind: str, go_type: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "typeInfo": {"frame": go_type}}


def _frame(
    ref_id: str,
    name: str,
    fields: list[dict[str, Any]],
    values: list[list[Any]],
    meta: dict[str, Any],
    entities: list[Any] | None = None,
) -> Frame:
    data: dict[str, Any] = {"values": values}
    if entities and any(entities):
        data["entities"] = entities
    return {"schema": {"refId": ref_id, "name": name, "meta": meta, "fields": fields}, "data": data}


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")
