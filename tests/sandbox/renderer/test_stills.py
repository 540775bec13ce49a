from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from a2e_mcp.sandbox.orders.product_holding import ProductHoldingOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.orders.text_to_image import TextToImageOrder
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import FailureCode, Order, PictureMark, Placement, Rectangle, TextMark
from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.drawn.figure import DrawnFigure
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from a2e_mcp.sandbox.renderer.pictures.picture import lay_over, studio
from a2e_mcp.sandbox.renderer.vision.body import body_of
from a2e_mcp.sandbox.renderer.vision.faces import faces_in, largest_face
from tests.support.render_worker import RenderProcess

GREEN = (40, 200, 40)


def read(path: str) -> npt.NDArray[np.uint8]:
    picture = cv2.imread(path)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def difference(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(np.abs(one.astype(float) - other).mean(-1))


def is_green(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    blue, green, red = (picture[..., channel].astype(int) for channel in range(3))
    return (green > blue + 50) & (green > red + 50)


@pytest.fixture(scope="module")
def bottle(made: Path) -> str:
    """A green bottle on white."""
    picture = np.full((200, 160, 3), 250, np.uint8)
    cv2.rectangle(picture, (60, 30), (100, 180), GREEN, -1)
    cv2.imwrite(str(made / "bottle.png"), picture)
    return str(made / "bottle.png")


@pytest.fixture(scope="module")
def landscape(made: Path) -> str:
    cv2.imwrite(str(made / "nobody.png"), studio(240, 200))
    return str(made / "nobody.png")


def test_a_product_stands_below_the_face_without_its_background(
    worker: RenderProcess, portrait: str, bottle: str, tmp_path: Path
) -> None:
    order = ProductHoldingOrder(person=portrait, product=bottle, output=str(tmp_path / "o.png"))

    outcome = worker.render(order)

    before, after = read(portrait), read(order.output)
    face = largest_face(before)
    assert face is not None
    rows, columns = np.nonzero(is_green(after))
    assert rows.min() > face.points[152][1]
    assert np.ptp(rows) > 3 * np.ptp(columns)
    beside = after[rows.min() : rows.max(), columns.max() + 6 : columns.max() + 20]
    assert beside.mean() < 235
    assert difference(after, before)[: int(face.points[152][1])].max() == 0
    assert "placed, not held" in outcome.note
    assert "plain background" in outcome.note


@pytest.mark.parametrize("size", [(60, 160), (160, 60)])
def test_a_product_before_a_person_in_an_upright_picture_is_wholly_seen(
    worker: RenderProcess, tmp_path: Path, size: tuple[int, int]
) -> None:
    person = worker.cover(tmp_path / "upright.png", seed=2, width=240, height=320)
    product = np.full((200, 200, 3), 250, np.uint8)
    cv2.rectangle(product, (20, 20), (20 + size[0], 20 + size[1]), GREEN, -1)
    cv2.imwrite(str(tmp_path / "product.png"), product)
    output = str(tmp_path / "o.png")

    worker.render(ProductHoldingOrder(person=person, product=str(tmp_path / "product.png"), output=output))

    rows, columns = np.nonzero(is_green(read(output)))
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(size[0] / size[1], rel=0.1)
    assert columns.min() > 0
    assert max(columns.max() - 238, rows.max() - 318) < 0
    _, mark_left, mark_top = mark_for(240, 320)
    assert columns.max() < mark_left or rows.max() < mark_top


def test_a_product_goes_into_the_rectangle_that_was_given(
    worker: RenderProcess, landscape: str, bottle: str, tmp_path: Path
) -> None:
    order = ProductHoldingOrder(
        person=landscape,
        product=bottle,
        output=str(tmp_path / "o.png"),
        rectangle=Rectangle(x=20, y=30, width=100, height=80),
        degrees=90,
    )

    worker.render(order)

    rows, columns = np.nonzero(is_green(read(order.output)))
    assert columns.mean() == pytest.approx(70, abs=3)
    assert rows.mean() == pytest.approx(70, abs=3)
    assert np.ptp(columns) > 2 * np.ptp(rows)


def test_a_product_with_a_label_as_pale_as_its_background_stays_whole(
    worker: RenderProcess, landscape: str, bottle: str, tmp_path: Path
) -> None:
    picture = read(bottle)
    cv2.rectangle(picture, (55, 90), (105, 130), (246, 248, 248), -1)
    labelled = str(tmp_path / "labelled.png")
    cv2.imwrite(labelled, picture)
    order = ProductHoldingOrder(
        person=landscape,
        product=labelled,
        output=str(tmp_path / "o.png"),
        rectangle=Rectangle(x=20, y=20, width=80, height=150),
    )

    worker.render(order)

    after = read(order.output)
    rows, columns = np.nonzero(is_green(after))
    assert np.ptp(rows) == pytest.approx(150, abs=8)
    middle = round(float(columns.mean()))
    label = after[20 + 70 : 20 + 90, middle - 8 : middle + 8]
    assert label.min() > 235


def test_a_see_through_product_is_cut_by_its_transparency(worker: RenderProcess, portrait: str, tmp_path: Path) -> None:
    picture = np.zeros((80, 80, 4), np.uint8)
    cv2.circle(picture, (40, 40), 30, (*GREEN, 255), -1)
    cv2.imwrite(str(tmp_path / "ball.png"), picture)
    order = ProductHoldingOrder(person=portrait, product=str(tmp_path / "ball.png"), output=str(tmp_path / "o.png"))

    assert "transparency" in worker.render(order).note


def test_trying_on_changes_the_clothes_and_neither_face_nor_background(
    worker: RenderProcess, portrait: str, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "cloth.png"), np.full((100, 100, 3), GREEN, np.uint8))
    order = VirtualTryOnOrder(person=portrait, garment=str(tmp_path / "cloth.png"), output=str(tmp_path / "o.png"))

    outcome = worker.render(order)

    before, after = read(portrait), read(order.output)
    face = largest_face(before)
    assert face is not None
    chin = int(face.points[152][1])
    assert difference(after, before)[:chin].max() == 0
    dressed = is_green(after)
    assert dressed[chin:].mean() > 0.15
    assert not dressed[chin:, :12].any()
    assert "cloth continues" in outcome.note


def test_only_the_person_with_the_largest_face_is_dressed_and_in_the_garments_own_stripes(
    worker: RenderProcess, tmp_path: Path
) -> None:
    street = studio(720, 400)
    lay_over(street, DrawnFigure(likeness_of(1, "female"), 0.4).sprite(MouthShape(0, 0)), 30, 60)
    lay_over(street, DrawnFigure(likeness_of(2, "male"), 0.3).sprite(MouthShape(0, 0)), 460, 140)
    shirt = np.full((200, 200, 3), 252, np.uint8)
    for top in range(30, 180, 40):
        shirt[top : top + 20, 40:160] = GREEN
        shirt[top + 20 : top + 40, 40:160] = (242, 242, 242)
    cv2.imwrite(str(tmp_path / "street.png"), street)
    cv2.imwrite(str(tmp_path / "shirt.png"), shirt)
    order = VirtualTryOnOrder(
        person=str(tmp_path / "street.png"), garment=str(tmp_path / "shirt.png"), output=str(tmp_path / "o.png")
    )

    worker.render(order)

    after = read(order.output)
    face = largest_face(street)
    assert face is not None
    across, chin = round(face.centre[0]), round(float(face.points[152][1]))
    down_the_chest = is_green(after)[chin + 40 :, across]
    assert 0.25 < down_the_chest.mean() < 0.75
    assert np.abs(np.diff(down_the_chest.astype(int))).sum() >= 2
    assert difference(after, street)[:350, 480:].max() == 0


def person_to_the_chest() -> npt.NDArray[np.uint8]:
    picture = studio(480, 600)
    lay_over(picture, DrawnFigure(likeness_of(1, "female"), 0.6).sprite(MouthShape(0, 0)), 24, 20)
    return picture


def test_a_print_is_laid_once_and_nothing_of_the_garments_old_background_comes_along(
    worker: RenderProcess, tmp_path: Path
) -> None:
    shirt = np.full((300, 300, 3), 255, np.uint8)
    outline = [(100, 20), (200, 20), (290, 90), (250, 130), (210, 100), (210, 280), (90, 280), (90, 100), (50, 130)]
    cv2.fillPoly(shirt, [np.array([*outline, (10, 90)], np.int32)], (160, 60, 30), cv2.LINE_AA)
    cv2.circle(shirt, (150, 70), 20, GREEN, -1)
    person, garment, output = (str(tmp_path / name) for name in ("person.png", "shirt.png", "o.png"))
    cv2.imwrite(person, person_to_the_chest())
    cv2.imwrite(garment, shirt)

    worker.render(VirtualTryOnOrder(person=person, garment=garment, output=output))

    before, after = read(person), read(output)
    count, _ = cv2.connectedComponents(is_green(after).astype(np.uint8))
    assert count - 1 == 1
    chin = round(float(np.asarray([face.points[152][1] for face in faces_in(before)]).max()))
    paler = after.min(-1).astype(int) - before.min(-1)
    assert paler[chin + 60 :, :260].max() < 40


def test_sleeves_go_along_the_arms_and_the_neck_above_the_neckline_is_bare(
    worker: RenderProcess, tmp_path: Path
) -> None:
    shirt = np.full((300, 300, 3), 255, np.uint8)
    trunk = [(105, 20), (150, 55), (195, 20), (215, 35), (215, 280), (85, 280), (85, 35)]
    for sleeve in ([(85, 35), (20, 110), (60, 140), (85, 110)], [(215, 35), (280, 110), (240, 140), (215, 110)]):
        cv2.fillPoly(shirt, [np.array(sleeve, np.int32)], GREEN, cv2.LINE_AA)
    cv2.fillPoly(shirt, [np.array(trunk, np.int32)], (160, 60, 30), cv2.LINE_AA)
    person, garment, output = (str(tmp_path / name) for name in ("person.png", "shirt.png", "o.png"))
    cv2.imwrite(person, person_to_the_chest())
    cv2.imwrite(garment, shirt)

    worker.render(VirtualTryOnOrder(person=person, garment=garment, output=output))

    before, after = read(person), read(output).astype(int)
    face = largest_face(before)
    body = body_of(before, face) if face is not None else None
    assert body is not None
    # The other arm is below the SANDBOX mark.
    x, y = body.arms[0].shoulder
    assert is_green(after.astype(np.uint8))[round(float(y)) + 130, round(float(x))]
    x, y = body.neck
    blue, _, red = after[round(float(y)) + 60, round(float(x))]
    assert blue > red + 40, "the trunk is the shirt's"
    # Between the chin and the shirt, where the collar was.
    blue, green, red = after[round(float(y)) - 34, round(float(x))]
    assert red > green > blue


def test_masks_say_where_the_garment_goes_and_what_it_is(worker: RenderProcess, landscape: str, tmp_path: Path) -> None:
    half = np.zeros((200, 240), np.uint8)
    half[:, :120] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), half)
    garment = np.full((100, 100, 3), (200, 40, 40), np.uint8)
    garment[:50] = GREEN
    cv2.imwrite(str(tmp_path / "cloth.png"), garment)
    upper = np.zeros((100, 100), np.uint8)
    upper[:50] = 255
    cv2.imwrite(str(tmp_path / "upper.png"), upper)
    order = VirtualTryOnOrder(
        person=landscape,
        garment=str(tmp_path / "cloth.png"),
        output=str(tmp_path / "o.png"),
        person_mask=str(tmp_path / "mask.png"),
        garment_mask=str(tmp_path / "upper.png"),
    )

    worker.render(order)

    dressed = is_green(read(order.output))
    assert dressed[10:170, 10:110].all()
    assert not dressed[:, 130:].any()


