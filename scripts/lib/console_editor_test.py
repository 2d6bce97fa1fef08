"""Definitions are written and registered, and the API is looked up, in a real browser; see scripts/console."""

import json
import sys
import time
import unittest
import urllib.error

from selenium.webdriver.common.keys import Keys

from console_test import Reader, call, key, wait

NEW = "/console/workflows/new"
names = iter(range(1, 1000))


def fresh():
    """The name of a workflow that nobody has."""
    return f"written-{int(time.time())}-{next(names)}"


def definition(name, version="1.0.0", path="/charge", more=""):
    return f"""# Written in a browser.
name: {name}
version: {version}
steps:
  - id: pay
    action:
      participant: payments
      path: {path}
      body: {{ amount: 1 }}
    compensation: none
{more}"""


def stored(name, version="1.0.0"):
    try:
        return call("GET", f"/v1/workflows/{name}/{version}")["definition"]
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


class Author(Reader):
    """Somebody who writes definitions."""

    def write(self, text):
        """The whole text at once, as if it was pasted."""
        self.driver.execute_script(
            "const field = document.getElementById('definition'); field.focus(); field.select();"
            "document.execCommand('insertText', false, arguments[0]);",
            text,
        )

    def written(self):
        return self.one("#definition").get_property("value")

    def line(self):
        """The line the cursor is on."""
        return self.driver.execute_script(
            "const field = document.getElementById('definition');"
            "return field.value.slice(0, field.selectionStart).split('\\n').length + ' ' + document.activeElement.id;"
        )

    def says(self, words, seconds=60):
        self.until(lambda: words in self.text("#check-says"), f"{words!r} beside the text", seconds)

    def asks(self):
        """How often a text was sent since this was asked."""
        count = 0
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent" and message["params"]["request"]["url"].endswith("/definitions/check"):
                count += 1
        return count

    def would_warn(self):
        """Leaving the page would be asked about."""
        return self.driver.execute_script(
            "const event = new Event('beforeunload', {cancelable: true}); window.dispatchEvent(event); return event.defaultPrevented;"
        )


class EditorTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.reader = Author()
        cls.reader.log_in(key("console-author", "author"))

    @classmethod
    def tearDownClass(cls):
        cls.reader.close()

    def setUp(self):
        self.reader.open("/console/reference")
        self.reader.driver.execute_script("sessionStorage.clear()")
        self.reader.open(NEW)
        self.reader.faults()

    def clean(self, reader=None, allowed=()):
        faults = [fault for fault in (reader or self.reader).faults() if not any(word in fault for word in allowed)]
        self.assertEqual(faults, [])

    def registers(self, reader, name, version="1.0.0"):
        reader.one('#check-will button[value="register"]').click()
        reader.until(lambda: reader.driver.current_url.split("?")[0].endswith(f"/console/workflows/{name}/{version}"), "the page of the version", 60)
        self.assertEqual(stored(name, version)["version"], version)

    def test_a_text_is_written_mended_and_registered(self):
        reader, name = self.reader, fresh()
        reader.says("Valid: 3 steps")
        reader.write(definition(name))
        reader.says("Valid: 1 step")
        self.assertTrue(reader.all('#check-graph [data-step="pay"]'))
        # A finding appears by itself, the graph stays that of before, and the finding leads to its line.
        reader.write(definition(name, path="charge"))
        reader.says("1 error")
        self.assertIn("stale", reader.one("#check-graph").get_attribute("class"))
        self.assertTrue(reader.all('#check-graph [data-step="pay"]'))
        self.assertIn("refused", reader.text("#check-will"))
        reader.until(lambda: reader.text("#gutter .bad") == "8", "its line is marked")
        reader.one("#check-findings a").click()
        self.assertEqual(reader.line(), "8 definition")
        # Mended with the keyboard, where the cursor is.
        reader.driver.switch_to.active_element.send_keys("path: /charge")
        reader.says("Valid: 1 step")
        self.assertEqual(reader.written(), definition(name))
        self.assertNotIn("stale", reader.one("#check-graph").get_attribute("class") or "")
        reader.one('#check-graph .step[data-step="pay"] .box').click()
        self.assertEqual(reader.line(), "5 definition")
        self.assertTrue(reader.would_warn())
        self.clean()
        self.registers(reader, name)

    def test_what_is_registered_is_no_draft_any_more(self):
        reader = self.reader
        reader.write(definition(fresh()))
        reader.says("Valid: 1 step")
        # As the answer to registering leads on.
        reader.open("/console/reference?did=registered")
        reader.open(NEW)
        self.assertIn("my-order", reader.written())
        self.assertFalse(reader.would_warn())

    def test_neither_json_nor_yaml_is_told_with_its_line(self):
        for text, says in [("name: w\nsteps: [", "Not YAML yet"), ('{\n "name": "w",\n "version" }', "Not JSON yet")]:
            self.reader.write(text)
            self.reader.says(says)
            self.reader.one("#check-findings a").click()
            self.assertRegex(self.reader.line(), "^[23] definition$")
        self.clean()

    def test_a_version_that_is_taken_gets_the_next_number(self):
        reader, name = self.reader, fresh()
        call("POST", "/v1/admin/workflows", {"name": name, "version": "1.0.0", "steps": [{"id": "a", "wait": {"for": "1s"}}]})
        reader.open(f"/console/workflows/{name}/1.0.0/edit")
        reader.says("Valid: 1 step")
        self.assertIn('"version": "1.0.1"', reader.written())
        self.assertFalse(reader.would_warn())
        more = '    { "id": "b", "wait": { "for": "1s" } }'
        reader.write(reader.written().replace('"1.0.1"', '"1.0.0"').replace("    }\n  ]", "    },\n" + more + "\n  ]"))
        reader.until(lambda: "registered with other content" in reader.text("#check-will"), "that it is taken", 60)
        reader.one('[name="compare"]').click()
        reader.until(lambda: "What changes against 1.0.0" in reader.text("#check-graph"), "the comparison", 60)
        self.assertTrue(reader.all('#check-graph .added[data-step="b"]'))
        # It is refused, and the text is there.
        reader.one('#check-will button[value="register"]').click()
        reader.until(lambda: "other content" in reader.text("#notice"), "the refusal", 60)
        self.assertIn('"id": "b"', reader.written())
        self.assertTrue(reader.would_warn())
        reader.one('#check-will button[value="bump"]').click()
        reader.until(lambda: '"version": "1.0.1"' in reader.written(), "the next number", 60)
        self.registers(reader, name, "1.0.1")
        self.assertEqual(len(stored(name, "1.0.1")["steps"]), 2)
        self.assertEqual(len(stored(name)["steps"]), 1)

    def test_what_is_asked_is_little_and_the_newest_text_wins(self):
        reader, name = self.reader, fresh()
        reader.asks()
        began = time.monotonic()
        for n in range(40):
            reader.write(definition(name, more=f"# {n}\n"))
        reader.write(definition(f"{name}-newest"))
        reader.until(lambda: f"{name}-newest" in reader.text("#check-will"), "the newest", 60)
        self.assertLessEqual(reader.asks(), time.monotonic() - began + 1)
        self.clean()

    def test_the_keyboard_indents_and_leaves(self):
        reader = self.reader
        reader.write("")
        field = reader.one("#definition")
        field.send_keys("steps:", Keys.ENTER, "- a", Keys.ENTER, "b")
        self.assertEqual(reader.written(), "steps:\n  - a\n  b")
        field.send_keys(Keys.TAB, "c")
        self.assertEqual(reader.written(), "steps:\n  - a\n  b c")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.TAB)
        self.assertEqual(reader.written(), "  steps:\n    - a\n    b c")
        field.send_keys(Keys.SHIFT, Keys.TAB)
        self.assertEqual(reader.written(), "steps:\n  - a\n  b c")
        field.send_keys(Keys.CONTROL, "z")
        self.assertEqual(reader.written(), "  steps:\n    - a\n    b c")
        field.send_keys(Keys.ESCAPE)
        field.send_keys(Keys.TAB)
        self.assertNotEqual(reader.driver.switch_to.active_element.get_attribute("id"), "definition")
        self.clean()

    def test_what_was_written_is_there_after_one_was_elsewhere(self):
        reader, name = self.reader, fresh()
        reader.write(definition(name))
        reader.says("Valid: 1 step")
        reader.open("/console/runs")
        reader.open(NEW)
        self.assertEqual(reader.written(), definition(name))
        self.assertTrue(reader.would_warn())
        reader.one("#notice button").click()
        self.assertIn("my-order", reader.written())
        self.assertFalse(reader.would_warn())
        # Nobody has touched the page, so the browser does not ask; it says so.
        self.clean(allowed=["'beforeunload' confirmation panel"])

    def test_whoever_is_logged_out_meanwhile_keeps_the_text(self):
        author, name = Author(), fresh()
        try:
            made = call("POST", "/v1/admin/api-keys", {"name": "console-leaves", "roles": ["author"]})
            author.log_in(made["key"])
            author.open(NEW)
            call("DELETE", f"/v1/admin/api-keys/{made['id']}")
            # The key counts for up to a second more.
            wait("the login is over", lambda: author.write(definition(name, more=f"# {time.time()}\n")) or "logged out" in author.text("#check-says"), 60)
            author.one('#check-will button[value="register"]').click()
            author.until(lambda: "/login" in author.driver.current_url, "the login", 60)
            author.log_in(key("console-comes-back", "author"))
            author.open(NEW)
            self.assertIn(name, author.written())
        finally:
            author.close()

    def test_without_scripts_a_text_is_checked_and_registered(self):
        plain, name = Author(scripts=False), fresh()
        try:
            plain.log_in(key("console-plain-author", "author"))
            plain.open(NEW)
            field = plain.one("#definition")
            field.clear()
            field.send_keys(definition(name, path="charge"))
            plain.one('#check-will button[value="check"]').click()
            plain.until(lambda: "1 error" in plain.text("#check-says"), "the finding", 60)
            self.assertIn("line 8", plain.text("#check-findings"))
            self.assertEqual(plain.written(), definition(name, path="charge"))
            field = plain.one("#definition")
            field.clear()
            field.send_keys(definition(name))
            plain.one('#check-will button[value="check"]').click()
            plain.until(lambda: "Valid: 1 step" in plain.text("#check-says"), "that it is valid", 60)
            self.assertTrue(plain.all("#check-graph svg.graph"))
            self.registers(plain, name)
        finally:
            plain.close()

    def test_whoever_may_only_look_has_no_button_to_register(self):
        viewer = Author()
        try:
            viewer.log_in(key("console-editor-viewer", "viewer"))
            viewer.open("/console/workflows/order-processing/1.0.0/edit")
            viewer.write(viewer.written().replace('"1.0.1"', '"one"'))
            viewer.says("1 error")
            self.assertEqual(viewer.all('button[value="register"]'), [])
            self.clean(viewer)
        finally:
            viewer.close()

    def test_the_reference_finds_routes_and_unfolds_them(self):
        reader = self.reader
        reader.open("/console/reference")
        reader.one("#reference-words").send_keys("start workflows")
        shown = [row for row in reader.all("[data-words]") if row.is_displayed()]
        self.assertTrue(0 < len(shown) < 6, len(shown))
        reader.until(lambda: reader.text("#reference-found") == f"{len(shown)} route" + "s" * (len(shown) != 1), "the count")
        link = next(row for row in shown if "/v1/workflows/{name}/start" in row.text)
        link.find_element("css selector", "a").click()
        reader.until(lambda: reader.one("#startRun").is_displayed(), "what the link leads to is unfolded")
        self.assertIn("curl -X POST", reader.text("#startRun-curl"))
        self.clean()

    def test_axe_finds_nothing(self):
        name = fresh()
        call("POST", "/v1/admin/workflows", {"name": name, "version": "1.0.0", "steps": [{"id": "a", "wait": {"for": "1s"}}]})
        pages = {
            "editor-new": NEW, "editor-edit": "/console/workflows/order-processing/1.0.0/edit", "reference": "/console/reference",
            "reference-group": "/console/reference/definitions#registerDefinition", "reference-schema": "/console/reference/schemas/Run",
            "reference-workflow": "/console/reference/workflow-schema", "reference-problems": "/console/reference/problems",
        }
        for theme, size in [("light", (1440, 1000)), ("dark", (1440, 1000)), ("phone", (390, 844))]:
            reader = Author(dark=theme == "dark", size=size)
            try:
                if theme == "phone":
                    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
                reader.log_in(key(f"console-axe-{theme}", "author"))
                for page, path in pages.items():
                    reader.open(path)
                    self.look(reader, page, theme)
                reader.open(NEW)
                reader.write(definition(name, version="1.0.0", path="charge") + "when: 3\n")
                reader.says("error")
                self.look(reader, "editor-broken", theme)
                reader.write(definition(name))
                reader.until(lambda: "other content" in reader.text("#check-will"), "that it is taken", 60)
                self.look(reader, "editor-taken", theme)
                self.clean(reader)
            finally:
                reader.close()

    def look(self, reader, page, theme):
        with self.subTest(page=page, theme=theme):
            self.assertEqual(reader.axe(), [])
            width = reader.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
            self.assertLessEqual(width, 0, "it is wider than the window")
        reader.shoot(f"{page}-{theme}")


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error.read().decode()}")
