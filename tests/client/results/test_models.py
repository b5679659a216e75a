"""The result dataclasses: what they refuse, derive, show, and how they pass through Python's own tools."""

import copy
import dataclasses
import doctest
import pickle
import typing
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum

import pytest
import xmedia
from support.media import ID
from xmedia import (
    ImageInfo,
    InvalidInputError,
    Media,
    OAuth1,
    OAuth2,
    OAuth2Login,
    ProcessingFailure,
    ProcessingInfo,
    ProcessingState,
    Progress,
    RateLimit,
    RequestEvent,
    Result,
    Retry,
    Subtitle,
    TokenFile,
    UploadItem,
    VideoInfo,
)

LARGEST = 9_999_999_999_999_999_999
MOMENT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FAILURE = ProcessingFailure(code=1, name="InvalidMedia", message="Unsupported video format")
FULL = Media(
    media_id=ID,
    media_key=f"7_{ID}",
    size=10240,
    expires_after_secs=86400,
    processing_info=ProcessingInfo(state="failed", check_after_secs=5, progress_percent=12, error=FAILURE),
    image=ImageInfo(image_type="image/gif", w=320, h=240),
    video=VideoInfo(video_type="video/mp4"),
    command="STATUS",
    received_at=MOMENT,
    request_id="f00d",
    rate_limit=RateLimit(limit=615, remaining=614, reset_at=MOMENT),
    trace=(RequestEvent(command="STATUS", started_at=MOMENT),),
    raw={"media_id": ID, "new": [1, {"deep": None}]},
)
RECORDS = [
    FULL,
    Media(media_id=1, received_at=MOMENT),
    ProcessingInfo(state="a_new_state"),
    FAILURE,
    ImageInfo(),
    VideoInfo(),
    RateLimit(),
    Retry(),
    Progress(phase="upload", bytes_sent=1, total_bytes=2, segments_done=0, segments_total=1, elapsed=0.5),
    Result(item="clip.mp4", media=FULL),
    RequestEvent(command="INIT", started_at=MOMENT, status=202),
    UploadItem("clip.mp4", alt_text=None, additional_owners=(1,)),
    Subtitle(media_id=1, language_code="EN", display_name="English"),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
class TestEveryRecord:
    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_survives_pickling_with_every_field(self, record, protocol):
        assert states(pickle.loads(pickle.dumps(record, protocol))) == states(record)

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, dataclasses.replace])
    def test_survives_copying_with_every_field(self, record, duplicate):
        assert states(duplicate(record)) == states(record)

    def test_compares_and_hashes_by_value(self, record):
        assert (copy.deepcopy(record), hash(copy.deepcopy(record))) == (record, hash(record))

    def test_cannot_be_changed(self, record):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, dataclasses.fields(record)[0].name, None)

    def test_has_slots_and_keyword_fields(self, record):
        keyword = [field.name for field in dataclasses.fields(record) if field.init and not field.kw_only]
        assert (hasattr(record, "__dict__"), keyword) == (False, ["source"] if type(record) is UploadItem else [])

    def test_has_a_repr_that_makes_it_again(self, record):
        assert eval(repr(record), vars(xmedia) | {"datetime": __import__("datetime")}) == record

    def test_has_type_hints_that_resolve(self, record):
        assert set(typing.get_type_hints(type(record))) == {field.name for field in dataclasses.fields(record)}


def states(record):
    return [getattr(record, field.name) for field in dataclasses.fields(record)]


@pytest.mark.parametrize(
    ("media_id", "error"),
    [
        (0, InvalidInputError),
        (-1, InvalidInputError),
        (LARGEST + 1, InvalidInputError),
        (10**5000, InvalidInputError),
        (True, TypeError),
        ("1", TypeError),
        (1.0, TypeError),
        (None, TypeError),
        (Media(media_id=1), TypeError),
    ],
    ids=lambda value: type(value).__name__,
)
def test_media_refuses_what_is_no_id(media_id, error):
    with pytest.raises(error, match="media_id must be"):
        Media(media_id=media_id)


