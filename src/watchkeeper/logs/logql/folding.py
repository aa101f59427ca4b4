"""Arithmetic of two plain numbers, done while a query is read."""

from __future__ import annotations

import math

from watchkeeper.logs.logql.ast import BinaryOp


def fold(op: BinaryOp, lhs: float, rhs: float) -> float:
    """What `lhs op rhs` is; comparisons give 1 or 0. Division and modulo by zero give NaN, as everywhere in LogQL.

    `op` is no set operator.
    """
    match op:
        case BinaryOp.ADD:
            return lhs + rhs
        case BinaryOp.SUB:
            return lhs - rhs
        case BinaryOp.MUL:
            return lhs * rhs
        case BinaryOp.DIV:
            return lhs / rhs if rhs else math.nan
        case BinaryOp.MOD:
            return math.fmod(lhs, rhs) if rhs and math.isfinite(lhs) else math.nan
        case BinaryOp.POW:
            return _power(lhs, rhs)
        case BinaryOp.EQL:
            return float(lhs == rhs)
        case BinaryOp.NEQ:
            return float(lhs != rhs)
        case BinaryOp.GTR:
            return float(lhs > rhs)
        case BinaryOp.GTE:
            return float(lhs >= rhs)
        case BinaryOp.LSS:
            return float(lhs < rhs)
        case BinaryOp.LTE:
            return float(lhs <= rhs)
        case BinaryOp.AND | BinaryOp.OR | BinaryOp.UNLESS:
            raise ValueError(f"{op.value} is not of numbers")


def _power(base: float, exponent: float) -> float:
    """As C's pow: no exceptions."""
    odd = math.isfinite(exponent) and math.fmod(abs(exponent), 2) == 1
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and odd else math.inf
    except ValueError:
        if base == 0:  # A negative power of zero.
            return math.copysign(math.inf, base) if odd else math.inf
        return math.nan
