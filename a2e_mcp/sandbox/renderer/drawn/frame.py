"""The field a drawn avatar stands in.

Design units: 720 wide and 960 high, the figure's axis at 360, its eyes at 306, its chin near 506. A frame 720 units
high shows it down to the chest.
"""

from a2e_mcp.sandbox.renderer.core.picture import Colour

AXIS = 360.0
WIDTH, HEIGHT = 720.0, 960.0
EYE_LINE = 306.0

# Light falls from the upper left; it is warm, and the shadows on skin are a little rosy.
WARM_LIGHT: Colour = (214, 236, 255)
ROSY_SHADOW: Colour = (60, 48, 120)