def test_the_same_prompt_and_index_give_the_same_picture_and_others_another(
    worker: RenderProcess, tmp_path: Path
) -> None:
    def drawn(prompt: str, index: int, name: str) -> npt.NDArray[np.uint8]:
        path = str(tmp_path / name)
        note = worker.render(TextToImageOrder(prompt=prompt, index=index, output=path, width=160, height=120)).note
        assert "no AI model" in note
        return read(path)

    first = drawn("a harbour at night", 0, "a.png")

    assert np.array_equal(first, drawn("a  harbour at night", 0, "b.png"))
    assert difference(first, drawn("a harbour at night", 1, "c.png")).mean() > 2
    assert difference(first, drawn("a harbour in winter", 0, "d.png")).mean() > 20
    assert first[:40].mean() < 120


@pytest.mark.parametrize(
    ("prompt", "understood"),
    [
        ("portrait of a woman", "a female person"),
        ("an old man reading", "a male person"),
        ("a friendly presenter", "a person, drawn as"),
    ],
)
def test_a_prompt_for_a_person_draws_one_that_can_become_an_avatar(
    worker: RenderProcess, tmp_path: Path, prompt: str, understood: str
) -> None:
    order = TextToImageOrder(prompt=prompt, output=str(tmp_path / "o.png"), width=240, height=240)

    note = worker.render(order).note

    assert largest_face(read(order.output)) is not None
    assert f"no AI model. Recognised in the prompt: {understood}" in note


