"""Flow on disk: the .flo files of Middlebury and Sintel, and the 16-bit PNG of KITTI.

    .flo    "PIEH" (the number 202021.25), width, height, then u and v of each pixel, row by row; all little-endian, 4 bytes each.
            Unknown: |u| or |v| beyond 1e9; 1e10 is what is written.
    PNG     red 64 u + 32768, green 64 v + 32768, blue 1 where the flow is known: steps of 1/64 px from -512 to 511.984.
            A program that opens it "as a picture" gets 8 bits and the flow is gone.

Both readers return the flow with zeros where it is unknown, and say beside it where it is known: a NaN there would reach the gradient
of a loss even where the loss is masked. The writers take the unknown either way, as `valid` or as NaN and values beyond 1e9.

[WHEEL] Baker, Scharstein, Lewis, Roth, Black, Szeliski: A Database and Evaluation Methodology for Optical Flow. IJCV 2011 (Middlebury).
[KITTI] Menze, Geiger: Object Scene Flow for Autonomous Vehicles. CVPR 2015, and the development kit.
Letters: H rows, W columns.
"""

import warnings
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.files import write_atomically
from vostutor.core.shapes import expect

_TAG = b"PIEH"
_HEADER = 12  # bytes: tag, width, height
_LARGEST = 99_999  # pixels a side, as in the reference reader; a wild number in a damaged file asks for no memory
_UNKNOWN_ABOVE, _UNKNOWN = 1e9, 1e10  # px
_STEPS, _ZERO = 64, 1 << 15  # of the PNG: codes a pixel, and the code of no motion


def read_flo(path: str | Path) -> tuple[Tensor, Tensor]:
    """The flow in a .flo file, exactly as stored, and where it is known.

    Shapes: -> flow float32 (2,H,W), x then y, 0 where unknown; valid bool (H,W).
    Units: pixels.
    Raises: DataError for a file that is missing, cut short, too long, of the other byte order, or no .flo file.
    Source: the format of [WHEEL].
    >>> import tempfile
    >>> path = write_flo(tempfile.mkdtemp() + "/a.flo", torch.tensor([[[1.5, float("nan")]], [[-2.0, 0.0]]]))
    >>> read_flo(path)
    (tensor([[[ 1.5000,  0.0000]],
    <BLANKLINE>
            [[-2.0000,  0.0000]]]), tensor([[ True, False]]))
    """
    path = Path(path)
    data = _bytes_of(path)
    width, height = _flo_size(path, data)
    pairs = np.frombuffer(data, "<f4", offset=_HEADER).reshape(height, width, 2)
    flow = np.array(pairs.transpose(2, 0, 1), dtype=np.float32, order="C")  # a copy: the bytes of a file are read-only
    return _without_unknown(torch.from_numpy(flow))


def write_flo(path: str | Path, flow: Tensor, valid: Tensor | None = None) -> Path:
    """Write a flow as .flo, whole or not at all, and return where it is.

    Shapes: flow floating (2,H,W), x then y; valid bool (H,W) or None. Stored as float32.
    Units: pixels.
    Raises: ShapeError for other axes, types or sizes.
    Source: the format of [WHEEL].
    >>> import tempfile
    >>> write_flo(tempfile.mkdtemp() + "/new/a.flo", torch.zeros(2, 1, 3)).read_bytes()[:12].hex(" ")
    '50 49 45 48 03 00 00 00 01 00 00 00'
    """
    flow, valid = _checked(flow, valid)
    stored = flow.float().masked_fill(~valid, _UNKNOWN).permute(1, 2, 0).contiguous().numpy()
    size = np.array([flow.shape[2], flow.shape[1]], "<i4")
    return write_atomically(path, _TAG + size.tobytes() + stored.astype("<f4").tobytes())


def read_kitti_flow(path: str | Path) -> tuple[Tensor, Tensor]:
    """The flow in a 16-bit PNG of KITTI, and where it is known.

    Shapes: -> flow float32 (2,H,W), x then y, 0 where unknown; valid bool (H,W).
    Units: pixels, in steps of 1/64.
    Raises: DataError for a file that is missing, damaged, or no PNG of three channels with 16 bits.
    Source: the format of [KITTI].
    >>> import tempfile
    >>> path = write_kitti_flow(tempfile.mkdtemp() + "/a.png", torch.tensor([[[1.0, 0.02]], [[-1.0, 0.0]]]))
    >>> read_kitti_flow(path)[0].flatten().tolist()          # 0.02 is nearest to 1/64
    [1.0, 0.015625, -1.0, 0.0]
    """
    path = Path(path)
    codes = _decoded(path, _bytes_of(path))
    flow, valid = decode_kitti(torch.from_numpy(np.ascontiguousarray(codes[:, :, ::-1].transpose(2, 0, 1)).astype(int)))
    return flow, valid


def write_kitti_flow(path: str | Path, flow: Tensor, valid: Tensor | None = None) -> Path:
    """Write a flow as a 16-bit PNG of KITTI, whole or not at all, and return where it is.

    Shapes: flow floating (2,H,W), x then y; valid bool (H,W) or None.
    Units: pixels, rounded to the nearest 1/64; values outside -512 to 511.984 are clamped, with a warning.
    Raises: ShapeError for other axes, types or sizes.
    Source: the format of [KITTI].
    >>> import tempfile
    >>> write_kitti_flow(tempfile.mkdtemp() + "/a.png", torch.zeros(2, 4, 6)).name
    'a.png'
    """
    codes = encode_kitti(flow, valid).permute(1, 2, 0).flip(2).numpy().astype(np.uint16)  # OpenCV writes BGR
    done, buffer = cv2.imencode(".png", np.ascontiguousarray(codes))
    assert done, "OpenCV encodes 16-bit PNG"
    return write_atomically(path, buffer.tobytes())


