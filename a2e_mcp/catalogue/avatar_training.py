"""Create Avatars and Train Lip-sync Models: the training of avatars, and what becomes of it.

Source: A2E docs menu "Create Avatars"; an avatar made by training is used through `list_avatars`, whose `_id` is the
anchor id, not through the training's own id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from a2e_mcp.catalogue.backgrounds import rgb
from a2e_mcp.catalogue.declaration.capability import (
    Capability,
    Effect,
    Endpoint,
    Evidence,
    JobFamily,
    MenuEntry,
    Request,
)
from a2e_mcp.catalogue.declaration.records import (
    COMMON_STATES,
    ById,
    ByIds,
    JobRecord,
    Nothing,
    Opaque,
    PageRequest,
    Rows,
)
from a2e_mcp.catalogue.declaration.spellings import GENDERS, Name
from a2e_mcp.catalogue.declaration.tool import (
    AvatarRef,
    Estimate,
    Inputs,
    MediaIn,
    OrNone,
    PreparedInputs,
    StartTool,
    optional,
)
from a2e_mcp.catalogue.declaration.values import OneAddress, Text

RGB = "^rgba?\\([0-9., ]+\\)$"


class VideoTwin(JobRecord):
    """A custom avatar's training; `_id` is the `user_video_twin_id`."""

    name: Text = None
    gender: Text = None
    anchor_id: Text = None
    image_url: OneAddress = None
    video_url: OneAddress = None
    preview_result_url: OneAddress = None


class TrainAvatar(Request):
    """Make an avatar from a video (at least 10 s) or a picture, with one face.

    The docs spell the background fields `backgroud`, the newest spec `background`: both are sent.
    """

    name: str = Field(min_length=1, max_length=200)
    gender: Literal["female", "male"] = "female"
    video_url: str | None = None
    image_url: str | None = None
    video_backgroud_color: str | None = Field(default=None, pattern=RGB)
    video_background_color: str | None = Field(default=None, pattern=RGB)
    video_backgroud_image: str | None = None
    video_background_image: str | None = None
    model_version: str | None = Field(default=None, max_length=20)
    prompt: str | None = Field(default=None, max_length=2000)
    negative_prompt: str | None = Field(default=None, max_length=2000)
    skipPreview: bool | None = None


class TwinQuery(PageRequest):
    """A page of avatar trainings, by their status."""

    status: Literal["pending", "processing", "completed", "failed"] | None = None


TRAIN = Capability(
    name="create_custom_avatar",
    endpoint=Endpoint("POST", "/api/v1/userVideoTwin/startTraining"),
    request=TrainAvatar,
    reply=VideoTwin,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Make an avatar from a video or a picture.",
    menu=MenuEntry("Create Avatars", "Create A Custom Avatar"),
)

TWIN = Capability(
    name="get_custom_avatar_task",
    endpoint=Endpoint("GET", "/api/v1/userVideoTwin/{_id}"),
    request=ById,
    reply=VideoTwin,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Get the state of one avatar's training.",
    menu=MenuEntry("Create Avatars", "Status of One Task"),
)

LIST_TWINS = Capability(
    name="list_custom_avatar_tasks",
    endpoint=Endpoint("GET", "/api/v1/userVideoTwin/records"),
    request=TwinQuery,
    reply=Rows[VideoTwin],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="List avatar trainings.",
    menu=MenuEntry("Create Avatars", "Get Status of All Tasks"),
)

LIST_ALL_TWINS = Capability(
    name="list_all_custom_avatars",
    endpoint=Endpoint("GET", "/api/v1/userVideoTwin/userRecords"),
    request=Nothing,
    reply=Rows[VideoTwin],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List every custom avatar in one answer.",
)

LIST_TRAINING = Capability(
    name="list_ongoing_avatar_trainings",
    endpoint=Endpoint("GET", "/api/v1/userVideoTwin/trainingRecords"),
    request=Nothing,
    reply=Rows[VideoTwin],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List trainings that are still running.",
    menu=MenuEntry("Create Avatars", 'Get All Ongoing "Training" Tasks', tool="list_jobs"),
)

BATCH_TWINS = Capability(
    name="batch_get_custom_avatars",
    endpoint=Endpoint("POST", "/api/v1/userVideoTwin/batchDetail"),
    request=ByIds,
    reply=Rows[VideoTwin],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Get the state of several trainings.",
)