def test_a_person_wears_and_stands_before_what_the_prompt_says(worker: RenderProcess, tmp_path: Path) -> None:
    prompt = "Blonde woman with glasses in a red coat, and nothing but green hills, green background"
    order = TextToImageOrder(prompt=prompt, output=str(tmp_path / "o.png"), width=320, height=240)

    note = worker.render(order).note

    words = "a female person, blonde hair, red coat, glasses, green background, mountains"
    assert f"Recognised in the prompt: {words}" in note
    blue, green, red = np.moveaxis(read(order.output).astype(int), -1, 0)
    assert (red - green > 60)[200:, 100:220].mean() > 0.4
    assert (green - np.maximum(blue, red) > 20)[:100, :60].all()


def test_a_prompt_without_a_person_draws_none(worker: RenderProcess, tmp_path: Path) -> None:
    order = TextToImageOrder(
        prompt="womanless woods, humanoid rocks", output=str(tmp_path / "o.png"), width=240, height=240
    )

    worker.render(order)

    assert largest_face(read(order.output)) is None


@pytest.mark.parametrize(
    ("position", "place"),
    [
        ("top_left", Placement(x=0, y=0, width=120, height=60)),
        ("bottom_right", Placement(x=120, y=120, width=120, height=60)),
        ("center", Placement(x=60, y=60, width=120, height=80)),
    ],
)
def test_a_text_mark_is_laid_where_it_was_asked_for_and_never_over_ours(
    worker: RenderProcess, landscape: str, tmp_path: Path, position: Any, place: Placement
) -> None:
    order = WatermarkOrder(
        source=landscape,
        mark=TextMark(text="Acme", colour="#00ff00", size=24),
        output=str(tmp_path / "o.png"),
        position=position,
        opacity=1.0,
    )

    worker.render(order)

    rows, columns = np.nonzero(is_green(read(order.output)))
    assert place.x <= columns.min()
    assert columns.max() < place.x + place.width
    assert place.y <= rows.min()
    _, left, top = mark_for(240, 200)
    assert rows.max() < top or columns.max() < left


