"""Everything long shows that it lives, and ends in counts that another run would show too."""

import os
import signal
import sys
import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest

from onetrail.aws.telling import say_line
from onetrail.change.interrupt import Stopped, ended_by_signals
from onetrail.progress import Progress
from onetrail.show import progress as module
from onetrail.show.progress import LivePanel


class Shown:
    """What a notebook shows: each output, as it was and as it is."""

    def __init__(self):
        self.outputs, self.all = [], []

    def display(self, shown, display_id=False):
        self.outputs.append(shown)
        self.all.append(shown)
        place = len(self.outputs) - 1

        def update(new):
            self.outputs[place] = new
            self.all.append(new)

        return SimpleNamespace(update=update) if display_id else None

    @property
    def texts(self):
        return [str(one) for one in self.outputs if str(one)]


@pytest.fixture
def notebook(monkeypatch):
    """A kernel in which a person looks."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    shown = Shown()
    monkeypatch.setattr(module, "_in_notebook", lambda: True)
    monkeypatch.setattr(module, "_display", shown.display)
    monkeypatch.setattr(module, "_TICK_SECONDS", 3600)
    return shown


def a_copy(panel, clock):
    """Two buckets, of which the pilot copied two objects each, a minute of copying, and a word to slow down."""
    panel.sent("s3:PutBucketPolicy archive", 1, 3)
    panel(Progress("copied", "a", 0, 1000))
    panel(Progress("copied", "b", 2, 1000, before=2))
    for second in range(61):
        clock[0] = float(second)
        panel.tick()
    for second in range(1, 11):
        clock[0] = 60.0 + second
        panel(Progress("copied", "b", 2 + 10 * second, 1000, size=1_000_000, retries=3, before=2))
        panel.tick()


def test_a_person_sees_what_how_many_how_fast_and_how_long(notebook):
    """In the order of a sentence, with a bar, the calls and a way to stop."""
    clock = [0.0]
    with LivePanel(monotonic=lambda: clock[0]) as panel:
        a_copy(panel, clock)
        button, work, calls = notebook.outputs
        line = "102 of 2,000 objects copied, 0 of 2 old buckets, 1.00 MB, 3.3 per second, 9 min 29 s left, 3 retries"
        assert work.text.splitlines()[0] == line
        assert '<progress value="102" max="2000"></progress>' in work.html
        assert work.text.splitlines()[3:] == [
            "old bucket  objects     of  size (MB)  retries  state",
            "----------  -------  -----  ---------  -------  -----",
            "a                 0  1,000       0.00        0",
            "b               102  1,000       1.00        3",
            "----------  -------  -----  ---------  -------  -----",
            "all             102  2,000       1.00        3",
        ]
        assert "<summary>1 of 3 sent</summary>" in calls.html and "PutBucketPolicy archive" in calls.text
        assert 'data-commandlinker-command="kernelmenu:interrupt"' in button.html
        assert "Stopping is safe" in button.text and "■" in button.text
        panel.say("S3 asks to slow down")
        panel.tick()
        assert "S3 asks to slow down" in notebook.outputs[1].text
        clock[0] += 60
        panel(Progress("copied", "b", 103, 1000, before=2))
        panel.tick()
        assert "S3 asks to slow down" not in notebook.outputs[1].text


def test_after_an_interruption_the_rate_and_the_time_left_are_those_of_this_run(notebook, monkeypatch):
    """10,088 of 10,939 objects were copied before: the bar begins at what is left, and so does the rate. Twin: with all
    of them counted as done now the rate would be ten thousand in a second."""
    monkeypatch.setattr(module, "_PICTURE_SECONDS", 3600)
    clock = [0.0]
    lines = {}
    for before in (0, 10_088):
        notebook.outputs.clear()
        with LivePanel(monotonic=lambda: clock[0]) as panel:
            panel(Progress("copied", "a", 0, 851))
            panel.tick()
            for _ in range(10):
                clock[0] += 1
                done = panel.standing.total("copied").done
                panel(Progress("copied", "a", done + 10 + (before if not done else 0), 851 + before))
                panel.tick()
            lines[before] = notebook.outputs[1].text.splitlines()[0]
    assert lines == {
        0: "100 of 851 objects copied, 10 per second, 1 min 15 s left",
        10_088: "10,188 of 10,939 objects copied, 1,019 per second, 1 s left",
    }


def test_it_ends_in_the_plain_table_and_the_number_of_calls(notebook):
    """However it ends: no rate, no time left, no button, nothing to come."""
    for error in (None, KeyboardInterrupt()):
        notebook.outputs.clear()
        clock = [0.0]
        panel = LivePanel(monotonic=lambda clock=clock: clock[0])
        try:
            with panel:
                a_copy(panel, clock)
                if error:
                    raise error
        except KeyboardInterrupt:
            pass
        assert notebook.texts[1] == "1 of 3 sent"
        assert notebook.texts[0].splitlines() == [
            "Copied, by old bucket",
            "old bucket  objects  size (MB)  retries  errors",
            "----------  -------  ---------  -------  ------",
            "a                 0       0.00        0       0",
            "b               102       1.00        3       0",
            "----------  -------  ---------  -------  ------",
            "all             102       1.00        3       0",
        ]
        assert not any("button" in one.html for one in notebook.outputs if hasattr(one, "html"))


def test_with_live_off_there_is_the_one_plain_table(notebook, monkeypatch, capsys):
    """And what was only read is one line, with the table folded below it."""
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    with LivePanel() as panel:
        a_copy(panel, [0.0])
        panel.say("a wait")
        panel(Progress("listed", "a", 1500, 1500, size=2_000, reads=True))
    assert [text.splitlines()[0] for text in notebook.texts] == [
        "Copied, by old bucket",
        "1,500 objects listed (2.00 kB), by old bucket",
    ]
    assert notebook.texts[0].splitlines()[1].split() == ["old", "bucket", "objects", "size", "(MB)", "errors"]
    assert len(notebook.all) == 2
    assert capsys.readouterr() == ("", "")


def test_a_look_that_tells_nothing_shows_nothing(notebook):
    """A short one was over before anything was drawn."""
    with LivePanel(look=True):
        pass
    assert notebook.outputs == []


def test_what_is_the_same_is_not_drawn_again(notebook):
    """So a fold that a person opened stays open. Twin: one more call is drawn."""
    clock = [0.0]
    with LivePanel(monotonic=lambda: clock[0]) as panel:
        panel.sent("s3:PutBucketPolicy a", 1, 2)
        panel.tick()
        drawn = len(notebook.all)
        panel.tick()
        assert len(notebook.all) == drawn
        panel.sent("s3:PutBucketPolicy b", 2, 2)
        panel.tick()
        assert len(notebook.all) == drawn + 1


def test_many_parts_and_many_calls_stay_short(notebook):
    """Those under way come first, and the record has the calls that are left out."""
    with LivePanel() as panel:
        for number in range(1000):
            panel.sent(f"s3:PutBucketPolicy bucket-{number}", number + 1, 2000)
            panel(Progress("copied", f"bucket-{number:04}", 1, 1 if number < 990 else 2))
        panel.tick()
        _, work, calls = notebook.outputs
        rows = [line.split()[0] for line in work.text.splitlines() if line.startswith("bucket-")]
        assert len(rows) == 24 and rows[-10:] == [f"bucket-{number:04}" for number in range(990, 1000)]
        assert "and 976 more" in work.text
        assert "(the record has the 500 before)" in calls.html and calls.html.count("PutBucketPolicy") == 501


def test_work_never_waits_for_the_drawing(notebook, monkeypatch):
    """A thread of its own draws. Twin: the thread that tells draws nothing."""
    monkeypatch.setattr(module, "_TICK_SECONDS", 0.01)
    drawing, names = threading.Event(), set()
    display = module._display

    def slow(shown, **how):
        names.add(threading.current_thread().name)
        drawing.set()
        return display(shown, **how)

    monkeypatch.setattr(module, "_display", slow)
    with LivePanel() as panel:
        panel(Progress("copied", "a", 1, 2))
        assert drawing.wait(60)
        assert threading.current_thread().name not in names


def test_where_nobody_watches_it_is_a_line_now_and_then(monkeypatch, capsys):
    """At most one each five seconds; calls and words come at once."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    clock = [100.0]
    panel = LivePanel(unattended=True, monotonic=lambda: clock[0])
    for second in range(11):
        clock[0] = 100.0 + second
        panel(Progress("copied", "a", 10 * second, 300, size=200_000 * second, retries=second // 5))
        panel.tick()
    panel.sent("s3:PutBucketPolicy a", 1, 2)
    panel.say("waits until noon")
    assert capsys.readouterr().err.splitlines() == [
        "50 of 300 objects copied, 1.00 MB, 10 per second, 25 s left, 1 retry",
        "100 of 300 objects copied, 2.00 MB, 10 per second, 20 s left, 2 retries",
        "s3:PutBucketPolicy a",
        "waits until noon",
    ]


def test_in_a_kernel_no_line_is_an_error(monkeypatch, capsys):
    """A notebook shows standard error in red. Twin: elsewhere it is standard error, and standard output is free for
    results."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    clock = iter(range(0, 1000, 50))
    panel = LivePanel(unattended=True, monotonic=lambda: next(clock))
    panel(Progress("copied", "a", 1))
    panel.tick()
    say_line("one")
    assert capsys.readouterr() == ("", "1 object copied, – per second\none\n")
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=1)))
    panel = LivePanel(unattended=True, monotonic=lambda: next(clock))
    panel(Progress("copied", "a", 2))
    panel.tick()
    panel.sent("two", 1, 1)
    assert capsys.readouterr() == ("2 objects copied, – per second\ntwo\n", "")


def test_a_stop_that_was_asked_for_is_shown_until_it_is_through(notebook):
    """Who presses the button sees that it was heard. Twin: before it nothing of the kind is there."""
    with LivePanel() as panel:
        panel(Progress("copied", "a", 1, 2))
        panel.tick()
        assert "Stopping" not in notebook.outputs[1].text
        with pytest.raises(Stopped), ended_by_signals(panel.say):
            with suppress(Stopped):
                os.kill(os.getpid(), signal.SIGINT)
                signal.sigtimedwait([], 0.01)
            panel.tick()
            assert "Stopping: what is under way ends first" in notebook.outputs[1].text


@pytest.mark.parametrize(("seconds", "pictures"), [(10, 0), (60, 1)])
def test_a_picture_is_drawn_of_what_took_its_time(notebook, seconds, pictures):
    """Twin: what was over at once has none, and neither has what was stopped."""
    clock = [0.0]
    with LivePanel(monotonic=lambda: clock[0]) as panel:
        for second in range(seconds + 1):
            clock[0] = float(second)
            panel(Progress("copied", "a", second, seconds))
            panel.tick()
    assert sum("Objects copied: 60 in 60.0 s, 1 per second." in text for text in notebook.texts) == pictures
