"""A result as the HTTP API's JSON: `{"resultType":"matrix","result":[…]}`."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.kernels import number_text
from watchkeeper.core.kernels.number_text import format_float, format_time
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector.frame import Frame, HistogramRow
from watchkeeper.core.vector.group import used_codes
from watchkeeper.core.vector.native_histogram import buckets
from watchkeeper.core.vector.window import Ints
from watchkeeper.metrics.promql.result import Matrix, Result, Scalar, String, Vector


def result_json(result: Result) -> bytes:
    """The object that stands under `data`, without statistics. Absent cells are left out."""
    match result.value:
        case Scalar(time_ms=time_ms, value=number):
            kind, body = b"scalar", f'[{format_time(time_ms)},"{format_float(number)}"]'.encode()
        case String(time_ms=time_ms, value=text):
            kind, body = b"string", b"[%b,%b]" % (format_time(time_ms).encode(), _quoted(text))
        case Vector(time_ms=time_ms, frame=frame):
            kind, body = b"vector", frame_json(frame, np.array([time_ms], np.int64), single=True)
        case Matrix(times=times, frame=frame):
            kind, body = b"matrix", frame_json(frame, times, single=False)
    return b'{"resultType":"%b","result":%b}' % (kind, body)


def frame_json(frame: Frame, times_ms: Ints, *, single: bool) -> bytes:
    """The list of series: with `single` each has a `value`, else `values`; histograms stand beside them."""
    names, codes, texts, text_at = _label_texts(frame.labels)
    more = {
        row: text
        for row, cells in frame.histograms.items()
        if (text := _histograms_json(cells, times_ms, single=single))
    }
    return number_text.result_json(
        names,
        codes,
        texts,
        text_at,
        np.ascontiguousarray(frame.values),
        np.ascontiguousarray(frame.present).view(np.uint8),
        times_ms,
        single,
        more,
    )


def histogram_json(histogram: Histogram) -> str:
    """`{"count":"…","sum":"…","buckets":[[rule,"lower","upper","count"],…]}`, empty buckets left out.

    The rule says which bounds belong to the bucket: 0 the upper, 1 the lower, 2 none, 3 both.
    """
    parts = [f'{{"count":"{format_float(histogram.count)}","sum":"{format_float(histogram.sum)}"']
    lines = []
    for bucket in buckets(histogram):
        if not bucket.count:
            continue
        rule = {(False, True): 0, (True, False): 1, (False, False): 2, (True, True): 3}[
            bucket.lower_inclusive, bucket.upper_inclusive
        ]
        lines.append(
            f'[{rule},"{format_float(bucket.lower)}","{format_float(bucket.upper)}","{format_float(bucket.count)}"]'
        )
    if lines:
        parts.append(f',"buckets":[{",".join(lines)}]')
    return "".join(parts) + "}"


def _histograms_json(cells: HistogramRow, times_ms: Ints, *, single: bool) -> bytes:
    points = [
        f"[{format_time(int(times_ms[k]))},{histogram_json(cell)}]" for k, cell in enumerate(cells) if cell is not None
    ]
    if not points:
        return b""
    if single:
        return f'"histogram":{points[0]}'.encode()
    return f'"histograms":[{",".join(points)}]'.encode()


def _label_texts(labels: LabelSets) -> tuple[list[bytes], np.ndarray[tuple[int, int], np.dtype[np.int32]], bytes, Ints]:
    """Label names and values as JSON, and codes into those values that occur."""
    names = [_quoted(name) + b":" for name in labels.names]
    strings = labels.strings
    used = used_codes(labels.codes, len(strings)) if labels.codes.size else np.zeros(0, np.intp)
    texts, text_at = number_text.quoted_texts([strings[code] for code in used.tolist()])
    compact = np.zeros(len(strings), np.int32)
    compact[used] = np.arange(1, len(used) + 1)
    codes = np.ascontiguousarray(compact[labels.codes])
    return names, codes, texts, text_at


def _quoted(text: str) -> bytes:
    return number_text.quoted_texts([text])[0]
