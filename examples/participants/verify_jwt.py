"""Is this call sagaflow's? See docs/participants.md. Needs PyJWT and cryptography: pip install "pyjwt[crypto]"."""

import hashlib, jwt


def verify(keys: jwt.PyJWKSet, me: str, token: str, method: str, path: str, body: bytes) -> dict | None:
    """What the token says, or None. In production keys[kid] is jwt.PyJWKClient(url).get_signing_key_from_jwt(token)."""
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]].key
        claims = jwt.decode(token, key, ["EdDSA"], audience=me, issuer="sagaflow", leeway=5,
                            options={"require": ["exp", "iat"]})
    except (jwt.PyJWTError, KeyError):
        return None
    said = (claims.get("method"), claims.get("path"), claims.get("bodySha256"))
    return claims if said == (method, path, hashlib.sha256(body).hexdigest()) else None


if __name__ == "__main__":
    import os, sys

    call = [os.environ[name] for name in ("PARTICIPANT", "TOKEN", "METHOD", "CALL_PATH")]
    sys.exit(0 if verify(jwt.PyJWKSet.from_json(os.environ["JWKS"]), *call, sys.stdin.buffer.read()) else 1)
