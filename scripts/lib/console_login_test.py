"""Logging in to the console at an identity provider, in a real browser; see scripts/console."""

import unittest

from console_server import Server
from console_test import Reader
from oidc_provider import Provider


class LoginTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.provider = Provider()
        cls.server = Server(JWT_ISSUERS_FILE=cls.provider.issuers_file(), CONSOLE_RATE="100000/1m", CONSOLE_BURST="100000").start()
        cls.provider.redirects.add(f"{cls.server.url}/console/login/corp/callback")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.provider.close()

    def setUp(self):
        self.provider.change, self.provider.lifetime = {}, 600

    def reader(self, **how):
        reader = Reader(url=self.server.url, also=(self.provider.url,), **how)
        self.addCleanup(reader.close)
        return reader

    def begin(self, reader, path="/console/now", choice="yes", times=3):
        """As far as the way back. Where a busy machine kept the provider from answering in time, one tries again, as the page says."""
        self.go(reader, path, choice)
        if times > 1 and "can't be reached at the moment" in reader.text():
            self.begin(reader, path, choice, times - 1)

    def go(self, reader, path, choice):
        reader.open(path)
        reader.until(lambda: "Example Corp" in reader.text(".providers"), "the login page")
        reader.one(".providers a").click()
        reader.until(lambda: reader.driver.current_url.startswith(self.provider.url), "the provider's page")
        self.assertEqual(self.provider.faults, [])
        reader.one(f"#{choice}").click()
        reader.until(lambda: reader.driver.current_url.startswith(self.server.url), "the way back")

    def arrives(self, reader, path):
        reader.until(lambda: reader.driver.current_url == self.server.url + path and reader.all("header.top"), f"{path}", 60)
        self.assertIn("jwt:ann/corp", reader.one("#who summary").text)

    def test_somebody_logs_in_and_is_where_they_wanted_to_go(self):
        reader = self.reader()
        self.begin(reader, "/console/runs?status=FAILED")
        self.arrives(reader, "/console/runs?status=FAILED")
        cookies = {cookie["name"]: cookie for cookie in reader.driver.get_cookies()}
        self.assertEqual(set(cookies), {"sagaflow-console"})
        self.assertEqual((cookies["sagaflow-console"]["sameSite"], cookies["sagaflow-console"]["httpOnly"]), ("Strict", True))
        self.assertEqual(reader.faults(), [])
        # The address they came back to is worth nothing any more, and takes nothing away.
        reader.driver.get(self.provider.last_redirect)
        self.assertIn("another browser, or is over", reader.text())
        reader.open("/console/now")
        self.arrives(reader, "/console/now")
        other = self.reader()
        other.driver.get(self.provider.last_redirect)
        self.assertIn("another browser, or is over", other.text())
        reader.one("#who summary").click()
        reader.one('button[value="everywhere"]').click()
        reader.until(lambda: "Log in" in reader.text("h1"), "the logout")

    def test_it_works_without_scripts(self):
        reader = self.reader(scripts=False)
        self.begin(reader, "/console/runs")
        self.arrives(reader, "/console/runs")

    def test_a_refusal_is_told_in_words(self):
        reader = self.reader()
        self.begin(reader, choice="no")
        reader.until(lambda: "did not let you in" in reader.text(), "the refusal")
        self.assertNotIn("555", reader.text())
        self.assertEqual(reader.axe(), [])
        reader.shoot("login-refused")
        reader.one(".login a").click()
        reader.until(lambda: "Log in" in reader.text("h1"), "the login page")

    def test_a_token_of_another_login_or_of_somebody_elses_lets_nobody_in(self):
        for change, words in [({"nonce": "x"}, "not that of this login"), ({"aud": "other"}, "not meant"), ({"exp": 1}, "expired"), ({"iss": "https://evil.example"}, "issuer")]:
            with self.subTest(change=change):
                self.provider.change = change
                reader = self.reader()
                self.begin(reader)
                reader.until(lambda: words in reader.text(), words)
                reader.open("/console/runs")
                reader.until(lambda: reader.all("#credential"), "nobody is logged in")

    def test_nobody_is_led_elsewhere(self):
        reader = self.reader()
        for evil in ["https://evil.example/", "//evil.example/", "/console/..//evil.example", "/%5Cevil.example"]:
            self.begin(reader, f"/console/login?to={evil}")
            self.arrives(reader, "/console/now")
            reader.driver.delete_all_cookies()

    def test_a_link_on_another_sites_page_finds_one_logged_in(self):
        reader = self.reader()
        self.begin(reader)
        self.arrives(reader, "/console/now")
        for path in ["/console/runs?status=FAILED", "/console/failed"]:
            reader.driver.get(f"{self.provider.url}/page?to={self.server.url}{path}")
            reader.one("#link").click()
            self.arrives(reader, path)
        # Whoever is not logged in finds the login, and it is no circle.
        stranger = self.reader()
        stranger.driver.get(f"{self.provider.url}/page?to={self.server.url}/console/runs")
        stranger.one("#link").click()
        stranger.until(lambda: stranger.all("#credential"), "the login page")

    def test_a_login_ends_with_its_token_on_an_open_page(self):
        self.provider.lifetime = 8
        reader = self.reader()
        self.begin(reader, "/console/runs")
        self.arrives(reader, "/console/runs")
        reader.until(lambda: reader.all("#credential"), "the page that is open leads to the login", 90)
        self.assertIn("to=", reader.driver.current_url)

    def test_axe_finds_nothing(self):
        for theme, size in [("light", (1440, 1000)), ("dark", (1440, 1000)), ("phone", (390, 844))]:
            reader = self.reader(dark=theme == "dark", size=size)
            reader.open("/console/login")
            self.assertEqual(reader.axe(), [], theme)
            reader.shoot(f"login-provider-{theme}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