@pytest.mark.parametrize("media_id", [1, LARGEST, IntEnum("Id", {"ONE": 1}).ONE])
def test_media_keeps_an_id_as_a_plain_int_and_as_text(media_id):
    media = Media(media_id=media_id)
    expected = (int, int(media_id), str(int(media_id)), str(int(media_id)))
    assert (type(media.media_id), media.media_id, media.media_id_string, str(media)) == expected


def test_media_id_string_is_no_argument_and_follows_the_id():
    with pytest.raises(TypeError):
        Media(media_id=1, media_id_string="2")
    assert dataclasses.replace(FULL, media_id=7).media_id_string == "7"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"processing_info": {"state": "pending"}}, TypeError),
        ({"size": "10"}, TypeError),
        ({"size": True}, TypeError),
        ({"raw": None}, TypeError),
        ({"received_at": 5}, TypeError),
        ({"received_at": datetime(2026, 1, 1)}, InvalidInputError),
        ({"command": "APPEND"}, InvalidInputError),
    ],
)
def test_media_refuses_wrong_fields(arguments, error):
    with pytest.raises(error):
        Media(media_id=1, **arguments)


def test_media_received_at_is_kept_in_utc():
    media = Media(media_id=1, received_at=MOMENT.astimezone(timezone(timedelta(hours=2))))
    assert (media.received_at, media.received_at.tzinfo) == (MOMENT, UTC)


def test_comparison_leaves_out_how_the_answer_came():
    other = Media(
        media_id=FULL.media_id,
        media_key=FULL.media_key,
        size=FULL.size,
        processing_info=FULL.processing_info,
        image=FULL.image,
        video=FULL.video,
    )
    assert (other, hash(other)) == (FULL, hash(FULL))
    assert dataclasses.replace(FULL, size=1) != FULL


def test_asdict_goes_all_the_way_down():
    assert dataclasses.asdict(FULL)["processing_info"] == {
        "state": "failed",
        "check_after_secs": 5,
        "progress_percent": 12,
        "error": {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"},
    }


def test_media_matches_by_keyword():
    match FULL:
        case Media(processing_info=ProcessingInfo(state="failed", error=ProcessingFailure(name=name))):
            assert name == "InvalidMedia"
        case _:
            pytest.fail("the pattern should fit")


@pytest.mark.parametrize(
    ("state", "expected"),
    [(state.value, state) for state in ProcessingState] + [(ProcessingState.FAILED, ProcessingState.FAILED)],
)
def test_a_documented_state_becomes_a_processing_state(state, expected):
    assert ProcessingInfo(state=state).state is expected


def test_an_undocumented_state_stays_a_str():
    state = ProcessingInfo(state="processing").state
    assert (type(state), state) == (str, "processing")


def test_a_state_shows_its_quoted_value():
    assert (repr(ProcessingState.IN_PROGRESS), str(ProcessingState.IN_PROGRESS)) == ("'in_progress'", "in_progress")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"state": None}, TypeError),
        ({"state": "failed", "error": {"code": 1}}, TypeError),
        ({"state": "pending", "check_after_secs": "5"}, TypeError),
        ({"state": "pending", "progress_percent": True}, TypeError),
    ],
)
def test_processing_info_refuses_wrong_types(arguments, error):
    with pytest.raises(error):
        ProcessingInfo(**arguments)


EMPTY = ProcessingFailure()


