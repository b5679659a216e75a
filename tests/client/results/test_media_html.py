"""`Media` in a notebook: a table that is escaped and has no colours of its own."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from xmedia import Media, ProcessingFailure, ProcessingInfo, VideoInfo

FULL = Media(
    media_id=1,
    expires_after_secs=86400,
    processing_info=ProcessingInfo(
        state="failed", error=ProcessingFailure(code=1, name="InvalidMedia", message="Unsupported video format")
    ),
    received_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
)


class Texts(HTMLParser):
    """Collects the names of tags and what stands between them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize(
    ("media", "texts"),
    [
        (Media(media_id=1), ["state", "not known", "media_id", "1"]),
        (Media(media_id=1, command="INIT"), ["state", "not finalized", "media_id", "1"]),
        (Media(media_id=1, command="FINALIZE", size=10240), ["ready", "10,240 bytes"]),
        (Media(media_id=1, command="STATUS", processing_info=ProcessingInfo(state="failed")), ["failed"]),
        (
            Media(media_id=1, processing_info=ProcessingInfo(state="in_progress", progress_percent=8)),
            ["in_progress", "8 %"],
        ),
        (FULL, ["failed", "InvalidMedia, code 1, Unsupported video format", "2026-11-24 12:00:00 UTC"]),
    ],
)
def test_a_notebook_shows_a_table(media, texts):
    html = Texts(media._repr_html_())
    shown = " ".join(html.texts)
    assert ([text for text in texts if text not in shown], html.tags) == (
        [],
        {"table", "caption", "tbody", "tr", "th", "td"},
    )


def test_a_notebook_is_shown_nothing_unescaped_and_no_colours():
    evil = '<script>alert("x")</script>&\''
    media = Media(
        media_id=1,
        media_key=evil,
        processing_info=ProcessingInfo(state=evil, error=ProcessingFailure(name=evil, message=evil)),
        video=VideoInfo(video_type=evil),
    )
    html = media._repr_html_()
    assert ("script" in Texts(html).tags, "color" in html, evil in "".join(Texts(html).texts)) == (False, False, True)