def test_a_picture_mark_is_as_faint_as_its_opacity(worker: RenderProcess, landscape: str, tmp_path: Path) -> None:
    logo = np.zeros((30, 30, 4), np.uint8)
    logo[:, 15:] = (*GREEN, 255)
    cv2.imwrite(str(tmp_path / "logo.png"), logo)

    def laid(opacity: float) -> npt.NDArray[np.float64]:
        order = WatermarkOrder(
            source=landscape,
            mark=PictureMark(image=str(tmp_path / "logo.png")),
            output=str(tmp_path / "o.png"),
            position="top_left",
            opacity=opacity,
        )
        worker.render(order)
        return difference(read(order.output), read(landscape))[:60, :60]

    faint, full = laid(0.3), laid(1.0)

    assert faint.max() == pytest.approx(0.3 * full.max(), rel=0.1)
    assert full[5:35, 5:20].max() == 0
    assert full[10:30, 25:30].min() > 50


def test_new_stills_say_what_they_are(worker: RenderProcess, tmp_path: Path) -> None:
    order = TextToImageOrder(prompt="hills", output=str(tmp_path / "o.png"), width=160, height=120)
    worker.render(order)

    with Image.open(order.output) as image:
        assert '"kind": "text_to_image"' in image.info["a2e_sandbox"]
    mark, left, top = mark_for(160, 120)
    letters = mark[..., :3].min(-1) > 250
    marked = read(order.output)[top : top + mark.shape[0], left : left + mark.shape[1]]
    assert marked[letters].min() > 240


