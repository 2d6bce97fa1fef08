"""What the drivers share, without any peer.

PYTHONPATH=bench/peers/shared python3 -m unittest discover bench/peers/tests
"""

import asyncio
import os
import threading
import unittest
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import mock

import harness
import measure
from harness import Faulty, Place, Sample, System
from tuned import Tuned


@dataclass(frozen=True)
class Settings(Tuned):
    WORDS = {"shape": ("start", "queue")}

    shape: str = "start"
    processes: int = 2
    polling: float = 0.05
    uvloop: bool = False


class SettingsTests(unittest.TestCase):
    def test_what_is_named_last_counts_and_the_rest_keeps_its_default(self) -> None:
        read = Settings.parse("shape=queue,processes=3,uvloop=true,processes=1")
        self.assertEqual(read, Settings(shape="queue", processes=1, uvloop=True))
        self.assertEqual(Settings.parse(""), Settings())

    def test_what_is_printed_is_read_again(self) -> None:
        settings = Settings(shape="queue", processes=4, polling=1.0, uvloop=True)
        self.assertEqual(str(settings), "shape=queue,processes=4,polling=1.0,uvloop=true")
        self.assertEqual(Settings.parse(str(settings)), settings)

    def test_a_whole_number_of_seconds_is_a_number_of_seconds(self) -> None:
        self.assertEqual(Settings.parse("polling=1").polling, 1.0)

    def test_no_setting_is_taken_for_another_or_for_what_it_is_not(self) -> None:
        for text in (
            "shapes=start",
            "shape=threads",
            "processes=2.5",
            "processes=two",
            "processes=true",
            "uvloop=1",
            "uvloop=",
            "polling",
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                Settings.parse(text)


class MeasureTests(unittest.TestCase):
    def test_percentiles_are_values_that_were_measured(self) -> None:
        values = [float(value) for value in range(199, 0, -1)]
        self.assertEqual(measure.percentiles(values), {"p50": 100.0, "p99": 198.0})
        self.assertEqual(measure.percentiles([7.0]), {"p50": 7.0, "p99": 7.0})


class Records:
    """A store of which every question is answered as told before."""

    results = "records"

    def __init__(self, live: list[int], ended: float = 0) -> None:
        self.live_counts = live
        self._ended = ended
        self.asked: list[tuple[int, float]] = []

    def idle(self) -> bool:
        return self.live_counts.pop(0) == 0

    def live(self) -> int:
        raise AssertionError("asked within the first second")

    def require_success(self, count: int, since: float) -> None:
        self.asked.append((count, since))

    def last_completion(self, since: float) -> float:
        return self._ended


class Participant(BaseHTTPRequestHandler):
    calls: list[int] = []

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"calls": %d, "in_flight": 0}' % self.calls.pop(0))

    def log_message(self, *_: object) -> None:
        pass


class LoadTests(unittest.TestCase):
    def setUp(self) -> None:
        self.server = HTTPServer(("127.0.0.1", 0), Participant)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def measure(self, store: Records, calls: list[int]) -> tuple[dict[str, object], list[int]]:
        Participant.calls = calls
        started = []

        def run(count: int) -> float:
            started.append(count)
            return 1000.0

        system = System({"workers": [os.getpid()]}, store, run)
        place = Place("", self.server.server_port, "")
        return harness.load(system, place, Settings(processes=3), 100, {"postgres": os.getpid()}), started

    def test_a_round_lasts_from_the_first_start_to_the_last_end_that_was_recorded(self) -> None:
        store = Records([0, 1, 0], ended=1004.0)
        result, started = self.measure(store, [600, 900])
        self.assertEqual(started, [600, 100])
        self.assertEqual(store.asked, [(100, 1000.0)])
        self.assertEqual(store.live_counts, [], "each of the two was waited for")
        self.assertEqual((result["seconds"], result["workflows_per_second"]), (4.0, 25.0))
        self.assertEqual(result["calls_counted"], "participant")
        self.assertEqual(set(result["cpu_us_per_workflow"]), {"workers", "postgres", "driver"})

    def test_no_figure_comes_of_a_round_in_which_calls_are_missing(self) -> None:
        with self.assertRaisesRegex(Faulty, "answered 299 calls, not 300"):
            self.measure(Records([0, 0], ended=1004.0), [600, 899])


class LatencyTests(unittest.TestCase):
    def test_the_first_second_is_not_counted(self) -> None:
        taken = iter(range(9))

        async def sample() -> Sample:
            return Sample(0, next(taken))

        with mock.patch("asyncio.sleep", mock.AsyncMock()) as waited:
            samples = asyncio.run(harness.paced(sample, 2, rate=3))
        self.assertEqual([each.finish for each in samples], [3, 4, 5, 6, 7, 8])
        # Each starts a third of a second after the one before, from the first on.
        self.assertAlmostEqual(waited.await_args_list[8].args[0], 8 / 3, delta=0.5)

    def test_percentiles_are_of_starts_and_of_ends(self) -> None:
        result = harness.latency([Sample(1, 2)] * 20, Settings())
        self.assertEqual((result["runs"], result["accept_ms"]), (20, {"p50": 1, "p99": 1}))
        self.assertEqual(result["finish_ms"], {"p50": 2, "p99": 2})

    def test_a_workflow_is_asked_for_until_it_has_ended(self) -> None:
        answers = [False, False, True]
        sample = harness.watched(lambda: "id", lambda workflow: workflow == "id" and answers.pop(0))
        self.assertEqual(answers, [])
        self.assertLessEqual(sample.accept, sample.finish)


if __name__ == "__main__":
    unittest.main()
