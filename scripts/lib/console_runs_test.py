"""Lists of the console in a real browser: charts, filters, columns, views, and what is asked of many runs; see scripts/console."""

import sys
import unittest
import urllib.error

from selenium.webdriver.support.ui import Select

from console_test import Reader, call, order, status, wait

# Nothing here is to end by itself while the browser looks at it.
LONG = "20s"


class RunsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.reader = Reader()
        cls.reader.log_in()

    @classmethod
    def tearDownClass(cls):
        cls.reader.close()

    def clean(self, reader=None):
        self.assertEqual((reader or self.reader).faults(), [])

    def waiting(self, correlation, count):
        """Orders that wait for a long call, of one correlation id."""
        runs = []
        for number in range(count):
            given = {"orderId": f"{correlation}-{number}", "amount": 20, "sku": "book", "quantity": 1, "email": "ada@example.org", "delay": LONG}
            body = {"input": given, "context": {"correlationId": correlation}}
            runs.append(call("POST", "/v1/workflows/order-processing/start", body)["runId"])
        return runs

    def in_inbox(self, run, kind):
        return any(event["kind"] == kind for event in call("GET", f"/v1/runs/{run}/events")["events"])

    def test_charts_tell_what_began_and_ended(self):
        run = order()
        wait("it completes", lambda: status(run) == "COMPLETED", 60)
        self.reader.open("/console/now")
        # Counts come within seconds, and the page shows them by itself.
        self.reader.until(lambda: self.reader.all(".chart svg.bars rect.good"), "the end is drawn", 60)
        self.reader.until(lambda: self.reader.all(".chart svg.bars rect.busy"), "the start is drawn", 60)
        self.assertRegex(self.reader.one(".chart svg").get_attribute("aria-label"), r"Starts, minute by minute: \d+ in the last hour")
        self.reader.one("#minutes-table > summary").click()
        self.assertIn("Completed", self.reader.text("#minutes-table"))
        self.assertEqual(self.reader.axe(), [])
        self.clean()

    def test_all_that_match_are_asked_and_progress_is_seen(self):
        runs = self.waiting("many-at-once", 4)
        other = self.waiting("left-alone", 1)[0]
        self.reader.open("/console/runs?correlationId=many-at-once")
        Select(self.reader.one("#bulk-action")).select_by_value("cancel")
        self.reader.one('button[value="all"]').click()
        self.reader.until(lambda: "4 runs?" in self.reader.text("h1").replace("\u202f", ""), "the question")
        self.assertEqual(self.reader.axe(), [])
        self.assertFalse(any(self.in_inbox(run, "cancel_requested") for run in runs))
        self.reader.one("#reason").send_keys("not wanted any more")
        self.reader.one("form .grave").click()
        self.reader.until(lambda: "Cancel: done" in self.reader.text("h1"), "all are asked", 60)
        self.assertIn("Asked of 4", self.reader.text("#progress"))
        self.assertEqual(self.reader.axe(), [])
        self.assertFalse(self.in_inbox(other, "cancel_requested"))
        place = self.reader.driver.current_url
        self.reader.driver.get(place)
        self.assertIn("Cancel: done", self.reader.text("h1"))
        call("POST", f"/v1/runs/{other}/cancel", {})
        self.clean()

    def test_filters_and_columns_without_scripts(self):
        runs = self.waiting("without-scripts", 2)
        plain = Reader(scripts=False)
        try:
            plain.log_in()
            plain.open("/console/runs?correlationId=without-scripts")
            plain.one("#columns > summary").click()
            for box in ["took", "deadline"]:
                plain.one(f"#c-{box}").click()
            plain.one("#f-version").send_keys("9.9.9")
            plain.one(".filters .buttons .button").click()
            plain.until(lambda: "version=9.9.9" in plain.driver.current_url, "the filter is in the address", 60)
            self.assertIn("column=deadline", plain.driver.current_url)
            self.assertNotIn("column=took", plain.driver.current_url)
            self.assertIn("No run matches", plain.text("#runs"))
            plain.one("#f-version").clear()
            plain.one(".filters .buttons .button").click()
            plain.until(lambda: runs[0][-12:] in plain.text("#runs"), "both are there", 60)
            self.assertIn("Deadline", plain.text("#runs thead"))
            self.assertNotIn("Took", plain.text("#runs thead"))
            # What is asked of all that match goes step by step, with a button.
            Select(plain.one("#bulk-action")).select_by_value("cancel")
            plain.one('button[value="all"]').click()
            plain.until(lambda: "2 runs?" in plain.text("h1"), "the question", 60)
            plain.one("form .grave").click()
            plain.until(lambda: "Cancel: done" in plain.text("h1"), "they are asked", 60)
        finally:
            plain.close()

    def test_views_are_kept_in_the_browser(self):
        self.reader.open("/console/runs?status=FAILED&column=status&column=why")
        self.reader.one("#view-name").send_keys("My failures")
        self.reader.one("#save-view button").click()
        self.reader.open("/console/runs")
        link = [each for each in self.reader.all("#views a") if each.text == "My failures"][0]
        link.click()
        self.reader.until(lambda: "status=FAILED" in self.reader.driver.current_url, "the view is shown", 60)
        self.assertEqual(self.reader.one("#views [data-own] a").get_attribute("aria-current"), "true")
        self.assertEqual(self.reader.axe(), [])
        self.reader.one("#views [data-own] button").click()
        self.assertEqual(self.reader.all("#views [data-own]"), [])
        self.clean()

    def test_axe_finds_nothing_on_lists(self):
        self.waiting("for-axe", 1)
        pages = {
            "runs-columns": "/console/runs?column=status&column=why&column=started&column=deadline&column=correlation&column=cause&column=parent",
            "runs-step": "/console/runs?workflow=order-processing&step=charge-payment&minAttempts=2", "runs-looked": "/console/runs?error=nothing",
        }
        for theme, size in [("light", (1440, 1000)), ("dark", (1440, 1000)), ("phone", (390, 844))]:
            reader = Reader(dark=theme == "dark", size=size)
            try:
                if theme == "phone":
                    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
                reader.log_in()
                for name, path in pages.items():
                    reader.open(path)
                    if name == "runs-columns":
                        reader.one("#columns > summary").click()
                    with self.subTest(page=name, theme=theme):
                        self.assertEqual(reader.axe(), [])
                        width = reader.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
                        self.assertLessEqual(width, 0, "it is wider than the window")
                    reader.shoot(f"{name}-{theme}")
                self.clean(reader)
            finally:
                reader.close()
        for run in call("GET", "/v1/runs?correlationId=for-axe")["runs"]:
            call("POST", f"/v1/runs/{run['runId']}/cancel", {})


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error.read().decode()}")