def encode_kitti(flow: Tensor, valid: Tensor | None = None) -> Tensor:
    """The numbers that stand in a KITTI PNG: red, green, blue; all three 0 where the flow is unknown.

    Shapes: flow floating (2,H,W), valid bool (H,W) or None -> int64 (3,H,W), 0 to 65535.
    Raises: ShapeError for other axes, types or sizes.
    Source: the format of [KITTI].
    >>> encode_kitti(torch.tensor([1.0, -1 / 64]).reshape(2, 1, 1)).flatten().tolist()
    [32832, 32767, 1]
    """
    flow, valid = _checked(flow, valid)
    codes = (flow.double() * _STEPS).round() + _ZERO
    beyond = int((((codes < 0) | (codes > 65535)).any(dim=0) & valid).sum())
    if beyond:
        warnings.warn(f"{beyond} pixels move more than the PNG can hold and are clamped to 512 px", stacklevel=3)
    codes = codes.nan_to_num().clamp(0, 65535).long()
    return torch.cat([codes, torch.ones_like(codes[:1])]).where(valid, 0)


def decode_kitti(codes: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse of encode_kitti.

    Shapes: codes integer (3,H,W) -> flow float32 (2,H,W), 0 where unknown; valid bool (H,W).
    Raises: ShapeError for other axes.
    Source: the format of [KITTI].
    >>> decode_kitti(torch.tensor([32769, 32704, 1]).reshape(3, 1, 1))[0].flatten()
    tensor([ 0.0156, -1.0000])
    """
    expect("codes: 3 H W", codes=codes, hint="red, green and blue in front: codes.permute(2, 0, 1)")
    valid = codes[2] > 0
    return ((codes[:2] - _ZERO).float() / _STEPS).where(valid, 0.0), valid


def _without_unknown(flow: Tensor) -> tuple[Tensor, Tensor]:
    valid = (flow.abs() <= _UNKNOWN_ABOVE).all(dim=0)  # false for NaN
    return flow.where(valid, 0.0), valid


def _checked(flow: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
    """The flow on the CPU, and where it is known by either mark."""
    sizes = expect("flow: 2 H W", flow=flow, hint="flow[0] from a batch, flow.permute(2, 0, 1) from (H,W,2)")
    if not flow.is_floating_point():
        raise ShapeError(expected="flow as floating-point pixels", got=f"{flow.dtype}", try_this="flow.float()")
    if not all(1 <= sizes[axis] <= _LARGEST for axis in "HW"):
        raise ShapeError(
            expected=f"a flow of 1 to {_LARGEST} pixels a side",
            got=f"{sizes['W']}x{sizes['H']}",
            try_this="check the flow's axes: (2,H,W)",
        )
    flow = flow.detach().cpu()
    known = _without_unknown(flow)[1]
    if valid is None:
        return flow, known
    expect("flow: 2 H W, valid: H W", flow=flow, valid=valid, hint="one truth value a pixel")
    if valid.dtype != torch.bool:
        raise ShapeError(expected="valid as bool", got=f"{valid.dtype}", try_this="valid > 0")
    return flow, known & valid.cpu()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            expected=f"a flow file {_short(path)}",
            got=(error.strerror or str(error)).lower(),
            try_this="check the path, or copy the file again",
        ) from None


def _flo_size(path: Path, data: bytes) -> tuple[int, int]:
    """(width, height), after everything that can be wrong with the file."""
    if data[:4] == _TAG[::-1]:
        raise _refusal(path, "a file of the other byte order", "write it little-endian: array.astype('<f4')")
    if len(data) < _HEADER or data[:4] != _TAG:
        raise _refusal(path, f"{len(data)} bytes that do not begin with {_TAG.decode()}, width and height")
    width, height = (int(n) for n in np.frombuffer(data, "<i4", count=2, offset=4))
    if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
        raise _refusal(path, f"a size of {width}x{height}, outside 1 to {_LARGEST}")
    whole = _HEADER + 8 * width * height
    if len(data) != whole:
        kind = "cut short" if len(data) < whole else "with bytes after the end"
        raise _refusal(path, f"{len(data)} bytes, {kind}: {width}x{height} pixels take {whole}")
    return width, height


def _decoded(path: Path, data: bytes) -> np.ndarray:
    """Shapes: -> uint16 (H,W,3), BGR."""
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # an empty file, or a header that promises more pixels than OpenCV allows
        picture = None
    if picture is None:
        raise _refusal(path, f"{len(data)} bytes that OpenCV cannot decode")
    if picture.dtype != np.uint16 or picture.ndim != 3 or picture.shape[2] != 3:
        channels = 1 if picture.ndim == 2 else picture.shape[2]
        got = f"{8 * picture.itemsize} bits in {channels} channels"
        raise _refusal(path, got, "the file of the flow, not a picture of it: flow_occ/000000_10.png of KITTI")
    return picture


def _refusal(path: Path, got: str, try_this: str = "copy the file again") -> DataError:
    kind = "a PNG of 16 bits in 3 channels" if path.suffix.lower() == ".png" else "a whole .flo file"
    return DataError(expected=f"{kind}, {_short(path)}", got=got, try_this=try_this)


def _short(path: Path) -> str:
    """Folder and file: enough to find it, and the same on every machine."""
    return f"{path.parent.name}/{path.name}"
