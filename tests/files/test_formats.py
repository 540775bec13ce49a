"""Files by their content: tracks decide what is a sound, and only what A2E takes is sent."""

from __future__ import annotations

import zipfile
from pathlib import Path

from PIL import Image

from tests.support.media import container, png, wav
from tests.support.server import ServerUnderTest, open_server

DATA = Path(__file__).with_name("data")
CONTAINERS = (
    # ending, format, sound, pictures
    ("m4a", "ipod", "aac", ""),
    ("mp4", "mp4", "aac", "mpeg4"),
    ("3gp", "3gp", "aac", "mpeg4"),
    ("mov", "mov", "aac", "mpeg4"),
    ("webm", "webm", "libopus", "libvpx"),
    ("mkv", "matroska", "aac", "mpeg4"),
    ("ts", "mpegts", "mp2", "mpeg1video"),
    ("mpg", "mpeg", "mp2", "mpeg1video"),
    ("avi", "avi", "pcm_s16le", "mpeg4"),
    ("wmv", "asf", "libmp3lame", "mpeg4"),
    ("flv", "flv", "aac", "flv"),
    ("ogg", "ogg", "libopus", ""),
)


async def as_sound(server: ServerUnderTest, name: str) -> str:
    """What a quote for a video that speaks this file says."""
    arguments = {"audio": name, "avatar": "Ada"}
    return (await server.call("quote_job", tool="start_avatar_video", arguments=arguments)).text


async def as_clip(server: ServerUnderTest, name: str) -> str:
    """What a quote for the removal of this file's captions says."""
    return (await server.call("quote_job", tool="start_caption_removal", arguments={"video": name})).text


async def as_picture(server: ServerUnderTest, name: str) -> str:
    """What a quote for a clip that begins with this file says."""
    arguments = {"image": name, "prompt": "she waves"}
    return (await server.call("quote_job", tool="start_image_to_video", arguments=arguments)).text


