"""An identity provider for tests: discovery, a page on which one logs in, a code for a token, and the key that signs it (RS256, by openssl).

It is as strict as providers are: the redirect address is compared whole, a code counts once, with its client's secret and the verifier (S256).
"""

import base64
import hashlib
import html
import http.server
import json
import pathlib
import secrets
import subprocess
import tempfile
import threading
import time
import urllib.parse

CLIENT, SECRET = "sagaflow-console", "c/f+%x y"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    """At 127.0.0.1: to a console at localhost it is another site."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oidc-"))
        self.key = self.folder / "key.pem"
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
        number = bytes.fromhex(modulus.strip().split("=")[1])
        self.jwk = {"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "e": "AQAB", "n": encoded(number)}
        # Addresses that were registered, codes that were given, and what a token is to say otherwise.
        self.redirects, self.codes, self.change, self.lifetime = set(), {}, {}, 600
        self.last_redirect, self.faults = None, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.get(self)

            def do_POST(self):
                outer.post(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.key.unlink()
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()

    def issuers_file(self, title="Example Corp"):
        (self.folder / "secret").write_text(SECRET + "\n")
        file = self.folder / "issuers.json"
        issuer = {
            "name": "corp", "issuer": self.url, "audience": CLIENT, "discovery": True, "clockSkew": "10s", "tenant": "*", "allTenants": True,
            "roles": {"ops": ["operator", "payloads:read"]},
            "login": {"clientId": CLIENT, "clientSecretFile": "secret", "scopes": ["openid", "profile"], "title": title},
        }
        file.write_text(json.dumps({"allow": ["127.0.0.1"], "issuers": [issuer]}))
        return str(file)

    def get(self, request):
        place = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(place.query))
        if place.path == "/.well-known/openid-configuration":
            endpoints = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            answer(request, {"issuer": self.url, "authorization_response_iss_parameter_supported": True} | {name: self.url + path for name, path in endpoints.items()})
        elif place.path == "/jwks":
            answer(request, {"keys": [self.jwk]})
        elif place.path == "/authorize":
            self.ask(request, query)
        elif place.path == "/decide":
            self.decide(request, query)
        elif place.path == "/page":
            page(request, f'<a id="link" href="{html.escape(query["to"])}">a link</a>')
        else:
            request.send_error(404)

    def ask(self, request, query):
        wrong = [
            name for name, is_right in {
                "client_id": query.get("client_id") == CLIENT, "redirect_uri": query.get("redirect_uri") in self.redirects,
                "response_type": query.get("response_type") == "code", "scope": "openid" in query.get("scope", "").split(),
                "code_challenge_method": query.get("code_challenge_method") == "S256", "state": bool(query.get("state")),
            }.items() if not is_right
        ]
        if wrong:
            self.faults.append(wrong)
            return page(request, f"wrong: {html.escape(' '.join(wrong))}", 400)
        again = urllib.parse.urlencode(query)
        page(request, f'<a id="yes" href="/decide?{html.escape(again)}">Go on as ann</a> <a id="no" href="/decide?no=1&amp;{html.escape(again)}">No</a>')

    def decide(self, request, query):
        back = {"state": query["state"], "iss": self.url}
        if "no" in query:
            back |= {"error": "access_denied", "error_description": "Call +1 555"}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = query
            back["code"] = code
        self.last_redirect = query["redirect_uri"] + "?" + urllib.parse.urlencode(back)
        request.send_response(302)
        request.send_header("Location", self.last_redirect)
        request.end_headers()

    def post(self, request):
        form = dict(urllib.parse.parse_qsl(request.rfile.read(int(request.headers["Content-Length"])).decode()))
        asked = self.codes.pop(form.get("code"), None)
        pair = base64.b64decode((request.headers["Authorization"] or "Basic ").split(" ")[1]).decode().split(":")
        if [urllib.parse.unquote(part) for part in pair] != [CLIENT, SECRET]:
            return answer(request, {"error": "invalid_client"}, 401)
        challenge = encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not asked or asked["redirect_uri"] != form.get("redirect_uri") or asked["code_challenge"] != challenge:
            return answer(request, {"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "ann", "iat": now, "exp": now + self.lifetime, "nonce": asked["nonce"], "roles": ["ops"]} | self.change
        answer(request, {"token_type": "Bearer", "access_token": "opaque", "id_token": self.token(claims)})

    def token(self, claims):
        signed = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "k", "typ": "JWT"}, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(), check=True, capture_output=True).stdout
        return f"{signed}.{encoded(signature)}"


def send(request, kind, body, status):
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def answer(request, content, status=200):
    send(request, "application/json", json.dumps(content).encode(), status)


def page(request, content, status=200):
    send(request, "text/html; charset=utf-8", f'<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>Provider</title><h1>Provider</h1>{content}'.encode(), status)