def test_orders_for_stills_that_cannot_be_carried_out_say_why(
    worker: RenderProcess, portrait: str, bottle: str, speech: SpeechOrder, tmp_path: Path
) -> None:
    output = str(tmp_path / "o.png")
    landscape = str(tmp_path / "nobody.png")
    cv2.imwrite(landscape, studio(240, 200))
    nowhere = Rectangle(x=900, y=0, width=10, height=10)
    mark = TextMark(text="Acme")
    cases: list[tuple[Order, FailureCode]] = [
        (ProductHoldingOrder(person=landscape, product=bottle, output=output), "no_face"),
        (ProductHoldingOrder(person=portrait, product=speech.output, output=output), "unreadable"),
        (ProductHoldingOrder(person=portrait, product=bottle, output=output, rectangle=nowhere), "invalid_order"),
        (VirtualTryOnOrder(person=landscape, garment=bottle, output=output), "no_face"),
        (TextToImageOrder(prompt="  ", output=output), "invalid_order"),
        (WatermarkOrder(source=speech.output, mark=mark, output=output), "unreadable"),
        (WatermarkOrder(source=portrait, mark=mark, output=output, opacity=1.5), "invalid_order"),
        (WatermarkOrder(source=portrait, mark=TextMark(text=" "), output=output), "invalid_order"),
    ]

    assert [worker.refused(order).code for order, _ in cases] == [code for _, code in cases]
    assert not Path(output).exists()


def test_of_a_garment_before_a_cluttered_room_only_the_garment_is_worn(
    worker: RenderProcess, portrait: str, tmp_path: Path
) -> None:
    room = np.full((300, 300, 3), (90, 110, 140), np.uint8)
    room[::6] = (60, 80, 120)
    # A red plate behind the hem and a white cup above the collar stand out of the room as much as the shirt does.
    cv2.ellipse(room, (150, 220), (95, 70), 0, 0, 360, (40, 40, 210), -1)
    cv2.ellipse(room, (150, 40), (45, 32), 0, 0, 360, (250, 250, 250), -1)
    shirt = [
        (105, 50),
        (195, 50),
        (265, 95),
        (240, 150),
        (212, 130),
        (212, 265),
        (88, 265),
        (88, 130),
        (60, 150),
        (35, 95),
    ]
    cv2.fillPoly(room, [np.array(shirt)], (180, 120, 20), cv2.LINE_AA)
    garment = str(tmp_path / "garment.png")
    cv2.imwrite(garment, room)
    output = str(tmp_path / "o.png")

    worker.render(VirtualTryOnOrder(person=portrait, garment=garment, output=output))

    before, after = read(portrait), read(output)
    worn = after[np.abs(after.astype(int) - before).max(2) > 25].astype(int)
    blue, red = worn[:, 0], worn[:, 2]
    assert (blue > red + 40).mean() > 0.9
    # The neck above the shirt is bare, which is paler than the plate.
    assert ((red > 170) & (blue < 80)).mean() < 0.01
