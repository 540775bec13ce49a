"""Colours in Lab: how light they are, how red beside green, and how yellow beside blue.

OpenCV converts pictures far quicker, but calculates a table first that takes a tenth of a second: too long for the few
colours of a face.
"""

from functools import cache

import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Points

# What blue, green and red light are in X, Y and Z, beside a white of daylight.
_XYZ = np.array(
    [[0.180423, 0.357580, 0.412453], [0.072169, 0.715160, 0.212671], [0.950227, 0.119193, 0.019334]], np.float32
) / np.array([[0.950456], [1.0], [1.088754]], np.float32)
# Below this share of white the eye sees light as it is, and above by its cube root.
_DARK, _DARK_SLOPE, _DARK_OFFSET = 0.008856, 7.787, 16 / 116


def lab_of(colours: Points) -> Points:
    """Colours in BGR as OpenCV has them in Lab: three times 0 to 255, with grey at 128."""
    xyz = _linear()[np.asarray(colours, np.uint8)] @ _XYZ.T
    seen = np.where(xyz > _DARK, np.cbrt(xyz), _DARK_SLOPE * xyz + _DARK_OFFSET)
    x, y, z = np.moveaxis(seen, -1, 0)
    lab = np.stack([(116 * y - 16) * 2.55, 500 * (x - y) + 128, 200 * (y - z) + 128], -1)
    return np.asarray(np.rint(lab), np.uint8)


@cache
def _linear() -> Points:
    """How much light each level of a screen is."""
    levels = np.arange(256) / 255
    return np.asarray(np.where(levels > 0.04045, ((levels + 0.055) / 1.055) ** 2.4, levels / 12.92), np.float32)
