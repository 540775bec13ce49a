"""A2E's own menu, entry by entry, with the call behind each and the tool that reaches it; `docs/coverage.md` is made
of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a2e_mcp.catalogue import capabilities
from a2e_mcp.catalogue.capability import Capability
from docs.exercises import Exercise

CLIENT_ONLY = "client only: nobody should type a password into a chat"
NO_CALL = "no call: a web page"
NO_PATH = "no call: A2E publishes no path"

_LIST, _CHECK, _DELETE = "list_jobs", "check_status", "delete_job"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One entry: the name of the catalogue's call, and the tool, or why there is none."""

    group: str
    entry: str
    call: str
    tool: str


def _group(group: str, entries: Sequence[tuple[str, str, str]]) -> tuple[MenuEntry, ...]:
    return tuple(MenuEntry(group, entry, call, tool) for entry, call, tool in entries)


MENU = (
    *_group(
        "Get Tokens",
        (
            ("Getting API Tokens (2025 version)", "", NO_CALL),
            ("Obtain Login Token (old)", "obtain_login_token", CLIENT_ONLY),
            ("Get API token (old)", "create_api_token", "create_api_token"),
            ("Delete API token (old)", "delete_api_token", "delete_api_token"),
            ("List api tokens (old)", "list_api_tokens", "list_api_tokens"),
        ),
    ),
    *_group(
        "TTS and Voice Clone",
        (
            ("List Public TTS Options", "list_tts_voices", "list_voices"),
            ("List Voice Clone Options", "list_voice_clones", "list_voices"),
            ("Train TTS Model", "train_voice_clone", "start_voice_clone"),
            ("List Ongoing Voice Clone Tasks", "list_ongoing_voice_clones", _LIST),
            ("Generate TTS Audio", "generate_tts", "generate_speech"),
            ("Get Details of a Voice", "get_voice_clone", _CHECK),
            ("Delete a User Voice", "delete_voice_clone", "delete_voice"),
        ),
    ),
    *_group(
        "Generate Avatar Videos",
        (
            ("Generate AI Avatar Videos", "generate_avatar_video", "start_avatar_video"),
            ("List of Result Videos", "list_avatar_videos", _LIST),
            ("List One or All Avatars", "list_avatars", "list_avatars"),
            ("Obtain the Status of One Avatar Video Task", "get_avatar_video_status", _CHECK),
            ("Delete or Cancel a Video", "delete_avatar_video", _DELETE),
            ("Auto Language Detect", "detect_language", "detect_language"),
            ("Auto Swith to Public Computing Pool", "set_auto_public_pool", "set_auto_public_pool"),
            ("Obtain the List of Personalized Lip-Sync Models (old)", "", NO_PATH),
        ),
    ),
    *_group(
        "Create Avatars",
        (
            ("Create A Custom Avatar", "create_custom_avatar", "start_avatar_training"),
            ("Train a Personalized Lip-sync Model", "train_personal_lipsync", "start_lip_sync_training"),
            ("Remove A Customized Avatar", "remove_custom_avatar", "delete_avatar"),
            ("Get Status of All Tasks", "list_custom_avatar_tasks", _LIST),
            ('Get All Ongoing "Training" Tasks', "list_ongoing_avatar_trainings", _LIST),
            ("Status of One Task", "get_custom_avatar_task", _CHECK),
            ("Clone Voice from a Video", "clone_voice_from_avatar_video", "start_voice_clone_from_video"),
        ),
    ),
    *_group(
        "Background Matting and Replacement",
        (
            ("Obtain the List of Background Images", "list_backgrounds", "list_backgrounds"),
            ("Add Custom Background Image", "add_custom_background", "add_background"),
            ("Delete Custom Image", "delete_custom_background", "delete_background"),
        ),
    ),
    *_group(
        "Face Swap",
        (
            ("Add Face Swap Image", "add_face_swap_image", "add_face_image"),
            ("Get Records of Face Swap Images", "list_face_swap_images", "list_face_images"),
            ("Delete User Face Swap Image", "delete_face_swap_image", "delete_face_image"),
            ("Add User Face Swap Preview", "start_face_swap_preview", "start_face_swap_preview"),
            ("Get Status of Face Swap Preview Process", "get_face_swap_preview_status", _CHECK),
            ("Start a Face Swap Task", "start_face_swap", "start_face_swap"),
            ("Get Status of Face Swap Task", "get_face_swap_status", _CHECK),
            ("Get Face Swap Task Records", "list_face_swaps", _LIST),
            ("Get Details of Face Swap", "get_face_swap", _CHECK),
            ("Delete Record", "delete_face_swap", _DELETE),
        ),
    ),
    *_group(
        "AI Dubbing",
        (
            ("Start dubbing", "start_dubbing", "start_dubbing"),
            ("List Dubbing Tasks", "list_dubbings", _LIST),
            ("List All Processing Dubbing Tasks", "list_processing_dubbings", _LIST),
            ("Get Details", "get_dubbing", _CHECK),
            ("Delete Record", "delete_dubbing", _DELETE),
        ),
    ),
    *_group(
        "Image to Video",
        (
            ("Start Image-to-Video", "start_image_to_video", "start_image_to_video"),
            ("Check Status of One Task", "get_image_to_video", _CHECK),
            ("List Status of All Tasks", "list_image_to_videos", _LIST),
            ("Delete Record", "delete_image_to_video", _DELETE),
        ),
    ),
    *_group(
        "Caption Removal",
        (
            ("Start Caption Removal", "start_caption_removal", "start_caption_removal"),
            ("Get Records of All Tasks", "list_caption_removals", _LIST),
            ("Get Status of All Tasks in Processing", "list_processing_caption_removals", _LIST),
            ("Get Details of One Task", "get_caption_removal", _CHECK),
            ("Delete a Task", "delete_caption_removal", _DELETE),
        ),
    ),
    *_group(
        "Streaming Avatar",
        (
            ("Get All avatars", "list_streaming_avatars", "list_streaming_avatars"),
            ("Get a Streaming Avatar Token", "create_streaming_token", "start_streaming"),
            ("Set QA Context", "set_streaming_context", "set_streaming_qa_context"),
            ("Get QA Context", "get_streaming_context", "get_streaming_qa_context"),
            ("Ask a Question to the Avatar", "ask_streaming_avatar", "ask_streaming_avatar"),
            ("Let the Avatar Speak Directly", "speak_streaming_avatar", "speak_streaming_avatar"),
            ("Leave the Room", "leave_streaming_room", "leave_streaming"),
        ),
    ),
    *_group(
        "Miscellaneous",
        (
            ("Add a User", "add_user", "add_user"),
            ("Get User Remaining Credits", "get_remaining_credits", "get_credits"),
            ("Exchange Diamonds (old)", "exchange_diamonds", "exchange_diamonds"),
            ("List Available Languages", "list_languages", "list_languages"),
            ("Save URL to A2E's storage", "save_url_to_storage", "copy_url_to_storage"),
            ("Add Watermark to Video or Image", "add_watermark", "add_watermark"),
            ("Get R2 Upload Presigned URL", "get_upload_url", "upload_file"),
        ),
    ),
    *_group(
        "Text to Image",
        (
            ("Start Text-to-Image", "start_text_to_image", "start_text_to_image"),
            ("List Tasks of Text-to-Image Tasks", "list_text_to_images", _LIST),
            ("Get Details of One Task", "get_text_to_image", _CHECK),
            ("Delete Record", "delete_text_to_image", _DELETE),
            ("Quick Add Avarar", "quick_add_avatar", "add_avatar_from_image"),
        ),
    ),
    *_group(
        "Product Holding",
        (
            ("Start Product Holding", "start_product_holding", "start_product_holding"),
            ("List Tasks of Product Holding Tasks", "list_product_holdings", _LIST),
            ("Get Details of One Task", "get_product_holding", _CHECK),
            ("Delete Record", "delete_product_holding", _DELETE),
        ),
    ),
    *_group(
        "Talking Photo",
        (
            ("Start a Task", "start_talking_photo", "start_talking_photo"),
            ("List Tasks", "list_talking_photos", _LIST),
            ("Get Task Detail", "get_talking_photo", _CHECK),
            ("Delete Task", "delete_talking_photo", _DELETE),
        ),
    ),
    *_group(
        "Virtual Try-On",
        (
            ("Start Virtual Try-On", "start_virtual_try_on", "start_virtual_try_on"),
            ("List Tasks of Virtual Try-On", "list_virtual_try_ons", _LIST),
            ("Get Details of One Task", "get_virtual_try_on", _CHECK),
            ("Delete Record", "delete_virtual_try_on", _DELETE),
        ),
    ),
)
"""The entries in A2E's order and spelling."""


