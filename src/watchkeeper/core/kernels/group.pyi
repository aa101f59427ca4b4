"""Groups of equal label rows, and reductions of a frame's rows into them. All release the GIL."""

import numpy as np
import numpy.typing as npt

FOLDS: tuple[str, ...]
"""What `fold` can compute."""

def group_rows(
    codes: npt.NDArray[np.int32], columns: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Distinct rows of the chosen columns: the first row of each group, in order of appearance, and each row's group.

    codes    int32 (n, width), C order
    columns  int64: which of them count; none makes all rows equal
    """

def fold(
    op: str,
    values: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
    group: npt.NDArray[np.int64],
    n_groups: int,
    step_lo: int,
    step_hi: int,
    acc: npt.NDArray[np.float64],
    extra: npt.NDArray[np.float64],
    count: npt.NDArray[np.float64],
) -> None:
    """Fold rows into groups for steps lo to hi; the result is in `acc`, how many cells went into it in `count`.

    values, present    (n, n_steps), C order
    group              int64 (n,) below n_groups
    acc, extra, count  float64 (n_groups, n_steps), zero at first; `extra` is working space
    """

def group_quantile(
    values: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
    order: npt.NDArray[np.int64],
    bounds: npt.NDArray[np.int64],
    phi: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The φ-quantile of each group at each step; fresh (n_groups, n_steps).

    order   int64: row numbers, group after group; group g has order[bounds[g]:bounds[g + 1]]
    phi     float64 (n_steps,)
    """

def group_rank(
    values: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
    order: npt.NDArray[np.int64],
    bounds: npt.NDArray[np.int64],
    limit: npt.NDArray[np.int64],
    largest: bool,
) -> npt.NDArray[np.bool_]:
    """Which cells are among the `limit[k]` largest or smallest of their group at step k; fresh (n, n_steps).

    NaN ranks behind every number; of equals the earlier row stays.
    """
