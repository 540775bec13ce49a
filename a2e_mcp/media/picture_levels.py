"""Pictures whose levels a conversion to RGB would lose: deep greys, floating point, and plain inks."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops


def in_eight_bits(image: Image.Image, file: Image.Image) -> Image.Image:
    """A picture of a file with levels that a conversion to RGB keeps."""
    if image.mode == "CMYK" and file.format == "JPEG" and "adobe" not in file.info:
        # Only Adobe writes its inks inverted, and all are read as if by Adobe.
        return ImageChops.invert(image)
    if image.mode == "F" or image.mode.startswith("I"):
        levels = np.nan_to_num(np.asarray(image).astype(np.float64))
        most = float(levels.max(initial=0.0))
        # The depth by what is there: 8, 10, 12 or 16 bits, and numbers of 0 to 1 in floating point.
        depths = (1.0, 255.0, 1023.0, 4095.0, 65535.0) if image.mode == "F" else (255.0, 1023.0, 4095.0, 65535.0)
        whole = next((depth for depth in depths if most <= depth), most)
        return Image.fromarray(np.clip(levels * (255 / whole), 0, 255).astype(np.uint8))
    return image
