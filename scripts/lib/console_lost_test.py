"""The console while its server is away, in a real browser; see scripts/console."""

import unittest

from console_server import Server
from console_test import Reader, call, order, status, wait


def waiting():
    """A run that goes on until somebody says so."""
    call("POST", "/v1/admin/workflows", {"name": "asks-somebody", "version": "1.0.0", "steps": [{"id": "ask", "await": {"signal": "go"}}]})
    run = call("POST", "/v1/workflows/asks-somebody/start", {})["runId"]
    wait("it waits", lambda: call("GET", f"/v1/runs/{run}")["steps"][0]["status"] == "WAITING", 60)
    return run


class LostTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.close)
        self.reader = Reader(url=self.server.url)
        self.addCleanup(self.reader.close)
        self.reader.log_in()

    def lose(self):
        # Who loads the page again loses this.
        self.reader.driver.execute_script("window.kept = 'yes'")
        self.server.stop()
        self.reader.until(lambda: "does not answer" in self.reader.text("#lost"), "it is said that the server is away", 60)
        self.assertIn("Offline", self.reader.text("#live"))

    def find(self):
        self.server.start()
        self.reader.until(lambda: not self.reader.all("#lost") and "Live" in self.reader.text("#live"), "the page is live again", 60)

    def is_kept(self):
        return self.reader.driver.execute_script("return window.kept") == "yes"

    def test_a_run_is_kept_in_sight_and_followed_again(self):
        run = waiting()
        self.reader.open(f"/console/runs/{run}")
        self.reader.until(lambda: "Live" in self.reader.text("#live"), "the page is live")
        before = self.reader.text("#run-head .title")
        self.lose()
        self.assertEqual(self.reader.text("#run-head .title"), before)
        self.assertEqual(self.reader.axe(), [])
        self.reader.shoot("lost")
        self.find()
        # What happens from now on is seen, though nobody has touched the page.
        call("POST", f"/v1/runs/{run}/signals/go", {})
        self.reader.until(lambda: "Completed" in self.reader.text("#run-head .title"), "the end is seen", 60)
        self.assertTrue(self.is_kept())

    def test_what_has_happened_meanwhile_is_there_afterwards(self):
        run = waiting()
        self.reader.open(f"/console/runs/{run}")
        self.reader.until(lambda: "Live" in self.reader.text("#live"), "the page is live")
        self.lose()
        call("POST", f"/v1/runs/{run}/signals/go", {})
        wait("it ends", lambda: status(run) == "COMPLETED", 60)
        self.assertNotIn("Completed", self.reader.text("#run-head .title"))
        self.find()
        self.reader.until(lambda: "Completed" in self.reader.text("#run-head .title"), "the end is seen", 60)
        self.assertTrue(self.is_kept())

    def test_a_list_says_so_too(self):
        order()
        self.reader.open("/console/runs")
        rows = len(self.reader.all("tr[data-key]"))
        self.lose()
        self.assertEqual(len(self.reader.all("tr[data-key]")), rows)
        self.find()
        self.assertTrue(self.is_kept())


if __name__ == "__main__":
    unittest.main(verbosity=2)