def coverage_rows(exercises: Mapping[str, Exercise]) -> list[tuple[str, ...]]:
    """Group, entry, tool, endpoint, the evidence for the call and for its answer, and the test that exercises it.

    Raises ValueError: an entry's call that no test exercises, or a test of a call that there is none of.
    """
    known = {each.name: each for each in capabilities()}
    if strange := exercises.keys() - known.keys():
        raise ValueError(f"tests exercise calls that are not in the catalogue: {', '.join(sorted(strange))}")
    if untested := [entry.call for entry in MENU if entry.call and entry.call not in exercises]:
        raise ValueError(
            f"no test exercises {', '.join(untested)}; mark one that does with @pytest.mark.exercises({untested[0]!r})"
        )
    return [(entry.group, entry.entry, *_reached(entry, known, exercises)) for entry in MENU]


def _reached(
    entry: MenuEntry, known: Mapping[str, Capability[Any, Any]], exercises: Mapping[str, Exercise]
) -> tuple[str, str, str, str]:
    if not entry.call:
        return entry.tool, "", "", ""
    call, test = known[entry.call], exercises[entry.call]
    return (
        entry.tool if entry.tool == CLIENT_ONLY else f"`{entry.tool}`",
        f"`{call.endpoint.method} {call.endpoint.path}`",
        f"{call.evidence}, answer {call.reply_evidence}",
        f"[{test.name}](../{test.path})",
    )
