"""Tables as Parquet, where pyarrow is there (the extra ``parquet``)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policy.errors import InputError
from simulator.export.files import whole_file
from simulator.export.sheets import Kind, Sheet


def need_parquet(path: Path) -> None:
    """Check that Parquet can be written.

    Raises:
        InputError: pyarrow is not there; the message says how to get it.
    """
    if find_spec("pyarrow") is None:
        raise InputError(
            f"{path}: Parquet needs the package pyarrow, which is not installed; "
            "install it with: pip install 'deskdrill[parquet]' (or write .csv)"
        )


def write_parquet(sheet: Sheet, path: Path) -> None:
    """Write a table as Parquet, all of it or nothing: instants in UTC to the millisecond, nulls for what is unknown.

    Raises:
        InputError: the file cannot be written, or pyarrow is not there.
    """
    need_parquet(path)
    import pyarrow as pa  # noqa: PLC0415  (an extra, and slow to import)
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = {
        "text": pa.string(), "instant": pa.timestamp("ms", tz="UTC"), "minutes": pa.float64(), "whole": pa.int64(),
        "flag": pa.bool_(),
    }  # fmt: skip
    schema = pa.schema([(field.name, types[field.kind]) for field in sheet.fields])
    with whole_file(path) as file, pq.ParquetWriter(file, schema) as writer:
        for chunk in sheet.chunks():
            arrays = []
            for field, values in zip(sheet.fields, chunk, strict=True):
                plain, missing = _plain(field.kind, values, sheet.opening)
                arrays.append(pa.array(plain, types[field.kind], mask=missing))
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _plain(kind: Kind, values: npt.NDArray[Any], opening: float) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return the values of a column as Parquet has them, and which of them are nothing."""
    if kind == "text":
        return values, np.asarray(values == "")
    if kind == "whole":
        return values.astype(np.int64), values < 0
    if kind == "flag":
        return values, np.zeros(len(values), bool)
    missing = ~np.isfinite(values)
    if kind == "minutes":
        return values.astype(np.float64), missing
    milliseconds = np.rint((np.where(missing, 0.0, values) + opening) * 60_000.0)
    return milliseconds.astype("datetime64[ms]"), missing
