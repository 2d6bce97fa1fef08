"""The console's workflows in a real browser; see scripts/console."""

import unittest

from console_test import Reader, Select, call, key, order, status, wait

ORDER = '{"orderId": "o-9", "amount": 20, "sku": "book", "quantity": 1, "email": "ada@example.org"}'


def register(version, steps, name="console-flows", **more):
    body = {"name": name, "version": version, "steps": steps} | more
    return call("POST", "/v1/admin/workflows", body)


def step(name, path="/charge", **more):
    return {"id": name, "action": {"participant": "payments", "path": path, "body": {"orderId": "${input.orderId}"}}} | more


class WorkflowsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.reader = Reader()
        cls.reader.log_in()
        undo = {"compensation": {"participant": "payments", "path": "/refund"}}
        register("1.0.0", [step("charge", **undo), step("check"), step("mail", "/send")])
        register("1.1.0", [step("charge", **undo), step("mail", "/send-twice"), step("score")], description="Scores, too.")

    @classmethod
    def tearDownClass(cls):
        cls.reader.close()

    def clean(self, reader=None, allowed=()):
        faults = [fault for fault in (reader or self.reader).faults() if not any(word in fault for word in allowed)]
        self.assertEqual(faults, [])

    def write(self, reader, selector, text):
        field = reader.one(selector)
        field.clear()
        field.send_keys(text)

    def test_an_order_is_started_from_the_form_and_seen_to_its_end(self):
        self.reader.open("/console/workflows")
        self.reader.one('a.row-link[href="/console/workflows/order-processing"]').click()
        self.reader.until(lambda: "order-processing" in self.reader.text("h1"), "the workflow's page")
        self.reader.one('a[href="/console/workflows/order-processing/start"]').click()
        self.reader.until(lambda: "Start order-processing" in self.reader.text("h1"), "the form")
        self.write(self.reader, "#s-input", '{"orderId": 1,')
        self.reader.one("form.start button.primary").click()
        self.reader.until(lambda: "Line 1" in self.reader.text("#s-input-faults"), "what is no JSON is said beside it")
        self.assertEqual(self.reader.one("#s-input").get_attribute("value"), '{"orderId": 1,')
        self.write(self.reader, "#s-input", ORDER)
        self.reader.one("form.start button.primary").click()
        self.reader.until(lambda: "/console/runs/" in self.reader.driver.current_url, "the run's page", 60)
        self.reader.until(lambda: "Completed" in self.reader.text("#run-head .title"), "its end", 60)
        self.clean(allowed=["422"])

    def test_a_form_that_is_sent_twice_starts_one_run(self):
        self.reader.open("/console/workflows/order-processing/start?fill=nothing")
        self.write(self.reader, "#s-input", ORDER)
        self.write(self.reader, "#s-correlationId", "sent-twice")
        self.reader.one("form.start button.primary").click()
        self.reader.until(lambda: "/console/runs/" in self.reader.driver.current_url, "the run's page", 60)
        first = self.reader.driver.current_url.split("?")[0]
        self.reader.driver.back()
        self.reader.until(lambda: self.reader.all("form.start"), "the form, as it was left")
        if not self.reader.one("#s-correlationId").get_attribute("value"):
            self.skipTest("this browser does not keep what was written")
        self.reader.one("form.start button.primary").click()
        self.reader.until(lambda: "/console/runs/" in self.reader.driver.current_url, "the run's page again", 60)
        self.assertEqual(self.reader.driver.current_url.split("?")[0], first)
        self.assertEqual(len(call("GET", "/v1/runs?correlationId=sent-twice")["runs"]), 1)
        self.clean()

    def test_what_has_changed_between_two_versions_is_drawn_and_written(self):
        self.reader.open("/console/workflows/console-flows")
        Select(self.reader.one("#c-from")).select_by_value("1.0.0")
        Select(self.reader.one("#c-to")).select_by_value("1.1.0")
        self.reader.one("form.filters button").click()
        self.reader.until(lambda: "1.0.0 → 1.1.0" in self.reader.text("h1"), "what is between them")
        self.assertEqual(self.reader.text("#changes"), "1 step new, 1 step gone, 1 step changed.")
        for name, change in [("score", "added"), ("check", "removed"), ("mail", "changed")]:
            self.assertIn(change, self.reader.one(f'[id="graph-step-{name}"]').get_attribute("class").split())
        self.assertTrue(self.reader.all("tr.added") and self.reader.all("tr.removed") and self.reader.all("tr.fold"))
        self.assertIn("send-twice", " ".join(row.text for row in self.reader.all("tr.added")))
        for row in self.reader.all("tr.added .sign") + self.reader.all("tr.removed .sign"):
            self.assertRegex(row.get_attribute("textContent"), "^(\\+new|−gone)$")
        self.clean()

    def test_starts_are_paused_and_resumed_and_a_version_is_deprecated(self):
        self.reader.open("/console/workflows/console-flows")
        self.reader.one("#act-pause > summary").click()
        self.reader.one('#act-pause input[value="refuse"]').click()
        self.reader.one("#act-pause-reason").send_keys("the shop is closed")
        self.reader.one("#act-pause form .button").click()
        self.reader.until(lambda: "the shop is closed" in self.reader.text("#workflow-state"), "the pause")
        self.assertEqual(call("GET", "/v1/workflows/console-flows")["paused"]["starts"], "refuse")
        self.reader.one("#act-resume > summary").click()
        self.reader.one("#act-resume form .button").click()
        self.reader.until(lambda: self.reader.all("#act-pause"), "the resume")
        self.reader.open("/console/workflows/console-flows/1.1.0")
        self.reader.one("#act-deprecate > summary").click()
        self.reader.one("#act-deprecate-reason").send_keys("scores wrongly")
        self.reader.one("#act-deprecate form .button").click()
        self.reader.until(lambda: "scores wrongly" in self.reader.text(".facts"), "why it is deprecated")
        self.assertEqual(call("GET", "/v1/workflows/console-flows")["latest"], "1.0.0")
        self.reader.one("#act-restore > summary").click()
        self.reader.one("#act-restore form .button").click()
        self.reader.until(lambda: self.reader.all("#act-deprecate"), "the deprecation is gone")
        self.clean()

    def test_how_a_version_does_is_what_its_runs_did(self):
        run = order()
        wait("it completes", lambda: status(run) == "COMPLETED", 60)
        self.reader.open("/console/workflows/order-processing/1.0.0")
        figures = call("GET", "/v1/workflows/order-processing/1.0.0/statistics")
        self.assertGreaterEqual(figures["runs"]["statuses"]["COMPLETED"], 1)
        charge = next(each for each in figures["calls"] if each["stepId"] == "charge-payment" and each["action"] == "execute")
        self.assertGreater(charge["p50Ms"], 0)
        row = self.reader.one('.figures-table tr[data-key="charge-payment"]').text
        self.assertIn("charge-payment", row)
        self.assertIn(" ms", row)
        self.assertIn("payments", self.reader.text("main"))
        self.clean()

    def test_whoever_may_only_look_has_no_buttons_and_is_led_nowhere(self):
        viewer = Reader()
        try:
            viewer.log_in(key("flows-viewer", "viewer"))
            for path in ["", "/console-flows", "/console-flows/1.0.0"]:
                viewer.open("/console/workflows" + path)
                self.assertEqual(viewer.all(".action, a[href*='/start'], a[href*='/edit'], a[href$='/new']"), [], path)
            self.clean(viewer)
        finally:
            viewer.close()

    def test_a_run_is_started_without_scripts(self):
        plain = Reader(scripts=False)
        try:
            plain.log_in()
            plain.open("/console/workflows")
            plain.one('a.row-link[href="/console/workflows/order-processing"]').click()
            plain.until(lambda: plain.all('a[href$="/start"]'), "the workflow's page")
            plain.one('a[href$="/start"]').click()
            plain.until(lambda: plain.all("#s-input"), "the form")
            self.write(plain, "#s-input", ORDER)
            plain.one("form.start button.primary").click()
            plain.until(lambda: "/console/runs/" in plain.driver.current_url, "the run's page", 60)
            run = plain.driver.current_url.split("/")[-1].split("?")[0]
            wait("its end", lambda: status(run) == "COMPLETED", 60)
        finally:
            plain.close()

    def test_axe_finds_nothing_on_pages_of_workflows(self):
        done = order()
        wait("one completes", lambda: status(done) == "COMPLETED", 60)
        nobody = call("POST", "/v1/admin/api-keys", {"name": "flows-newcomer", "roles": ["author", "starter"], "workflows": ["none-*"]})["key"]
        pages = {
            "workflows": "", "workflow": "/console-flows", "version": "/order-processing/1.0.0", "version-old": "/console-flows/1.0.0",
            "compare": "/console-flows/compare?from=1.0.0&to=1.1.0", "compare-whole": "/console-flows/compare?from=1.0.0&to=1.1.0&whole=yes",
            "start": "/order-processing/start", "missing-workflow": "/nothing",
        }
        for theme, size in [("light", (1440, 1500)), ("dark", (1440, 1200)), ("phone", (390, 844))]:
            reader = Reader(dark=theme == "dark", size=size)
            try:
                if theme == "phone":
                    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
                reader.log_in(nobody)
                reader.open("/console/workflows")
                self.assertIn("No workflow is registered yet.", reader.text("main"))
                self.checked(reader, "first-start", theme)
                reader.driver.delete_all_cookies()
                reader.log_in()
                for name, path in pages.items():
                    reader.open("/console/workflows" + path)
                    self.checked(reader, name, theme)
                reader.open("/console/workflows/console-flows")
                reader.one("#act-pause > summary").click()
                self.checked(reader, "pause", theme)
                reader.open("/console/workflows/order-processing/start")
                self.write(reader, "#s-input", "{")
                reader.one("#more > summary").click()
                reader.one("#s-priority").send_keys("soon")
                reader.one("form.start button.primary").click()
                reader.until(lambda: reader.all("#refused"), "the refusal")
                self.checked(reader, "start-refused", theme)
                self.clean(reader, allowed=["workflows/nothing", "422"])
            finally:
                reader.close()

    def checked(self, reader, name, theme):
        with self.subTest(page=name, theme=theme):
            self.assertEqual(reader.axe(), [])
            width = reader.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
            self.assertLessEqual(width, 0, "it is wider than the window")
        reader.shoot(f"{name}-{theme}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
