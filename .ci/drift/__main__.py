"""Says where X's OpenAPI document and xmedia have drifted apart: `make drift SPEC=openapi.json`.

Every request of API 2 that xmedia sends for media, and every answer that the mock server gives to it, is compared with
the document. The exit status is 1 if anything deviates. Nothing is asked of any other machine.
"""

import argparse
import json
from pathlib import Path

from document import Document
from exchanges import exchanges


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "document", type=Path, help="X's OpenAPI document (JSON), from https://api.x.com/2/openapi.json"
    )
    path = parser.parse_args().document
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{path} cannot be read as JSON: {error}")
    if not isinstance(content, dict) or not content.get("paths"):
        parser.error(f"{path} is JSON, but no OpenAPI document: it has no paths")
    document = Document(content)
    done = exchanges()
    found = document.deviations(done)
    for line in found:
        print(line)
    print(f"{len(done)} exchanges, {len(found)} deviations")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
