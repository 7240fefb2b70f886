"""Matrix products that stay in the thread that asks for them.

BLAS shares a product over a certain size out among threads, and waits for the last of them. The products here take a
millisecond or so, of which a second thread saves little; but where another program has the core that it is to run on,
it may not get there for several milliseconds, and the threads that wait burn time of the others. Two cores, both busy
with other programs, numpy 2.4, the best of 15 times: 256 rows of 4,096 numbers times 17 columns take 14 ms, and 6 ms of
processors' time, with two threads; with one 1.7 ms; in parts 1.1 ms.

A limit on the threads of BLAS, such as threadpoolctl sets, would hold for the whole process: other threads of the
caller would feel it, and two at a time might leave it behind for good. Small parts need no setting.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bayesknee.arrays import Bools, Vector

# Multiplications in one product. OpenBLAS, which numpy's wheels hold, starts threads for more than that in a product of
# two matrices (4 * 65536, interface/gemm.c; on some processors a million), and for more than 460,800 with a vector.
MOST_AT_ONCE: Final = 2**18


def matrix_product(first: Vector, second: Vector) -> Vector:
    """first @ second, in parts of at most `MOST_AT_ONCE` multiplications.

    Args:
        first: a matrix or several, shape (..., a, b).
        second: a matrix, shape (b, c).

    Returns:
        Shape (..., a, c).
    """
    if first.shape[-2] == second.shape[1] == 1:
        return vector_product(first, second[:, 0])[..., None]
    if first.shape[-2] * second.size <= MOST_AT_ONCE:
        return np.asarray(first @ second)
    if first.ndim > 2:
        return np.stack([matrix_product(each, second) for each in first])
    total = np.zeros((len(first), second.shape[1]))
    _add_product(first, second, total)
    return total


def vector_product(rows: Vector | Bools, weights: Vector) -> Vector:
    """rows @ weights, of shape (..., n) and (n,), without BLAS, which starts threads for 10,000 numbers."""
    return np.asarray(np.einsum("...i,i", rows, weights))


def _add_product(first: Vector, second: Vector, total: Vector) -> None:
    """Adds the product to `total`. What is too large is halved along its longest side, which keeps parts compact."""
    (rows, terms), columns = first.shape, second.shape[1]
    longest = max(rows, terms, columns)
    half = longest // 2
    if rows * terms * columns <= MOST_AT_ONCE:
        total += first @ second
    elif terms == longest:
        _add_product(first[:, :half], second[:half], total)
        _add_product(first[:, half:], second[half:], total)
    elif rows == longest:
        _add_product(first[:half], second, total[:half])
        _add_product(first[half:], second, total[half:])
    else:
        _add_product(first, second[:, :half], total[:, :half])
        _add_product(first, second[:, half:], total[:, half:])
