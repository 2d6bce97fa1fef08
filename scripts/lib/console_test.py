"""The console in a real browser; see scripts/console.

Needs SAGAFLOW_URL, SAGAFLOW_TOKEN (an admin token) and the demo's workflows. With SHOTS pictures are written into that folder.
"""

import importlib.util
import json
import os
import pathlib
import sys
import time
import unittest
import urllib.error
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

URL = os.environ["SAGAFLOW_URL"].replace("127.0.0.1", "localhost")
TOKEN = os.environ["SAGAFLOW_TOKEN"]
SHOTS = os.environ.get("SHOTS")
AXE = pathlib.Path(importlib.util.find_spec("axe_playwright_python").origin).parent / "axe.min.js"
EVIL = "</script><img src=x onerror=\"document.title='owned'\"> ${x} \u202eevil\u202c " + "long" * 200


def call(method, path, body=None, token=TOKEN):
    headers = {"Content-Type": "application/json"}
    headers["X-Api-Key" if token.startswith("sf_") else "X-Admin-Token"] = token
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers, method=method), timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def order(**more):
    given = {"orderId": "o-1", "amount": 20, "sku": "book", "quantity": 1, "email": "ada@example.org"} | more
    return call("POST", "/v1/workflows/order-processing/start", {"input": given})["runId"]


def status(run):
    return call("GET", f"/v1/runs/{run}")["run"]["status"]


def wait(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)
    return value


def key(name, *roles):
    return call("POST", "/v1/admin/api-keys", {"name": name, "roles": list(roles)})["key"]


def browser(scripts=True, dark=False, size=(1280, 900)):
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", f"--window-size={size[0]},{size[1]}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(60)
    driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Europe/Berlin"})
    if dark:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    if not scripts:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    return driver


class Found(WebElement):
    """What is there under a selector. A page that keeps up may exchange it at any moment: then what is there now is meant."""

    def __init__(self, driver, selector):
        found = driver.find_element(By.CSS_SELECTOR, selector)
        super().__init__(driver, found.id)
        self.selector = selector

    def again(self, work):
        for attempt in range(20):
            try:
                return work()
            except StaleElementReferenceException:
                if attempt == 19:
                    raise
                time.sleep(0.05)
                self._id = self.parent.find_element(By.CSS_SELECTOR, self.selector).id

    def _execute(self, command, params=None):
        return self.again(lambda: super(Found, self)._execute(command, params))

    def get_attribute(self, name):
        return self.again(lambda: super(Found, self).get_attribute(name))


class Reader:
    """Somebody at a browser."""

    def __init__(self, url=URL, also=(), **how):
        """At the console of `url`; what is asked of those in `also` is no fault."""
        self.url, self.also = url, also
        self.driver = browser(**how)

    def close(self):
        self.driver.quit()

    def open(self, path):
        self.driver.get(self.url + path)

    def log_in(self, credential=TOKEN):
        self.open("/console/login")
        self.one("#credential").send_keys(credential)
        self.one(".login .primary").click()
        self.until(lambda: "/login" not in self.driver.current_url, "the login")

    def one(self, selector):
        return Found(self.driver, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector="main"):
        try:
            return self.one(selector).text
        except (NoSuchElementException, StaleElementReferenceException):
            return ""
        except WebDriverException as error:
            # What was exchanged just then is told in more than one way.
            if "does not belong to the document" in (error.msg or ""):
                return ""
            raise

    def until(self, condition, what, seconds=60):
        try:
            WebDriverWait(self.driver, seconds, 0.05, [NoSuchElementException, StaleElementReferenceException]).until(lambda _: condition())
        except TimeoutException:
            seen = " ".join(self.text("body").split())[:600]
            raise AssertionError(f"waited {seconds} s in vain: {what}; at {self.driver.current_url} stands: {seen}") from None

    def press(self, selector):
        """Clicks on what is there now: a page that keeps up may exchange it between the look and the click."""
        def pressed():
            self.one(selector).click()
            return True
        self.until(pressed, f"a click on {selector}")

    def unfold(self, selector):
        """Opens what is folded."""
        def opened():
            if not self.one(selector).get_attribute("open"):
                self.one(f"{selector} > summary").click()
            return self.one(selector).get_attribute("open")
        self.until(opened, f"{selector} is open")

    def act(self, action, step=None, reason=None):
        """Opens an action of the run's page, and sends its form."""
        name = f"act-{action}" + (f"-{step}" if step else "")
        self.unfold(f'[id="{name}"]')
        if reason:
            self.one(f'[id="{name}-reason"]').send_keys(reason)
        self.one(f'[id="{name}"] form .button').click()

    def faults(self):
        """What the browser complains about, and requests to elsewhere."""
        found = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked = message["params"]["request"]["url"]
                if not asked.startswith((self.url, *self.also, "data:", "chrome:", "about:")):
                    found.append(f"asks {asked}")
        return found

    def axe(self):
        self.driver.execute_script(AXE.read_text())
        result = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
            ".then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary).join(' | '))))"
        )
        return result

    def shoot(self, name):
        if SHOTS:
            pathlib.Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(f"{SHOTS}/{name}.png")


