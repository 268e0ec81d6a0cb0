"""A batch is judged as the model judges it, by whichever way: on the spot, or as whole streams."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.core.dates import END_OF_TIME, today_at, utc_text
from inventory_cli.core.events import Drafts, Event, Stream
from inventory_cli.core.judging import Forbidden, Grounds, Judge, Verdict
from inventory_cli.core.notes import MovedCount, met_counts
from inventory_cli.core.timeline import Judging, Problem, judge_timeline
from tests.core.notation import effects
from tests.properties.lives import (
    NOW,
    Entry,
    entries,
    event_of,
    folded,
    in_memory,
    possible,
    zones,
)
from tests.properties.slow_model import Shortage, SlowLedger

stories = st.lists(entries, max_size=8)
batches = st.lists(entries, min_size=1, max_size=14)


class Judged:
    """A batch behind what was recorded, by the model and as events."""

    def __init__(self, story: list[Entry], batch: list[Entry], errors: list[int], zone: str):
        self.slow = SlowLedger(ZoneInfo(zone))
        self.slow.record(fact for entry in possible(story, zone) for fact in entry)
        self.first = len(self.slow.facts) + 1
        self.batch = [fact for entry in batch for fact in entry]
        self.batch += [self.slow.reversal(n) for n in sorted(set(errors)) if n < self.first]
        after = SlowLedger(self.slow.zone, list(self.slow.facts))
        after.record(self.batch)
        self.events = [event_of(after, fact) for fact in after.facts]
        self.streams = {event.stream for event in self.events[self.first - 1 :]}

    def of(self, stream: Stream, start: str = "", end: str = END_OF_TIME) -> list[Event]:
        return [e for e in self.events if e.stream == stream and start <= e.effective_at <= end]

    def by_judge(self, allow_negative: bool) -> Verdict | Sequence[Problem]:
        today = today_at(utc_text(NOW), self.slow.zone)
        stored = folded(self.events[: self.first - 1])
        judge = Judge(
            Grounds(self.first, today, (), allow_negative, 0, self.slow.zone),
            stored.get,
            lambda stream, start, end: effects(self.of(stream, start, end)),
        )
        judge.take(Drafts.of(event.said for event in self.events[self.first - 1 :]))
        try:
            return judge.settle()
        except Forbidden as error:
            return error.problems

    def as_a_whole(self, stream: Stream, allow_negative: bool) -> tuple[Problem | None, list[str]]:
        """Why a stream refuses the batch over its whole timeline, and what is worth a word."""
        moved: list[MovedCount] = []
        by = Judging(self.first, allow_negative, 0, self.slow.zone)
        problem, days = judge_timeline(stream, effects(self.of(stream)), by, moved.append)
        notes = [one.in_words(0, self.slow.zone) for one in moved]
        for start, end in days:
            met = met_counts(effects(self.of(stream, start, end)), self.first)
            notes += [one.in_words(stream, self.slow.zone) for one in met]
        return problem, notes


@in_memory
@given(stories, batches, st.lists(st.integers(1, 8), max_size=2), zones, st.booleans())
def test_a_batch_is_judged_as_the_model_does_and_as_each_whole_stream_is(
    story: list[Entry], batch: list[Entry], errors: list[int], zone: str, allow_negative: bool
) -> None:
    given = Judged(story, batch, errors, zone)
    refusals = given.slow.refusals(given.batch, allow_negative)
    whole = {stream: given.as_a_whole(stream, allow_negative) for stream in given.streams}
    problems = {stream: problem for stream, (problem, _) in whole.items() if problem}
    assert problems.keys() == refusals.keys()
    for stream, why in refusals.items():
        if isinstance(why, Shortage):
            assert problems[stream].at == utc_text(why.moment)
            said = f"{why.on_hand} on hand then, {why.missing} missing"
            assert problems[stream].text == said
    verdict = given.by_judge(allow_negative)
    if not isinstance(verdict, Verdict):
        assert sorted(verdict) == sorted(problems.values())
        return
    assert not problems
    states = folded(given.events)
    assert verdict.states == {stream: states[stream] for stream in given.streams}
    assert sorted(verdict.notes.one_by_one()) == sorted(
        note for _, notes in whole.values() for note in notes
    )
