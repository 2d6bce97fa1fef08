"""Is this call sagaflow's? See docs/participants.md. Needs nothing but Python."""

import base64, hashlib, hmac, time


def verify(secret: str, headers: dict, body: bytes, tolerance: int = 300) -> bool:
    call, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > tolerance:
        return False
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    mac = hmac.new(key, f"{call}.{sent}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(mac).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split(" "))


if __name__ == "__main__":
    import os, sys

    headers = {name: os.environ[name.upper().replace("-", "_")] for name in
               ("webhook-id", "webhook-timestamp", "webhook-signature")}
    sys.exit(0 if verify(os.environ["SECRET"], headers, sys.stdin.buffer.read()) else 1)
