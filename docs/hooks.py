"""What MkDocs does besides: adds made pages, takes in those that stand elsewhere, and mends links that leave docs."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from rekeyspec.cli.pages import pages

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = {
    "index.md": "README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
    "specification.md": "spec/README.md",
    "examples.md": "examples/README.md",
}
"""Pages of the site that stand elsewhere in the project, and where."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made and what stands elsewhere."""
    texts = pages() | {path: (ROOT / source).read_text(encoding="utf-8") for path, source in ELSEWHERE.items()}
    for path, text in texts.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A link to a file of the project leads to its page, where it has one; else only its name is left."""
    here = page.file.src_uri
    folder = (ROOT / ELSEWHERE[here]).parent if here in ELSEWHERE else (ROOT / "docs" / here).parent

    def led(link: re.Match[str]) -> str:
        words, target, part = link.group(1), link.group(2), link.group(3) or ""
        if re.match(r"[a-z]+:", target):
            return link.group(0)
        file = (folder / target).resolve()
        site = {(ROOT / source).resolve(): path for path, source in ELSEWHERE.items()}
        if file in site or ROOT / "docs" in file.parents:
            path = site.get(file) or file.relative_to(ROOT / "docs").as_posix()
            return f"[{words}]({'../' * here.count('/')}{path}{part})"
        return words if words.startswith("`") else f"`{words}`"

    return re.sub(r"(?<!!)\[([^\]\n]+)\]\(([^)#\s]+)(#[^)\s]*)?\)", led, markdown)
