"""Avatar covers: a still of a drawn avatar."""

from a2e_mcp.sandbox.protocol import DrawnAvatar, Outcome, StillOrder
from a2e_mcp.sandbox.renderer.rendering.render import Rendering, even_size


class AvatarCoverOrder(StillOrder, frozen=True, kw_only=True):
    """Draw a still of a drawn avatar."""

    avatar: DrawnAvatar
    width: int = 720
    height: int = 720


def render(order: AvatarCoverOrder, rendering: Rendering) -> Outcome:
    """Draw a still of an avatar."""
    from a2e_mcp.sandbox.renderer.drawn.drawn_presenter import DrawnPresenter
    from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
    from a2e_mcp.sandbox.renderer.pictures.stills import write_still
    from a2e_mcp.sandbox.renderer.presenters.presenter import AT_REST

    size = even_size(order.width, order.height)
    presenter = DrawnPresenter(likeness_of(order.avatar.seed, order.avatar.gender), None, size, None)
    picture = presenter.frame(AT_REST)
    return write_still(picture, order.output, rendering, "The avatar is drawn, not a photo of a real person.")
