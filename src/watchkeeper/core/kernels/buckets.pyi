"""Quantiles and fractions of classic histograms."""

import numpy as np
import numpy.typing as npt

def histogram(
    values: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
    bounds: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    at: npt.NDArray[np.int64],
    lower: npt.NDArray[np.float64],
    upper: npt.NDArray[np.float64] | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """The quantile `lower` of each histogram, or with `upper` the fraction of it between the two, at each step.

    values, present   (n, n_steps), C order: a row for each bucket, counts cumulative
    bounds            float64 (n,): each row's upper bound
    order, at         int64: histogram g has the rows order[at[g]:at[g + 1]], in ascending order of their bounds
    lower, upper      float64 (n_steps,)
    returns           results and where any bucket was present, (n_histograms, n_steps); and for each histogram how
                      often its counts fell: (times, first step, last step, lowest bound, highest bound, largest fall)
    Releases the GIL. Raises ValueError where the arrays do not fit each other.
    """