@pytest.mark.parametrize(
    ("command", "info", "ready", "failed"),
    [
        ("FINALIZE", None, True, False),
        ("STATUS", None, True, False),
        ("SIMPLE", None, True, False),
        ("INIT", None, False, False),
        (None, None, False, False),
        (None, ProcessingInfo(state="succeeded"), False, False),
        ("INIT", ProcessingInfo(state="succeeded"), False, False),
        ("FINALIZE", ProcessingInfo(state="succeeded"), True, False),
        ("STATUS", ProcessingInfo(state="succeeded", progress_percent=3), True, False),
        ("STATUS", ProcessingInfo(state="succeeded", error=EMPTY), False, True),
        ("STATUS", ProcessingInfo(state="in_progress", progress_percent=99, error=FAILURE), False, True),
        ("STATUS", ProcessingInfo(state="pending", error=EMPTY), False, True),
        ("STATUS", ProcessingInfo(state="a_new_state", error=EMPTY), False, True),
        ("STATUS", ProcessingInfo(state="failed"), False, True),
        (None, ProcessingInfo(state="failed"), False, True),
        ("STATUS", ProcessingInfo(state="pending"), False, False),
        ("STATUS", ProcessingInfo(state="in_progress", progress_percent=100), False, False),
        ("STATUS", ProcessingInfo(state="a_new_state"), False, False),
        ("STATUS", ProcessingInfo(state="Succeeded"), False, False),
        ("STATUS", ProcessingInfo(state=""), False, False),
    ],
)
def test_an_error_means_failed_and_only_a_finalized_answer_can_be_ready(command, info, ready, failed):
    media = Media(media_id=1, command=command, processing_info=info)
    assert (media.ready, media.failed) == (ready, failed)


def test_media_is_usable_until_the_second_in_which_it_expires():
    age = timedelta(seconds=100)
    media = Media(media_id=1, expires_after_secs=130, received_at=datetime.now(UTC) - age)
    assert not media.expired
    assert dataclasses.replace(media, expires_after_secs=99).expired


@pytest.mark.parametrize(
    ("expires_after_secs", "expires_at", "expired"),
    [
        (None, None, False),
        (0, MOMENT, True),
        (-5, MOMENT - timedelta(seconds=5), True),
        (1.5, MOMENT + timedelta(seconds=1.5), True),
        (100 * 365 * 86400, MOMENT + timedelta(days=100 * 365), False),
        (10**12, None, False),
        (10**20, None, False),
        (10**400, None, False),
        (float("inf"), None, False),
        (float("nan"), None, False),
    ],
)
def test_expires_at_counts_from_the_answer_and_is_none_beyond_the_calendar(expires_after_secs, expires_at, expired):
    # The answer came long ago by the clock of whoever runs this test, so MOMENT is moved there.
    past = datetime(2020, 1, 1, tzinfo=UTC)
    media = Media(media_id=1, expires_after_secs=expires_after_secs, received_at=past)
    expected = None if expires_at is None else past + (expires_at - MOMENT)
    assert (media.expires_at, media.expired) == (expected, expired)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (ProcessingInfo(state="pending", check_after_secs=5), "ProcessingInfo(state='pending', check_after_secs=5)"),
        (Media(media_id=1, raw={"a": 1}, request_id="x"), "Media(media_id=1)"),
        (Media(media_id=1, size=0, command="FINALIZE"), "Media(media_id=1, size=0, command='FINALIZE')"),
        (Retry(), "Retry(attempts=5, base_delay=0.5, max_delay=30.0)"),
        (UploadItem("a.mp4", wait=False, timeout=None), "UploadItem('a.mp4', wait=False, timeout=None)"),
        (Result(item=1, media=Media(media_id=1)), "Result(item=1, media=Media(media_id=1))"),
    ],
)
def test_a_repr_shows_what_is_there(record, expected):
    assert repr(record) == expected


@pytest.mark.parametrize("documented", [Media, ProcessingState, UploadItem, OAuth1, OAuth2, OAuth2Login, TokenFile])
def test_the_examples_in_the_docstrings_are_true(documented):
    examples = doctest.DocTestFinder().find(documented, module=False, globs=dict(vars(xmedia)))
    results = [doctest.DocTestRunner().run(example) for example in examples if example.examples]
    assert {result.failed for result in results} == {0}