REMOVE_TWIN = Capability(
    name="remove_custom_avatar",
    endpoint=Endpoint("POST", "/api/v1/userVideoTwin/remove"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Remove a custom avatar permanently.",
    menu=MenuEntry("Create Avatars", "Remove A Customized Avatar", tool="delete_avatar"),
)

TRAIN_LIP_SYNC = Capability(
    name="train_personal_lipsync",
    endpoint=Endpoint("POST", "/api/v1/userVideoTwin/continueTraining"),
    older=Endpoint("POST", "/api/v1/userVideoTwin/continueTranining"),
    request=ById,
    reply=VideoTwin,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Train a lip-sync model for one custom avatar.",
    menu=MenuEntry("Create Avatars", "Train a Personalized Lip-sync Model"),
)

# A2E does not say whether these two are charged, so they are never sent twice.
RETRY_TWIN = Capability(
    name="retry_custom_avatar",
    endpoint=Endpoint("POST", "/api/v1/userVideoTwin/retry"),
    request=ById,
    reply=Opaque,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Retry a training that has failed.",
)

EYE_CONTACT = Capability(
    name="enhance_eye_contact",
    endpoint=Endpoint("POST", "/api/v1/userVideoTwin/eyeContact"),
    request=ById,
    reply=Opaque,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Make a custom avatar look at the viewer.",
)

AVATAR_TRAINING = JobFamily(
    name="avatar_training",
    about="an avatar made from a video or a picture",
    start=TRAIN,
    detail=TWIN,
    listing=LIST_TWINS,
    batch=BATCH_TWINS,
    remove=REMOVE_TWIN,
    states=COMMON_STATES,
    results=("preview_result_url", "image_result_url"),
    polled="batch",
    recovery="by_name",
    typical_seconds=600,
    delete_note="This removes the avatar permanently; A2E does not mention a refund.",
    next_step="use it by its name as `avatar`. The link shows a preview.",
    gives_name=True,
)

LIP_SYNC_TRAINING = JobFamily(
    name="lip_sync_training",
    about="a lip-sync model trained for one avatar",
    start=TRAIN_LIP_SYNC,
    detail=TWIN,
    batch=BATCH_TWINS,
    remove=REMOVE_TWIN,
    states=COMMON_STATES,
    results=("preview_result_url",),
    polled="batch",
    recovery="by_id",
    success_field="hasVideoClone",
    typical_seconds=7200,
    delete_note="This removes the avatar and its model permanently; A2E does not mention a refund.",
    next_step="use the avatar by its name as `avatar`, as before. The link shows a preview.",
    gives_name=True,
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (
    LIST_TRAINING,
    LIST_ALL_TWINS,
    *AVATAR_TRAINING.capabilities,
    RETRY_TWIN,
    TRAIN_LIP_SYNC,
    EYE_CONTACT,
)
FAMILIES = (AVATAR_TRAINING, LIP_SYNC_TRAINING)


class TrainAvatarInputs(Inputs):
    """What `start_avatar_training` takes."""

    one_of = ("video", "image")

    name: Annotated[Name, Field(min_length=1, max_length=40)] = Field(description="Name of the new avatar")
    gender: Annotated[Literal["female", "male"], GENDERS] = Field(description="Gender")
    video: OrNone[Annotated[str, MediaIn(("video",), shortest=10)]] = optional(
        "Footage of one face, 10 s or more: URL or path"
    )
    image: OrNone[Annotated[str, MediaIn(("image",))]] = optional("Photo of one face, instead of video")
    background_color: OrNone[Name] = optional("Colour behind the person, #rrggbb, to replace it later")
    background_image: OrNone[Annotated[str, MediaIn(("image",))]] = optional("Picture of the scene without the person")


class TrainLipSyncInputs(Inputs):
    """What `start_lip_sync_training` takes."""

    avatar: Annotated[str, AvatarRef()] = Field(description="One of your own avatars, by name or id")


def _train_avatar(inputs: TrainAvatarInputs, found: PreparedInputs) -> TrainAvatar:
    color = rgb(inputs.background_color) if inputs.background_color else None
    image = found.media.get("background_image")
    return TrainAvatar(
        name=found.title,
        gender=inputs.gender,
        video_url=found.media.get("video"),
        image_url=found.media.get("image"),
        video_backgroud_color=color,
        video_background_color=color,
        video_backgroud_image=image,
        video_background_image=image,
    )


def _train_lip_sync(_: TrainLipSyncInputs, found: PreparedInputs) -> ById:
    return ById(id=found.avatars["avatar"].twin_id or "")


def _price_of_avatar(inputs: TrainAvatarInputs, _: Mapping[str, float]) -> Estimate:
    if inputs.video is not None:
        return Estimate(1, "item", 0, "A2E docs: avatars from video are free")
    return Estimate(1, "item", 100, "A2E docs: one diamond, 100 credits, for an avatar from a picture")


def _price_of_lip_sync(_: TrainLipSyncInputs, __: Mapping[str, float]) -> Estimate:
    return Estimate(1, "item", 100, "A2E docs: one diamond, 100 credits")


def _caution(inputs: TrainAvatarInputs) -> str:
    if inputs.background_color or inputs.background_image:
        return ""
    return (
        "Without background_color or background_image the background of this avatar can never be replaced; it cannot be"
        " changed after the training."
    )


START_AVATAR_TRAINING = StartTool(
    name="start_avatar_training",
    title="Make your own avatar",
    about="Make an avatar of a person from a video or photo. When it has succeeded, use it by its name.",
    inputs=TrainAvatarInputs,
    examples=(
        {"name": "Zoe", "gender": "female", "image": "zoe.png", "consent": "Zoe agreed by email on 3 May 2026"},
        {
            "name": "Zoe",
            "gender": "female",
            "video": "zoe.mp4",
            "background_color": "#00b140",
            "consent": "Zoe agreed by email on 3 May 2026",
        },
    ),
    fields={
        "video_url": "video",
        "image_url": "image",
        "video_backgroud_color": "background_color",
        "video_background_color": "background_color",
        "video_backgroud_image": "background_image",
        "video_background_image": "background_image",
    },
    toolset="avatars",
    family=AVATAR_TRAINING,
    to_request=_train_avatar,
    estimate=_price_of_avatar,
    caution=_caution,
    likeness=("video", "image"),
)

START_LIP_SYNC_TRAINING = StartTool(
    name="start_lip_sync_training",
    title="Train lip-sync for your avatar",
    about="Train a personal lip-sync model for one of your own video avatars. Takes about two hours.",
    inputs=TrainLipSyncInputs,
    examples=({"avatar": "Zoe", "consent": "Zoe agreed by email on 3 May 2026"},),
    toolset="avatars",
    family=LIP_SYNC_TRAINING,
    to_request=_train_lip_sync,
    estimate=_price_of_lip_sync,
    likeness=("avatar",),
    on_own_avatar=True,
)

TOOLS = (START_AVATAR_TRAINING, START_LIP_SYNC_TRAINING)