class ConsoleTest(unittest.TestCase):
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

    def failed_run(self):
        run = order(sku="out-of-stock", fail={"status": 400, "on": "compensate"})
        wait("it fails", lambda: status(run) == "FAILED")
        return run

    def test_an_order_is_watched_to_its_end(self):
        run = order(delay="4s")
        # However slow the machine, the order does not end before somebody looks.
        call("POST", f"/v1/runs/{run}/pause", {"reason": "until somebody looks"})
        self.reader.open(f"/console/runs/{run}")
        self.reader.until(lambda: run in self.reader.text(), "the run's page")
        self.reader.until(lambda: "ause" in self.reader.text("#sentence"), "the page says that it is paused")
        # Nobody touches the page.
        call("POST", f"/v1/runs/{run}/resume")
        self.reader.until(lambda: "Completed" in self.reader.text("#run-head .title"), "the page sees the end by itself")
        self.reader.until(lambda: "Completed" in self.reader.text("#sentence"), "the sentence says so, too")
        self.assertEqual(status(run), "COMPLETED")
        self.clean()

    def test_a_running_order_is_cancelled(self):
        run = order(delay="8s")
        self.reader.open(f"/console/runs/{run}")
        self.reader.act("cancel", reason="changed their mind")
        self.reader.until(lambda: "on its way" in self.reader.text("#notice"), "the cancel is told")
        self.reader.until(lambda: "Cancelled" in self.reader.text("#run-head .title"), "the cancel is seen")
        self.assertEqual(status(run), "CANCELLED")
        self.clean()

    def test_a_completed_order_is_undone(self):
        run = order()
        wait("it completes", lambda: status(run) == "COMPLETED")
        self.reader.open(f"/console/runs/{run}")
        self.reader.act("undo", reason="sent back")
        self.reader.until(lambda: "Undone" in self.reader.text("#run-head .title"), "the undo is seen")
        self.assertEqual(status(run), "COMPENSATED")
        self.clean()

    def test_a_failed_order_is_retried_and_resolved(self):
        run = self.failed_run()
        self.reader.open("/console/failed")
        self.reader.until(lambda: "order-processing" in self.reader.text("#groups"), "the group of its failure")
        self.reader.open(f"/console/runs/{run}")
        self.reader.until(lambda: "Needs a person" in self.reader.text("#sentence"), "the sentence")
        before = len(call("GET", f"/v1/runs/{run}/events")["events"])
        self.reader.act("retry-all", reason="once more")
        wait("the undo is tried again", lambda: len(call("GET", f"/v1/runs/{run}/events")["events"]) > before + 2)
        wait("it fails again", lambda: status(run) == "FAILED")
        self.reader.open(f"/console/runs/{run}")
        step = self.reader.one('#act-resolve input[name="stepIds"]').get_attribute("value")
        self.reader.unfold("#act-resolve")
        for box in self.reader.all('#act-resolve input[name="stepIds"]'):
            if not box.is_selected():
                box.click()
        self.reader.one("#act-resolve-reason").send_keys("done by hand")
        self.reader.one("#act-resolve form .button").click()
        wait("it is resolved", lambda: status(run) == "COMPENSATED")
        self.assertTrue(step)
        self.clean()

    def test_many_failed_orders_are_retried_at_once(self):
        runs = [self.failed_run() for _ in range(2)]
        counts = {run: len(call("GET", f"/v1/runs/{run}/events")["events"]) for run in runs}
        self.reader.open("/console/failed")
        self.reader.press(".group h2 a")
        self.reader.press('button[value="retry"]')
        self.reader.until(lambda: "Retry" in self.reader.text("h1"), "the question")
        self.assertEqual({run: len(call("GET", f"/v1/runs/{run}/events")["events"]) for run in runs}, counts)
        self.reader.one("#reason").send_keys("the stock is back")
        self.reader.press("form .grave")
        self.reader.until(lambda: "Retry: done" in self.reader.text("h1"), "the result")
        self.reader.until(lambda: "Asked of" in self.reader.text("#progress"), "what became of it")
        wait("both are tried again", lambda: all(len(call("GET", f"/v1/runs/{run}/events")["events"]) > counts[run] for run in runs))
        self.clean()

    def test_rows_do_not_jump_and_the_switch_stops_asking(self):
        order()
        self.reader.open("/console/runs")
        first = self.reader.one("tr[data-key]").get_attribute("data-key")
        new = order()
        self.reader.until(lambda: "new: show" in self.reader.text("#fresh"), "new runs are told of")
        self.assertEqual(self.reader.one("tr[data-key]").get_attribute("data-key"), first)
        self.reader.press("#fresh button")
        self.reader.until(lambda: self.reader.all(f'tr[data-key="{new}"]'), "new runs are shown")
        self.reader.one("#live").click()
        self.assertEqual(self.reader.one("#live").get_attribute("aria-pressed"), "false")
        self.reader.one("#live").click()
        self.clean()

    def test_the_keyboard_is_enough(self):
        run = order()
        self.reader.open("/console/runs")
        body = self.reader.one("body")
        body.send_keys("j")
        self.assertIn("row-link", self.reader.driver.switch_to.active_element.get_attribute("class"))
        self.reader.driver.switch_to.active_element.send_keys("j")
        self.reader.driver.switch_to.active_element.send_keys("k")
        self.assertEqual(len(self.reader.all("tr.here")), 1)
        body.send_keys("?")
        self.assertTrue(self.reader.one("#keys").get_attribute("open"))
        # They may be switched off, and on again without them.
        self.reader.one("#keys-on").click()
        self.reader.one("#keys button").click()
        body.send_keys("?")
        self.assertFalse(self.reader.one("#keys").get_attribute("open"))
        self.reader.one("#keys-open").click()
        self.reader.one("#keys-on").click()
        self.reader.one("#keys button").click()
        body.send_keys("/")
        search = self.reader.driver.switch_to.active_element
        self.assertEqual(search.get_attribute("id"), "find")
        search.send_keys(run + Keys.ENTER)
        self.reader.until(lambda: self.reader.driver.current_url.endswith(run), "the run is found by its id")
        self.clean()

    def test_times_are_the_readers_own_and_numbers_whole(self):
        run = order(note=12345678901234567890)
        self.reader.open(f"/console/runs/{run}")
        self.reader.until(lambda: "UTC" in (self.reader.one(".facts time").get_attribute("title") or ""), "UTC under the pointer")
        self.reader.until(lambda: (text := self.reader.text(".facts time")) and "UTC" not in text, "the reader's own time")
        self.reader.unfold("#p-input")
        self.reader.until(lambda: "12345678901234567890" in self.reader.text("#p-input"), "the number, whole")
        self.clean()

    def test_what_a_payload_holds_is_text(self):
        run = order(orderId=EVIL, email=EVIL)
        self.reader.open(f"/console/runs/{run}")
        self.reader.unfold("#p-input")
        self.reader.until(lambda: "</script><img src=x onerror=" in self.reader.text("#p-input"), "the payload, as it is")
        self.assertNotIn("owned", self.reader.driver.title)
        width = self.reader.driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.assertLessEqual(width, 0)
        self.clean()

    def test_whoever_may_only_look_sees_neither_buttons_nor_payloads(self):
        run = order(email="nobody-sees@example.org")
        viewer = Reader()
        try:
            viewer.log_in(key("console-viewer", "viewer"))
            viewer.open(f"/console/runs/{run}")
            self.assertIn(run, viewer.text())
            self.assertEqual(viewer.all(".action"), [])
            self.assertNotIn("nobody-sees", viewer.driver.page_source)
            viewer.open("/console/runs")
            self.assertEqual(viewer.all('input[name="runId"]'), [])
            self.clean(viewer)
        finally:
            viewer.close()

    def test_everything_works_without_scripts(self):
        plain = Reader(scripts=False)
        try:
            plain.log_in()
            run = order(delay="8s")
            plain.open("/console/runs")
            plain.one(f'a[href="/console/runs/{run}"]').click()
            plain.until(lambda: "UTC" in plain.text(".facts"), "the run's page")
            plain.act("cancel", reason="no scripts")
            plain.until(lambda: "on its way" in plain.text("#notice"), "the cancel is told")
            wait("the cancel without scripts", lambda: status(run) == "CANCELLED")
            plain.open("/console/runs?status=CANCELLED")
            self.assertIn(run[-12:], plain.text("#runs"))
            plain.unfold("#who")
            plain.one('button[value="here"]').click()
            plain.until(lambda: "Log in" in plain.text("h1"), "the logout")
            plain.open(f"/console/runs/{run}")
            self.assertIn("Log in", plain.text("h1"))
        finally:
            plain.close()

    def test_axe_finds_nothing(self):
        done, failed, live = order(), self.failed_run(), order(delay="30s")
        wait("one completes", lambda: status(done) == "COMPLETED")
        pages = {
            "now": "/console/now", "runs": "/console/runs", "runs-filtered": "/console/runs?workflow=nothing", "run-completed": f"/console/runs/{done}",
            "run-failed": f"/console/runs/{failed}", "run-live": f"/console/runs/{live}", "failed": "/console/failed", "missing": "/console/runs/nothing",
        }
        for theme, size in [("light", (1440, 1000)), ("dark", (1440, 1000)), ("phone", (390, 844))]:
            reader = Reader(dark=theme == "dark", size=size)
            try:
                if theme == "phone":
                    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
                reader.open("/console/login")
                self.assertEqual(reader.axe(), [], f"login {theme}")
                reader.shoot(f"login-{theme}")
                reader.log_in()
                for name, path in pages.items():
                    reader.open(path)
                    with self.subTest(page=name, theme=theme):
                        self.assertEqual(reader.axe(), [])
                        width = reader.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
                        self.assertLessEqual(width, 0, "it is wider than the window")
                    reader.shoot(f"{name}-{theme}")
                    if name == "run-failed":
                        reader.unfold("#act-resolve")
                        with self.subTest(page="resolve", theme=theme):
                            self.assertEqual(reader.axe(), [])
                        reader.shoot(f"resolve-{theme}")
                self.clean(reader, allowed=["runs/nothing"])
            finally:
                reader.close()


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error.read().decode()}")
