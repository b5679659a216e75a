"""Each verb and its twin: the same arguments, the same results, one awaited."""

import inspect

import pytest
import xmedia

VERBS = sorted(name.removesuffix("_async") for name in dir(xmedia.Client) if name.endswith("_async"))
ITERATORS = {"watch", "wait_many", "upload_many"}


def test_every_verb_has_a_twin():
    other = {"aclose", "api", "base_url", "close", "closed", "from_env", "rate_limits", "stats", "with_options"}
    public = {name for name in dir(xmedia.Client) if not name.startswith("_")}
    assert public - other == {*VERBS, *(f"{verb}_async" for verb in VERBS)}
    assert {"initialize", "append", "finalize", "status", "wait", "watch"} <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_twins_take_the_same_arguments(verb):
    plain, awaited = (inspect.signature(getattr(xmedia.Client, name)) for name in (verb, f"{verb}_async"))
    # What is iterated over may be an async iterable where it is awaited; that is the one difference.
    taken = [
        each.replace(annotation=each.annotation.replace(" | AsyncIterable[_Item]", ""))
        for each in awaited.parameters.values()
        if each.name != "self"
    ]
    assert taken == [each for each in plain.parameters.values() if each.name != "self"]


@pytest.mark.parametrize("verb", VERBS)
def test_twins_bring_the_same(verb):
    plain, awaited = (inspect.signature(getattr(xmedia.Client, name)) for name in (verb, f"{verb}_async"))
    expected = plain.return_annotation
    if verb in ITERATORS:
        expected = f"Async{expected}"
    assert awaited.return_annotation == expected


@pytest.mark.parametrize("verb", VERBS)
def test_a_twin_is_a_coroutine_function_or_returns_an_async_iterator(verb):
    assert inspect.iscoroutinefunction(getattr(xmedia.Client, f"{verb}_async")) is (verb not in ITERATORS)
    assert not inspect.iscoroutinefunction(getattr(xmedia.Client, verb))


@pytest.mark.parametrize("verb", VERBS)
def test_the_sync_verb_is_described_and_its_twin_refers_to_it(verb):
    plain, awaited = (getattr(xmedia.Client, name).__doc__ for name in (verb, f"{verb}_async"))
    for section in ("Args:", "Raises:"):
        assert section in plain
    assert f"`{verb}`" in awaited
