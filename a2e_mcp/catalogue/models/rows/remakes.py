"""What is made of finished pictures and clips: larger, with another head, person, movement or sound.

Source: A2E's newest developer spec, which prints neither prices nor most limits.
"""

from __future__ import annotations

from a2e_mcp.catalogue.models.model import Mode, Model

REMAKE_MODELS = (
    Model(
        id="motion-a2e",
        family="motion_transfer",
        about="the movement of a clip, A2E's own",
        modes={"motion": Mode(needs=("image", "video"))},
        fields={
            "title": "name",
            "prompt": "positive_prompt",
            "negative_prompt": "negative_prompt",
            "image": "image_url",
            "video": "video_url",
        },
    ),
    Model(
        id="upscale",
        family="upscale",
        about="larger pictures and clips",
        modes={"upscale": Mode(needs=("source",))},
        fields={"title": "name", "source": "source_url"},
        note="A2E does not say by how much it enlarges.",
    ),
    Model(
        id="head-swap",
        family="head_swap",
        about="another head in a picture or a clip",
        modes={"head_swap": Mode(needs=("head", "target"))},
        fields={"head": "image_url", "target": "target_image_url"},
        lengths={"target": (0, 15)},
    ),
    Model(
        id="actor-swap",
        family="actor_swap",
        about="another person in a clip",
        modes={"actor_swap": Mode(needs=("actor", "video"))},
        fields={
            "title": "name",
            "actor": "image_url",
            "video": "video_url",
            "prompt": "prompt",
            "negative_prompt": "negative_prompt",
        },
    ),
    Model(
        id="clip-sound",
        family="clip_sound",
        about="sounds for a silent clip",
        modes={"clip_sound": Mode(needs=("video",))},
        fields={"title": "name", "video": "video_url", "prompt": "caption", "seed": "seed"},
        formats={"video": ("mp4", "avi", "mov", "mkv")},
        sound="always",
    ),
    Model(
        id="photobook",
        family="photobook",
        about="photos of a person in a place",
        modes={"photobook": Mode(needs=("face",))},
        fields={
            "title": "name",
            "face": "face_image_url",
            "place": "location",
            "clothing": "clothing",
            "count": "total_count",
        },
        send={"total_count": 4},
        most={"count": 16},
    ),
)