async def test_a_file_with_only_sound_is_a_sound_in_every_container(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for ending, kind, sound, pictures in CONTAINERS:
            container(server.inbox / f"sound.{ending}", kind, audio=sound)
            assert "would cost" in await as_sound(server, f"sound.{ending}"), kind
            assert "is an audio file; a video is needed" in await as_clip(server, f"sound.{ending}"), kind
            if pictures:
                container(server.inbox / f"both.{ending}", kind, audio=sound, video=pictures)
                assert "is a video; an audio file is needed" in await as_sound(server, f"both.{ending}"), kind
                assert "would cost" in await as_clip(server, f"both.{ending}"), kind
                container(server.inbox / f"mute.{ending}", kind, video=pictures)
                assert "would cost" in await as_clip(server, f"mute.{ending}"), kind
        for name in ("m4a_isom.m4a", "memo.webm"):
            (server.inbox / name).write_bytes((DATA / name).read_bytes())
            assert "would cost" in await as_sound(server, name), name


async def test_the_brand_and_the_name_of_a_file_decide_nothing(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        sound = container(server.inbox / "voice.mp4", "mp4", audio="aac").read_bytes()
        film = container(server.inbox / "film.m4a", "mp4", audio="aac", video="mpeg4").read_bytes()
        for brand in (b"isom", b"mp42", b"M4A ", b"M4V ", b"qt  ", b"3gp6", b"3g2a", b"F4V ", b"dash", b"xxxx"):
            (server.inbox / "voice.mp4").write_bytes(sound[:8] + brand + sound[12:])
            (server.inbox / "film.m4a").write_bytes(film[:8] + brand + film[12:])
            assert "would cost" in await as_sound(server, "voice.mp4"), brand
            assert "would cost" in await as_clip(server, "film.m4a"), brand
            assert "is a video" in await as_sound(server, "film.m4a"), brand
        # Without its list of tracks it is nothing that could be played.
        (server.inbox / "cut.mp4").write_bytes(film[: film.index(b"moov") - 4])
        assert "cut.mp4 is MP4 without a list of tracks: it is incomplete" in await as_clip(server, "cut.mp4")


async def test_only_pictures_that_a2e_takes_are_sent(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        picture = Image.new("RGB", (64, 64), "teal")
        for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP"):
            picture.save(server.inbox / "taken.heic", kind)
            assert "would cost" in await as_picture(server, "taken.heic"), kind
        start = {
            "CR2": b"II*\0\x10\0\0\0CR\2\0",
            "CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
            "DWG": b"AC1032\0\0\0\0\0\0",
            "PSD": b"8BPS\0\1\0\0\0\0\0\0",
            "HEIC": b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf",
            "AVIF": b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf",
            "JPEG XL": b"\xff\x0a\0\0\0\0\0\0",
            "RAF": b"FUJIFILMCCD-RAW 0201\0\0\0\0\0\0",
            "DICOM": bytes(128) + b"DICM",
            "SVG": b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        }
        for name, content in start.items():
            (server.inbox / "photo.jpg").write_bytes(content + b"\xf0\x9f\0\xff" * 20 * (name != "SVG"))
            told = await as_picture(server, "photo.jpg")
            assert f"photo.jpg is {name}" in told, name
            assert "which A2E does not take" in told
            assert "Save it as JPEG or PNG" in told
        for kind, name in (
            ("ICO", "ICO"),
            ("TIFF", "TIFF"),
            ("JPEG2000", "JPEG 2000"),
            ("AVIF", "AVIF"),
            ("PPM", "PPM"),
            ("TGA", "TGA"),
        ):
            picture.save(server.inbox / "photo.jpg", kind)
            assert f"photo.jpg is {name}" in await as_picture(server, "photo.jpg"), kind
        for name, called in (("p.heic", "HEIC"), ("p.ico", "ICO")):
            (server.inbox / name).write_bytes((DATA / name).read_bytes())
            assert f"{name} is {called}" in await as_picture(server, name)
            assert f"{name} is a picture; an audio file is needed" in await as_sound(server, name)


async def test_a_file_whose_end_is_missing_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        picture = Image.effect_noise((64, 64), 50).convert("RGB")
        for ending in ("png", "jpg", "webp"):
            picture.save(server.inbox / f"whole.{ending}")
        container(server.inbox / "whole.mp4", "mp4", video="mpeg4", seconds=3)
        for ending, ask in (("png", as_picture), ("jpg", as_picture), ("webp", as_picture), ("mp4", as_clip)):
            whole = (server.inbox / f"whole.{ending}").read_bytes()
            if ending == "mp4":
                # As for the web: the list of tracks comes first.
                place = whole.index(b"moov") - 4
                whole = whole[: whole.index(b"free") - 4] + whole[place:] + whole[whole.index(b"mdat") - 4 : place]
                (server.inbox / "whole.mp4").write_bytes(whole)
            (server.inbox / f"part.{ending}").write_bytes(whole[: len(whole) * 2 // 3])
            (server.inbox / f"longer.{ending}").write_bytes(whole + b"trailer of a camera")
            assert "is incomplete: its end is missing. Download" in await ask(server, f"part.{ending}"), ending
            assert "would cost" in await ask(server, f"whole.{ending}"), ending
            assert "would cost" in await ask(server, f"longer.{ending}"), ending


async def test_a_recording_whose_end_is_missing_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    kinds = {
        "wav": ("wav", "pcm_s16le"),
        "aiff": ("aiff", "pcm_s16be"),
        "mp3": ("mp3", "libmp3lame"),
        "webm": ("webm", "libopus"),
    }
    async with open_server(tmp_path) as server:
        for ending, (kind, codec) in kinds.items():
            path = container(server.inbox / f"whole.{ending}", kind, audio=codec, seconds=6)
            whole = path.read_bytes()
            (server.inbox / f"part.{ending}").write_bytes(whole[: len(whole) * 3 // 5])
            assert "is incomplete: its end is missing. Download" in await as_sound(server, f"part.{ending}"), ending
            assert "incomplete" not in await as_sound(server, f"whole.{ending}"), ending
        # What was written into a pipe states no size.
        streamed = bytearray((server.inbox / "whole.wav").read_bytes())
        streamed[4:8] = streamed[streamed.index(b"data") + 4 : streamed.index(b"data") + 8] = b"\xff" * 4
        (server.inbox / "streamed.wav").write_bytes(streamed)
        assert "incomplete" not in await as_sound(server, "streamed.wav")


async def test_what_is_no_media_is_called_what_it_is(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        with zipfile.ZipFile(server.inbox / "zip.png", "w") as archive:
            archive.write(png(tmp_path))
        contents = {
            "page.png": (b"<!DOCTYPE html>\n<html><body><svg></svg></body></html>", "a web page"),
            "late.png": (b"\xef\xbb\xbf<!-- x -->\r\n<html lang=en>", "a web page"),
            "note.png": (b"BM of the week\nGIF, ID3 and PNG are words too.", "text"),
            "wide.png": ("﻿Hello, this is a note.".encode("utf-16-le"), "text"),
            "table.png": (b'{"url": "https://example.com/x.png"}', "text"),
            "photo.png.lnk": (b"L\0\0\0\x01\x14\2\0" + bytes(range(256)), "a shortcut of Windows, not the file itself"),
            "paper.png": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
            "zip.png": ((server.inbox / "zip.png").read_bytes(), "a ZIP file"),
        }
        for name, (content, called) in contents.items():
            (server.inbox / name).write_bytes(content)
            assert f"{name} is {called}; a picture is needed" in await as_picture(server, name), name
        (server.inbox / "nothing.png").write_bytes(b"")
        assert "nothing.png is empty" in await as_picture(server, "nothing.png")
        (server.inbox / "tune.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\2\0\x60MTrk")
        assert "tune.mid is MIDI" in await as_sound(server, "tune.mid")
        assert "Save it as MP3 or WAV" in await as_sound(server, "tune.mid")


async def test_a_sound_may_be_longer_by_what_its_encoder_adds(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        png(server.inbox, "zoe.png")
        container(server.inbox / "twenty.mp3", "mp3", audio="libmp3lame", seconds=20)
        wav(server.inbox, "longer.wav", seconds=20.2)
        arguments = {"image": "zoe.png", "consent": "The user says that it is a drawing."}
        for name, words in (("twenty.mp3", "would cost"), ("longer.wav", "at most 20 s")):
            quote = {"tool": "start_talking_photo", "arguments": {**arguments, "audio": name}}
            assert words in (await server.call("quote_job", **quote)).text, name
