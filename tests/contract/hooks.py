"""What schemathesis cannot make up: addresses of real files and ids of real records, put into most of its cases.

Loaded by schemathesis (`SCHEMATHESIS_HOOKS`) in an environment of its own. The choice depends on nothing but the case,
so that a case that failed can be made again.
"""

from __future__ import annotations

import json
import os
from collections import deque
from pathlib import Path
from typing import Any
from zlib import crc32

import schemathesis

_POOL: dict[str, list[str]] = json.loads(Path(os.environ["A2E_CONTRACT_POOL"]).read_text(encoding="utf-8"))
_IDS = ("_id", "id", "video_id", "ids", "channel")
_KINDS = {
    "image_url": "pictures",
    "image_urls": "pictures",
    "input_images": "pictures",
    "end_image_url": "pictures",
    "img_url": "pictures",
    "face_url": "pictures",
    "cover_url": "pictures",
    "watermark_image_url": "pictures",
    "target_image_url": "pictures",
    "face_image_url": "pictures",
    "first_frame_url": "pictures",
    "last_frame_url": "pictures",
    "reference_image_urls": "pictures",
    "reference_urls": "pictures",
    "imageUrls": "pictures",
    "image_list": "pictures",
    "first_clip_url": "videos",
    "edit_video_url": "videos",
    "video_urls": "videos",
    "reference_video_urls": "videos",
    "audio_urls": "sounds",
    "reference_audio_urls": "sounds",
    "video_backgroud_image": "pictures",
    "video_background_image": "pictures",
    "video_url": "videos",
    "source_url": "videos",
    "media_url": "videos",
    "url": "videos",
    "audio_url": "sounds",
    "audioSrc": "sounds",
    "custom_voice": "sounds",
    "voice_urls": "sounds",
    "tts_id": "voices",
    "anchor_id": "avatars",
    "back_id": "backgrounds",
    "avatar_id": "avatars",
    "video_backgroud_color": "colours",
    "video_background_color": "colours",
    "color": "colours",
    "endpoint": "endpoints",
    "prompt": "prompts",
}
_PLACE = {"x": 60, "y": 300, "width": 120, "height": 120, "rotation": 10, "scale": 1}
_OF_TEN_REPLACED = 7
_OF_TEN_MIXED_UP = 1

# The newest records that answers told of, by the part of the path that says what kind of record it is; of those that
# failed, which alone can be tried again, apart.
_records: dict[str, deque[str]] = {}
_FAILED = "{} failed"


def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Replace what was made up by what is there."""
    del context, kwargs
    kind = _kind(case.operation.path)
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            for name in part.keys() & (_KINDS.keys() | set(_IDS)):
                part[name] = _replaced(kind, name, part[name])
            # The file describes the answer for one clip; for several it is a list, as the file says among its doubts.
            for several in ("number_of_images", "n"):
                if part.get(several) in range(2, 10):
                    part[several] = 1
            if isinstance(part.get("product_rect"), dict) and len(part["product_rect"]) > len(_PLACE) / 2:
                part["product_rect"] = _PLACE


def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember the records of an answer."""
    del context
    try:
        answer = response.json()
    except ValueError:
        return
    data = answer.get("data") if isinstance(answer, dict) else None
    rows = data.get("rows", data.get("data", [data])) if isinstance(data, dict) else data
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            _remember(_kind(case.operation.path.removesuffix("/retry")), row)


def _remember(kind: str, row: dict[str, Any]) -> None:
    if row.get("current_status") == "failed":
        kind = _FAILED.format(kind)
    # Of rooms, only the last few are still open.
    known = _records.setdefault(kind, deque(maxlen=3 if "channel" in row else 30))
    record_id = row.get("_id", row.get("channel"))
    if isinstance(record_id, str) and record_id not in known:
        known.append(record_id)


def _kind(path: str) -> str:
    kind = path.removeprefix("/api/v1/").partition("/")[0]
    return _FAILED.format(kind) if path.endswith("/retry") else kind


def _replaced(kind: str, name: str, value: Any) -> Any:
    lot = crc32(f"{kind} {name} {value!r}".encode("utf-8", "replace"))
    if lot % 10 >= _OF_TEN_REPLACED:
        return value
    if isinstance(value, list):
        return [
            _chosen(kind, name, lot + 10 * place) if isinstance(item, str) else item for place, item in enumerate(value)
        ]
    return _chosen(kind, name, lot) if isinstance(value, str) else value


def _chosen(kind: str, name: str, lot: int) -> str:
    if name in _IDS:
        choices = list(_records.get(kind, ()))
    elif lot % 10 < _OF_TEN_MIXED_UP:
        choices = sorted(each for some in _POOL.values() for each in some)
    else:
        choices = _POOL[_KINDS[name]]
    return choices[lot // 10 % len(choices)] if choices else "0" * 24


schemathesis.hook(before_call)
schemathesis.hook(after_call)
