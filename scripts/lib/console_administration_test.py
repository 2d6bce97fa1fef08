"""Participants, engines, tenants, API keys and the audit of the console in a real browser; see scripts/console."""

import sys
import unittest
import urllib.error

from console_test import Reader, call, order, wait
from selenium.webdriver.common.by import By

PAGES = ["participants", "engines", "tenants", "keys", "audit"]


class AdministrationTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.reader = Reader()
        cls.reader.log_in()

    @classmethod
    def tearDownClass(cls):
        cls.reader.close()

    def clean(self, reader=None, allowed=()):
        faults = [fault for fault in (reader or self.reader).faults() if not any(word in fault for word in allowed)]
        self.assertEqual(faults, [])

    @staticmethod
    def fill(reader, selector, text):
        field = reader.one(selector)
        field.clear()
        field.send_keys(text)

    def test_a_key_is_made_used_and_revoked(self):
        reader = self.reader
        reader.open("/console/keys")
        reader.one("#new-key > summary").click()
        self.fill(reader, "#key-name", "browser-key")
        reader.one('input[name="roles"][value="viewer"]').click()
        reader.one("#new-key form .primary").click()
        reader.until(lambda: reader.all("#new-key-text"), "the key is shown", 60)
        key = reader.text("#new-key-text")
        self.assertTrue(key.startswith("sf_"))
        self.assertNotIn(key, reader.driver.current_url)
        reader.open("/console/keys")
        self.assertIn("browser-key", reader.text())
        self.assertNotIn(key, reader.driver.page_source)
        theirs = Reader()
        try:
            theirs.log_in(key)
            theirs.open("/console/engines")
            self.assertIn("Alive", theirs.text("#engines"))
            row = next(row for row in reader.all("tr[data-key]") if "browser-key" in row.text)
            row.find_element(By.CSS_SELECTOR, "form button").click()
            reader.until(lambda: "Revoke the key" in reader.text("h1"), "the question", 60)
            theirs.open("/console/runs")
            self.assertNotIn("Log in", theirs.text("h1"))
            reader.one("form .grave").click()
            reader.until(lambda: "is revoked" in reader.text("#notice"), "the revocation", 60)

            def is_out():
                theirs.open("/console/runs")
                return "Log in" in theirs.text("h1")

            theirs.until(is_out, "the login ends with its key", 60)
            self.clean(theirs)
        finally:
            theirs.close()
        self.clean()

    def test_a_participant_is_edited_paused_and_resumed_and_the_audit_tells(self):
        reader = self.reader
        call("PUT", "/v1/admin/participants/browser-made", {"url": "http://localhost:9", "headers": {"X-Client": "canary"}})
        reader.open("/console/participants")
        reader.one('a[href="/console/participants/browser-made"]').click()
        reader.until(lambda: "browser-made" in reader.text("h1"), "its page", 60)
        reader.one("#edit > summary").click()
        self.fill(reader, "#participant-maxConcurrent", "many")
        reader.one("#edit form .primary").click()
        reader.until(lambda: reader.all("#participant-maxConcurrent-fault"), "what is wrong, at its field", 60)
        self.assertEqual(reader.one("#participant-maxConcurrent").get_attribute("value"), "many")
        self.fill(reader, "#participant-maxConcurrent", "7")
        reader.one("#edit form .primary").click()
        reader.until(lambda: "is saved" in reader.text("#notice"), "it is saved", 60)
        shown = call("GET", "/v1/admin/participants/browser-made")
        self.assertEqual((shown["maxConcurrent"], shown["headerNames"]), (7, ["X-Client"]))
        self.assertNotIn("canary", reader.driver.page_source)
        reader.act("pause", reason="patch day")
        reader.until(lambda: "patch day" in reader.text("#participant"), "the pause is seen", 60)
        reader.one("#act-resume > summary").click()
        reader.one("#act-resume form .button").click()
        reader.until(lambda: "is resumed" in reader.text("#notice"), "the resume is told", 60)
        self.assertNotIn("patch day", reader.text("#participant"))
        reader.open("/console/audit?subject=participants/browser-made")
        for word in ["put participant", "pause participant", "resume participant"]:
            self.assertIn(word, reader.text("#audit"))
        self.clean(allowed=["422"])

    def test_runs_that_wait_for_a_paused_participant_are_told_of(self):
        reader = self.reader
        call("POST", "/v1/admin/participants/payments/pause", {"reason": "nobody pays"})
        try:
            run = order()
            reader.open("/console/participants/payments")
            reader.until(lambda: run[-12:] in reader.text("#participant"), "the run is seen to wait for it", 60)
        finally:
            call("POST", "/v1/admin/participants/payments/resume", {})
        wait("it goes on", lambda: call("GET", f"/v1/runs/{run}")["run"]["status"] == "COMPLETED", 60)
        reader.until(lambda: "half of them within" in reader.text("#participant"), "how long its calls take is seen", 60)
        self.clean()

    def test_a_tenant_is_made_without_scripts(self):
        plain = Reader(scripts=False)
        try:
            plain.log_in()
            plain.open("/console/tenants")
            plain.one("#new-tenant > summary").click()
            self.fill(plain, "#tenant-id", "browser-tenant")
            self.fill(plain, "#tenant-liveRuns", "-1")
            plain.one("#new-tenant form .primary").click()
            plain.until(lambda: plain.all("#tenant-liveRuns-fault"), "what is wrong, at its field", 60)
            self.assertEqual(plain.one("#tenant-id").get_attribute("value"), "browser-tenant")
            self.fill(plain, "#tenant-liveRuns", "10")
            plain.one("#new-tenant form .primary").click()
            plain.until(lambda: "is saved" in plain.text("#notice"), "it is made", 60)
            self.assertEqual(call("GET", "/v1/admin/tenants/browser-tenant")["limits"], {"liveRuns": 10})
        finally:
            plain.close()

    def test_sections_are_for_those_who_may_read_them(self):
        key = call("POST", "/v1/admin/api-keys", {"name": "audit-only", "roles": ["audit:read"]})["key"]
        reader = Reader(size=(1920, 900))
        try:
            reader.log_in(key)
            reader.open("/console/audit")
            links = {link.get_attribute("href").split("/console/")[1] for link in reader.all(".top nav a")}
            self.assertEqual(links & set(PAGES), {"audit"})
            self.clean(reader)
        finally:
            reader.close()

    def test_axe_finds_nothing(self):
        call("PUT", "/v1/admin/tenants/axe", {"limits": {"liveRuns": 5}})
        call("PUT", "/v1/admin/participants/axe", {"url": "http://localhost:9", "headers": {"X-Client": "a"}, "auth": {"oauth2": {"tokenUrl": "http://localhost:9/t", "clientId": "c", "clientSecret": "${secret:x}"}}})
        pages = {name: f"/console/{name}" for name in PAGES} | {"participant": "/console/participants/axe", "tenant": "/console/tenants/axe"}
        opened = {"participants": "#new-participant > summary", "participant": "#edit > summary", "tenants": "#new-tenant > summary", "tenant": "#edit > summary", "keys": "#new-key > summary", "audit": "tr details > summary"}
        for theme, size in [("light", (1440, 1000)), ("dark", (1440, 1000)), ("phone", (390, 844)), ("small", (320, 640)), ("4k", (3840, 2160))]:
            reader = Reader(dark=theme == "dark", size=size)
            try:
                if size[0] < 1000:
                    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": size[0], "height": size[1], "deviceScaleFactor": 2, "mobile": True})
                reader.log_in()
                for name, path in pages.items():
                    reader.open(path)
                    for part in ["", "open"]:
                        if part and name in opened:
                            reader.one(opened[name]).click()
                        with self.subTest(page=name, theme=theme, part=part):
                            self.assertEqual(reader.axe(), [])
                            width = reader.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
                            self.assertLessEqual(width, 0, "it is wider than the window")
                        reader.shoot(f"{name}{part and '-' + part}-{theme}")
                if theme in ("light", "small"):
                    reader.one("#system > summary").click()
                    with self.subTest(page="menu", theme=theme):
                        self.assertEqual(reader.axe(), [])
                        self.assertTrue(reader.one("#system a").is_displayed())
                    reader.shoot(f"menu-{theme}")
                if theme == "4k":
                    self.assertFalse(reader.one("#system").is_displayed(), "there is room for all of them")
                self.clean(reader)
            finally:
                reader.close()


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error.read().decode()}")
