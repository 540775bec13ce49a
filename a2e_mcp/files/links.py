"""Links that editors, chats and notes make of a path, such as `vscode://file/home/ada/a.png:12`."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

# What leads to another computer, or to no file at all.
_ELSEWHERE = frozenset(
    re.findall(
        r"\S+",
        "http https ftp ftps sftp scp ssh git s3 gs gcs az azure abfs wasb oss cos r2 b2 hdfs ipfs ipns magnet ws wss"
        " rtmp rtsp smb nfs afp cifs dav davs webdav gdrive dropbox onedrive data blob mailto tel cid attachment"
        " content",
    )
)
_OF_THIS_COMPUTER = frozenset(
    re.findall(
        r"\S+",
        "computer vscode vscode-insiders vscodium vscode-file vscode-resource vscode-userdata cursor windsurf zed"
        " idea phpstorm pycharm webstorm jetbrains subl txmt mvim emacs obsidian localfile local-file resource editor"
        " finder",
    )
)
_LINK = re.compile(r"([a-z][a-z0-9+.-]+):(?=/)", re.IGNORECASE)
_WEB_VIEW = re.compile(r"https://file(?:\+|%2b)[^/]*\.vscode-(?:resource|cdn)[^/]*(?=/)", re.IGNORECASE)
_FILE_PARAMETERS = ("file", "path", "url", "uri")
_PLACE = re.compile(r"(.+\.[A-Za-z0-9]{1,8})(?:(?::\d+){1,2}|[?#].*)", re.DOTALL)


def is_link_to_file(text: str) -> bool:
    """Whether a text has the form of a link to a file on this computer; whether there is one, only a look tells."""
    link = _LINK.match(text)
    if link is None or link[1].lower() == "file":
        return False
    if link[1].lower() in _ELSEWHERE:
        return _WEB_VIEW.match(text) is not None
    return link[1].lower() in _OF_THIS_COMPUTER or text[link.end() :].startswith("//")


def is_known_link(text: str) -> bool:
    """Whether a link certainly names a file on this computer."""
    link = _LINK.match(text)
    return link is not None and (link[1].lower() in _OF_THIS_COMPUTER or _WEB_VIEW.match(text) is not None)


def linked_paths(text: str) -> list[str]:
    """The full paths that a link may name, the likeliest first."""
    web_view = _WEB_VIEW.match(text)
    if web_view is not None:
        return [unquote(text[web_view.end() :])]
    try:
        parts = urlsplit(text)
    except ValueError:
        return []
    named = [each for name in _FILE_PARAMETERS for each in parse_qs(parts.query).get(name, ())]
    # Some put a word before the path, such as `file`, and some leave out its first slash.
    path = f"/{unquote(parts.path).lstrip('/')}"
    # Without any slash more, what follows is the path in an allowed folder.
    below = [f"/{parts.netloc}{path}", unquote(f"{parts.netloc}{parts.path}")] if parts.netloc else []
    written = "/" + text.partition(":")[2].removeprefix("//").removeprefix(parts.netloc).lstrip("/")
    return list(dict.fromkeys(re.sub(r"^/(?=[A-Za-z]:/)", "", each) for each in (*named, path, *below, written)))


def without_place(text: str) -> str | None:
    """A path without the place in the file that follows it, such as `:12`, `#t=5` or `?raw=1`; None without one."""
    found = _PLACE.fullmatch(text)
    return found[1] if found else None
