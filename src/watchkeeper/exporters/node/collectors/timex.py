"""timex: how well the kernel's clock is disciplined, from adjtimex(2)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, NoDataError, single

# struct timex on 64-bit Linux; the eleven ints at its end are reserved.
_TIMEX: Final = struct.Struct("@I4xqqqqi4xqqqqqqqqi4xqqqqqi44x")
_TIME_ERROR: Final = 5  # What adjtimex returns while the clock is not synchronised.
_STA_NANO: Final = 0x2000
_PPM_16: Final = 1_000_000.0 * 65_536.0  # Frequencies are parts per million with 16 bits of fraction.
_MICRO: Final = 1_000_000.0
_NANO: Final = 1_000_000_000.0


def collect(host: Host) -> list[Family]:
    """`node_timex_*`; always of this kernel, whatever the roots are."""
    adjtimex: Callable[[Any], int] | None = host.memory.get("adjtimex")
    import ctypes

    if adjtimex is None:
        if struct.calcsize("l") != 8:
            raise NoDataError("the layout of struct timex is known for 64 bits only")
        adjtimex = host.memory["adjtimex"] = ctypes.CDLL(None, use_errno=True).adjtimex
    buffer = ctypes.create_string_buffer(_TIMEX.size)
    state = adjtimex(buffer)
    if state < 0:
        raise OSError(ctypes.get_errno(), "adjtimex failed")
    fields = _TIMEX.unpack(buffer.raw)
    _, offset, frequency, max_error, estimated_error, status, constant, _, _, _, _, tick = fields[:12]
    pps_frequency, jitter, shift, stability, jitter_count, calibrations, errors, stability_count, tai = fields[12:]
    unit = _NANO if status & _STA_NANO else _MICRO
    values = (
        ("offset_seconds", "gauge", "Time offset in between local system and reference clock.", offset / unit),
        ("frequency_adjustment_ratio", "gauge", "Local clock frequency adjustment.", 1 + frequency / _PPM_16),
        ("maxerror_seconds", "gauge", "Maximum error in seconds.", max_error / _MICRO),
        ("estimated_error_seconds", "gauge", "Estimated error in seconds.", estimated_error / _MICRO),
        ("status", "gauge", "Value of the status array bits.", status),
        ("loop_time_constant", "gauge", "Phase-locked loop time constant.", constant),
        ("tick_seconds", "gauge", "Seconds between clock ticks.", tick / _MICRO),
        ("pps_frequency_hertz", "gauge", "Pulse per second frequency.", pps_frequency / _PPM_16),
        ("pps_jitter_seconds", "gauge", "Pulse per second jitter.", jitter / unit),
        ("pps_shift_seconds", "gauge", "Pulse per second interval duration.", shift),
        (
            "pps_stability_hertz",
            "gauge",
            "Pulse per second stability, average of recent frequency changes.",
            stability / _PPM_16,
        ),
        ("pps_jitter_total", "counter", "Pulse per second count of jitter limit exceeded events.", jitter_count),
        ("pps_calibration_total", "counter", "Pulse per second count of calibration intervals.", calibrations),
        ("pps_error_total", "counter", "Pulse per second count of calibration errors.", errors),
        (
            "pps_stability_exceeded_total",
            "counter",
            "Pulse per second count of stability limit exceeded events.",
            stability_count,
        ),
        ("tai_offset_seconds", "gauge", "International Atomic Time (TAI) offset.", tai),
        (
            "sync_status",
            "gauge",
            "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
            state != _TIME_ERROR,
        ),
    )
    return [single(f"node_timex_{name}", type_, help_, value) for name, type_, help_, value in values]
