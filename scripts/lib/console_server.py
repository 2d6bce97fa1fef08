"""APIs for tests of the console, beside the stack's: on its database, with settings of their own, to be stopped and started again."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Server:
    """Needs SAGAFLOW_API, the program, SAGAFLOW_DATABASE and SAGAFLOW_TOKEN, an admin token."""

    def __init__(self, **settings):
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = pathlib.Path(tempfile.mkdtemp(prefix="console-")) / "api.log"
        self.settings = {
            "DATABASE_URL": os.environ["SAGAFLOW_DATABASE"], "ADMIN_TOKENS": f"dev:{os.environ['SAGAFLOW_TOKEN']}", "HOST": "127.0.0.1",
            "PORT": str(self.port), "AUTH": "required",
        } | settings
        self.process = None

    def start(self):
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([os.environ["SAGAFLOW_API"]], env=environment | self.settings, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while True:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the API does not answer: {self.log.read_text()[-2000:]}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=2):
                    return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)

    def stop(self, by=signal.SIGKILL):
        """Ends this process and no other."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(by)
            self.process.wait(30)
        self.process = None

    def close(self):
        self.stop()
        self.log.unlink(missing_ok=True)
        self.log.parent.rmdir()
