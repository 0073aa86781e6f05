"""The form of a letter: the same blocks as plain text and as simple, accessible HTML.

No pictures, no scripts, nothing fetched; readable at 320 pixels and at 200 %; contrast at least 7:1.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Block", "Command", "Facts", "Heading", "Link", "Words", "as_html", "as_text"]

_WIDTH: Final = 72
_FONT: Final = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a"


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the letter."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An address to open."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Command:
    """Words to write at a terminal."""

    text: str


Block = Words | Heading | Facts | Link | Command


def as_text(blocks: Sequence[Block]) -> str:
    """Return the letter as plain text in lines of at most 72 characters; addresses and commands stay whole."""
    parts = []
    for block in blocks:
        if isinstance(block, Words):
            parts.append(_wrapped(block.text))
        elif isinstance(block, Heading):
            parts.append(f"{block.text}\n{'-' * len(block.text)}")
        elif isinstance(block, Facts):
            parts.append("\n".join(_wrapped(f"{label}: {value}", indent="    ") for label, value in block.rows))
        elif isinstance(block, Link):
            parts.append(f"{block.label}:\n{block.url}")
        else:
            parts.append(f"    {block.text}")
    return "\n\n".join(parts) + "\n"


def as_html(blocks: Sequence[Block], *, lang: str, title: str, heading: str | None = None) -> str:
    """Return the letter as one HTML page in the language ``lang``, with a heading of its own where one is given."""
    body = "\n".join(map(_html, blocks))
    if heading:
        body = f'<h1 style="margin:0 0 16px;font-size:26px;line-height:1.3">{html.escape(heading)}</h1>\n{body}'
    return (
        f'<!doctype html>\n<html lang="{html.escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light">\n'
        f"<title>{html.escape(title)}</title>\n</head>\n"
        f'<body style="margin:0;padding:24px 16px;background:#ffffff;{_FONT}">\n'
        f'<div role="article" lang="{html.escape(lang)}" style="max-width:600px;margin:0 auto">\n{body}\n'
        "</div>\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, Words):
        strong = "font-weight:bold;border-left:4px solid #8a1c1c;padding-left:12px;" if block.strong else ""
        return f'<p style="margin:0 0 16px;{strong}">{html.escape(block.text)}</p>'
    if isinstance(block, Heading):
        return f'<h2 style="margin:24px 0 8px;font-size:20px;line-height:1.3">{html.escape(block.text)}</h2>'
    if isinstance(block, Facts):
        rows = "".join(
            '<tr><th scope="row" style="text-align:left;vertical-align:top;font-weight:normal;color:#4a4a4a;'
            f'padding:4px 16px 4px 0;white-space:nowrap">{html.escape(label)}</th>'
            f'<td style="padding:4px 0;vertical-align:top;overflow-wrap:anywhere">{html.escape(value)}</td></tr>'
            for label, value in block.rows
        )
        return (
            '<table style="margin:0 0 16px;border-collapse:collapse;border-top:1px solid #767676;'
            f'border-bottom:1px solid #767676;width:100%">{rows}</table>'
        )
    if isinstance(block, Link):
        url, label = html.escape(block.url), html.escape(block.label)
        return (
            f'<p style="margin:0 0 16px"><a href="{url}" style="display:inline-block;padding:12px 20px;'
            f'background:#0b4a7a;color:#ffffff;text-decoration:none;border-radius:4px">{label}</a></p>\n'
            f'<p style="margin:0 0 16px;overflow-wrap:anywhere"><a href="{url}" style="color:#0b4a7a">{url}</a></p>'
        )
    return (
        '<p style="margin:0 0 16px;padding:8px 12px;background:#f2f2f2;overflow-wrap:anywhere">'
        f'<code style="font-size:15px">{html.escape(block.text)}</code></p>'
    )


def _wrapped(words: str, *, indent: str = "") -> str:
    return textwrap.fill(words, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
