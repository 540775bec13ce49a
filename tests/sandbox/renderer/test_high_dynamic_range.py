"""Clips of telephones in high dynamic range look as on a usual screen, in the sandbox and in a film."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from a2e_mcp.film.engine.canvas import Framer
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import TextMark
from tests.support.render_worker import RenderProcess, frames_of

PQ, HLG = 16, 18
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
Light = tuple[float, float, float]

# Candelas a square metre of red, green and blue, and what a usual screen shows for them.
COLOURS: list[tuple[Light, Light]] = [
    ((203, 203, 203), (236, 236, 236)),
    ((20, 20, 20), (88, 88, 88)),
    ((100, 0, 0), (185, 8, 5)),
    ((0, 80, 0), (10, 167, 10)),
    ((0, 0, 60), (6, 4, 145)),
]


def coded(light: Light, transfer: int) -> tuple[float, float, float]:
    """Luma and the two colour differences of a light."""
    nits = np.maximum(TO_2020 @ np.array(light), 0)
    if transfer == PQ:
        part = (nits / 10_000) ** 0.1593017578125
        level = ((0.8359375 + 18.8515625 * part) / (1 + 18.6875 * part)) ** 78.84375
    else:
        scene = (nits / 1000) ** (1 / 1.2)
        with np.errstate(invalid="ignore", divide="ignore"):
            bright = 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073
        level = np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)
    red, green, blue = level
    luma = 0.2627 * red + 0.678 * green + 0.0593 * blue
    return float(luma), float((blue - luma) / 1.8814), float((red - luma) / 1.4746)


def frame_of(light: Light, transfer: int, size: tuple[int, int] = (128, 96)) -> av.VideoFrame:
    """A frame of one colour, tagged as cameras do."""
    frame = av.VideoFrame(*size, "yuv420p10le")
    luma, blue, red = coded(light, transfer)
    for plane, level in zip(frame.planes, (64 + 876 * luma, 512 + 896 * blue, 512 + 896 * red), strict=True):
        plane.update(np.full((plane.height, plane.line_size // 2), round(level), np.uint16).tobytes())
    frame.color_trc, frame.color_primaries, frame.colorspace, frame.color_range = transfer, 9, 9, 1
    frame.pts, frame.time_base = 0, Fraction(1, 10)
    return frame


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize(("light", "shown"), COLOURS)
def test_colours_are_those_of_a_usual_screen(
    worker: RenderProcess, tmp_path: Path, light: Light, shown: Light, transfer: int
) -> None:
    path = tmp_path / "v.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p10le"
        transfers = {PQ: "smpte2084", HLG: "arib-std-b67"}
        stream.options = {
            "x265-params": f"log-level=none:qp=4:colorprim=bt2020:transfer={transfers[transfer]}:colormatrix=bt2020nc"
        }
        for number in range(3):
            frame = frame_of(light, transfer)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    order = WatermarkOrder(source=str(path), mark=TextMark(text=".", size=8), output=str(tmp_path / "o.mp4"))

    worker.render(order)

    assert np.abs(frames_of(order.output)[1][20, 20].astype(int) - shown).max() <= 10


@pytest.mark.parametrize(("light", "shown"), COLOURS)
def test_a_film_shows_them_so_too(light: Light, shown: Light) -> None:
    framed = Framer((128, 96), (64, 48), fills=False).frame(frame_of(light, PQ))

    framed.colorspace = 1
    assert np.abs(framed.to_ndarray(format="rgb24")[20, 20].astype(int) - shown).max() <= 10
