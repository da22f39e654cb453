"""LightGBM boosters called through the C interface: one thread, reused buffers, no data frame.

What belongs here: the two calls of the hot path, equal to ``Booster.predict`` bit for bit. What doesn't: training.
LightGBM is imported when the first booster is loaded (seconds), so load bundles at warm-up.
"""

import ctypes
import threading
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_FLOAT64, _ROW_MAJOR, _NORMAL = 1, 1, 0
_ONE_THREAD = b"num_threads=1"


class FastBooster:
    """A booster of one output, read from its text form.

    Args:
        text: the model as written by ``Booster.model_to_string``.
    """

    def __init__(self, text: str) -> None:
        """Parse the text; imports LightGBM."""
        import lightgbm
        from lightgbm.basic import _safe_call
        from lightgbm.libpath import _LIB

        self.text = text
        self._booster = lightgbm.Booster(model_str=text)
        self._handle = self._booster._handle
        self._library: Any = _LIB
        self._check = _safe_call
        self._local = threading.local()
        self.columns_count = int(self._booster.num_feature())

    @cached_property
    def feature_names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self._booster.feature_name())

    def row(self, vector: Vector) -> float:
        """Return the prediction of one row, shape (columns,), by the single-row fast call (one handle a thread)."""
        local = self._local
        if not hasattr(local, "arguments"):
            self._prepare_thread()
        local.row[:] = vector
        self._check(self._library.LGBM_BoosterPredictForMatSingleRowFast(*local.arguments))
        return float(local.out[0])

    def _prepare_thread(self) -> None:
        local, handle = self._local, ctypes.c_void_p()
        self._check(
            self._library.LGBM_BoosterPredictForMatSingleRowFastInit(
                self._handle,
                ctypes.c_int(_NORMAL),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_int(_FLOAT64),
                ctypes.c_int32(self.columns_count),
                ctypes.c_char_p(_ONE_THREAD),
                ctypes.byref(handle),
            )
        )
        local.row, local.out, local.count = np.empty(self.columns_count), np.empty(1), ctypes.c_int64()
        local.arguments = (
            handle,
            ctypes.c_void_p(local.row.ctypes.data),
            ctypes.byref(local.count),
            ctypes.c_void_p(local.out.ctypes.data),
        )

    def matrix(self, rows: Vector) -> Vector:
        """Return the predictions, shape (n,), of rows of shape (n, columns); C-ordered input is not copied."""
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.columns_count:
            raise ValueError(f"the booster takes {self.columns_count} columns, the matrix has shape {rows.shape}")
        out, count = np.empty(len(rows)), ctypes.c_int64()
        if not len(rows):
            return out
        self._check(
            self._library.LGBM_BoosterPredictForMat(
                self._handle,
                ctypes.c_void_p(rows.ctypes.data),
                ctypes.c_int(_FLOAT64),
                ctypes.c_int32(rows.shape[0]),
                ctypes.c_int32(rows.shape[1]),
                ctypes.c_int(_ROW_MAJOR),
                ctypes.c_int(_NORMAL),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_char_p(_ONE_THREAD),
                ctypes.byref(count),
                ctypes.c_void_p(out.ctypes.data),
            )
        )
        return out

    def contributions(self, rows: Vector) -> Vector:
        """Return TreeSHAP contributions on the raw (log-odds) scale, shape (n, columns); milliseconds a row."""
        values = np.asarray(self._booster.predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64)
        return values[:, :-1]
