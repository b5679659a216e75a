"""How the mock server processes: what FINALIZE and each STATUS answer."""

import time

import pytest
from support.media import ID, MP4, PNG
from support.mock_http import call, status, upload
from xmedia import ProcessingFailure, ProcessingInfo
from xmedia.testing import MockServer


def server(processing=("pending", "in_progress", "succeeded"), check_after_secs=0.05, **options):
    return MockServer(verify_auth=False, processing=processing, check_after_secs=check_after_secs, **options)


def info(answer):
    return answer.json.get("data", answer.json)["processing_info"]


def test_finalize_answers_the_first_and_each_status_in_time_the_next(api):
    with server() as mock:
        media_id, answer = upload(mock, MP4, api=api)
        processing = [info(answer)]
        for _ in range(3):
            time.sleep(0.06)
            processing.append(info(status(mock, media_id, api)))
    assert processing == [
        {"state": "pending", "check_after_secs": 0.05},
        {"state": "in_progress", "check_after_secs": 0.05, "progress_percent": 50},
        {"state": "succeeded", "progress_percent": 100},
        {"state": "succeeded", "progress_percent": 100},
    ]


def test_a_status_that_comes_too_early_is_answered_the_same_again():
    with server(check_after_secs=60) as mock:
        media_id, _ = upload(mock, MP4)
        assert [info(status(mock, media_id))["state"] for _ in range(3)] == ["pending"] * 3


def test_whole_seconds_are_written_as_integers():
    with server(check_after_secs=1) as mock:
        assert b'"check_after_secs":1,' in upload(mock, MP4)[1].body


def test_a_failed_video_says_why():
    with server(("failed",)) as mock:
        processing = info(upload(mock, MP4)[1])
    assert processing["state"] == "failed"
    assert processing["error"] == {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}


def test_a_dict_is_sent_as_it_is():
    zombie = {"state": "in_progress", "progress_percent": 99, "error": {}, "check_after_secs": "soon"}
    with server((zombie, "succeeded")) as mock:
        media_id, answer = upload(mock, MP4)
        assert info(answer) == zombie
        assert info(status(mock, media_id))["state"] == "succeeded"


def test_a_processing_info_is_sent_without_what_it_lacks():
    error = ProcessingFailure(code=3, name="UnsupportedMedia")
    given = ProcessingInfo(state="failed", progress_percent=12, error=error)
    with server((given,)) as mock:
        processing = info(upload(mock, MP4)[1])
    assert processing == {"state": "failed", "progress_percent": 12, "error": {"code": 3, "name": "UnsupportedMedia"}}


def test_without_processing_finalize_ends_it(api):
    with server(None) as mock:
        media_id, answer = upload(mock, MP4, api=api)
        processing = answer.json.get("data", answer.json)
        assert "processing_info" not in processing
        assert processing["video"] == {"video_type": "video/mp4"}
        assert status(mock, media_id, api).status == (404 if api == "1.1" else 400)


@pytest.mark.parametrize(
    ("media_type", "media_category", "data", "processed"),
    [
        ("video/mp4", "tweet_video", MP4, True),
        ("video/mp4", "TweetVideo", MP4, True),
        ("video/mp4", "amplify_video", MP4, True),
        ("video/mp4", None, MP4, False),
        ("image/gif", "tweet_gif", b"GIF89a" + bytes(20), True),
        ("image/gif", None, b"GIF89a" + bytes(20), False),
        ("image/png", "tweet_image", PNG, False),
        ("text/srt", "subtitles", b"1\n00:00:00,000 --> 00:00:01,000\nHello\n", False),
    ],
)
def test_only_videos_and_animated_gifs_with_a_category_are_processed(media_type, media_category, data, processed):
    with server() as mock:
        answer = upload(mock, data, media_type=media_type, media_category=media_category)[1]
    assert ("processing_info" in answer.json) is processed


def test_a_second_finalize_is_answered_with_the_current_status_and_changes_nothing(api):
    path = {"1.1": "/1.1/media/upload.json?command=FINALIZE&media_id={}", "2": "/2/media/upload/{}/finalize"}[api]
    with server() as mock:
        media_id, first = upload(mock, MP4, api=api)
        again = call(mock, "POST", path.format(media_id))
        assert (again.status, info(again)) == (first.status, info(first))
        time.sleep(0.06)
        status(mock, media_id, api)
        assert info(call(mock, "POST", path.format(media_id)))["state"] == "in_progress"
        effects = [request.effect for request in mock.requests if request.command == "FINALIZE"]
    assert effects == [True, False, False]


def test_status_before_finalize_is_not_found(api):
    with server() as mock:
        media_id, _ = upload(mock, MP4, api=api, finalize=False)
        assert status(mock, media_id, api).status == (404 if api == "1.1" else 400)


def test_added_media_can_have_its_own_course_and_be_finalized_already():
    with server() as mock:
        mock.add_media(ID, processing=("succeeded",))
        mock.add_media(7, finalized=True)
        path = f"/1.1/media/upload.json?command=FINALIZE&media_id={ID}"
        assert info(call(mock, "POST", path))["state"] == "succeeded"
        assert info(status(mock, 7))["state"] == "pending"


def test_the_course_can_be_changed_for_what_comes():
    with server() as mock:
        before, _ = upload(mock, MP4, finalize=False)
        mock.set_processing(("succeeded",))
        assert info(upload(mock, MP4)[1])["state"] == "succeeded"
        path = f"/1.1/media/upload.json?command=FINALIZE&media_id={before}"
        assert info(call(mock, "POST", path))["state"] == "pending"


def test_the_state_of_media_follows():
    with server(check_after_secs=0.01) as mock:
        media_id, _ = upload(mock, MP4, finalize=False)
        seen = [mock.media(media_id).state]
        call(mock, "POST", f"/1.1/media/upload.json?command=FINALIZE&media_id={media_id}")
        for _ in range(3):
            seen.append(mock.media(media_id).state)
            time.sleep(0.02)
            status(mock, media_id)
    assert seen == ["appending", "pending", "in_progress", "succeeded"]
