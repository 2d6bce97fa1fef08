"""A run's graph and timeline under somebody's hands, in a real browser; see scripts/console."""

import unittest

from console_test import Reader, call, wait
from selenium.webdriver.common.action_chains import ActionChains

STEPS = 24


class PictureTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        # So many steps that the graph has more room than its frame, and one that waits until somebody says so.
        steps = [{"id": f"ask-{number}", "await": {"signal": f"go-{number}"}, "dependsOn": [f"ask-{number - 1}"] if number else []} for number in range(STEPS)]
        call("POST", "/v1/admin/workflows", {"name": "asks-often", "version": "1.0.0", "steps": steps})
        self.run_id = call("POST", "/v1/workflows/asks-often/start", {})["runId"]
        self.reaches(0)
        self.reader = Reader(size=(700, 900))
        self.addCleanup(self.reader.close)
        self.reader.log_in()
        self.reader.open(f"/console/runs/{self.run_id}")
        self.reader.until(lambda: self.reader.all(".tools"), "the tools of the graph", 60)

    def reaches(self, number):
        wait(f"step {number} waits", lambda: call("GET", f"/v1/runs/{self.run_id}")["steps"][number]["status"] == "WAITING", 60)

    def tool(self, text):
        """Not under the head of the page, which stays on top."""
        tool = next(button for button in self.reader.all(".tools button") if button.text == text)
        self.reader.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", tool)
        return tool

    def scrolled(self):
        return self.reader.driver.execute_script("return document.querySelector('svg.graph').parentElement.scrollLeft")

    def sees(self, number):
        return self.reader.driver.execute_script(
            "const step = document.getElementById(arguments[0]).getBoundingClientRect(), frame = document.querySelector('svg.graph').parentElement.getBoundingClientRect();"
            "return step.left >= frame.left && step.right <= frame.right;",
            f"graph-step-ask-{number}",
        )

    def test_the_graph_grows_and_shrinks_is_dragged_and_follows_what_is_at_work(self):
        width = lambda: float(self.reader.one("svg.graph").get_attribute("width"))
        own = width()
        self.tool("+").click()
        self.tool("+").click()
        self.assertAlmostEqual(width(), own * 1.25 * 1.25, delta=1)
        self.reader.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.reader.one("#graph-step-ask-0"))
        ActionChains(self.reader.driver).move_to_element(self.reader.one("#graph-step-ask-0 .box")).click_and_hold().move_by_offset(-150, 0).release().perform()
        self.reader.until(lambda: self.scrolled() >= 100, "the graph is moved")
        self.assertFalse(self.reader.all(".picture.dragged"))
        self.tool("Follow").click()
        self.reader.until(lambda: self.sees(0), "the step that waits is in sight")
        for number in range(3):
            call("POST", f"/v1/runs/{self.run_id}/signals/go-{number}", {})
        # Nobody touches the page.
        self.reader.until(lambda: "s-waiting" in self.reader.one("#graph-step-ask-3").get_attribute("class"), "the graph is renewed", 60)
        self.reader.until(lambda: self.sees(3), "the step that waits now is in sight", 60)
        self.assertAlmostEqual(width(), own * 1.25 * 1.25, delta=1)
        self.assertEqual(self.tool("Follow").get_attribute("aria-pressed"), "true")
        self.assertEqual(self.reader.axe(), [])
        self.assertEqual(self.reader.faults(), [])

    def test_the_timeline_names_the_moment_under_the_pointer(self):
        call("POST", f"/v1/runs/{self.run_id}/signals/go-0", {})
        self.reader.until(lambda: len(self.reader.all("svg.timeline .row")) >= 2, "the timeline has two rows", 60)
        self.reader.one("#live").click()
        timeline = self.reader.one("svg.timeline")
        self.reader.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", timeline)
        ActionChains(self.reader.driver).move_to_element(self.reader.one("svg.timeline .row .bar")).perform()
        self.reader.until(lambda: ":" in self.reader.one("svg.timeline .moment text").text, "the moment is named")


if __name__ == "__main__":
    unittest.main(verbosity=2)
