"""Makes README.md's links whole, as PyPI's page needs them: it shows the text without the files that links name.

Usage: published_readme.py README.md REPOSITORY REF, as in `… https://github.com/owner/name v1.2.3`. The release
workflow knows both; the repository does not say where it is kept.
"""

import re
import sys
from pathlib import Path

#: A link or a picture of Markdown: what stands before its target, and the target.
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)")


def relative_links(text: str) -> list[str]:
    """The targets that only a reader of the repository can open."""
    return [target for _, target in LINK.findall(text) if not re.match(r"https?://|mailto:|#", target)]


def published(text: str, repository: str, ref: str) -> str:
    """The text, with each file named by its address on a forge such as GitHub."""
    relative = set(relative_links(text))

    def whole(link: re.Match[str]) -> str:
        before, target = link.groups()
        if target not in relative:
            return link.group()
        view = "raw" if before.startswith("!") else "blob"
        return f"{before}{repository.rstrip('/')}/{view}/{ref}/{target}"

    return LINK.sub(whole, text)


def main() -> int:
    path, repository, ref = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    path.write_text(published(path.read_text("utf-8"), repository, ref), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
