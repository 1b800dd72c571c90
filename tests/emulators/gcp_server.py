"""Google Cloud Secret Manager for tests, with the token services around it. Its rules are in gcp_secrets.py.

    gcp_server.py serve PORT ROLE FOLDER   with what nobody guesses in GCP_SECRET
    gcp_server.py ready PORT               succeeds when it answers

Listens on loopback only. The project is `strongroom-test`; the service account `strongroom` has the permissions of the
file ROLE, those that are about one secret only for names that begin with `strongroom-`; `operator` may enable
and disable versions besides, `nobody` has none, and `impersonator` may do nothing but impersonate `strongroom`. FOLDER gets credentials files of every type.

Every request needs a token: a JWT that a service account signed, or one that was given out here: by STS for an
external account, by OAuth for an authorized user, by IAM for whoever impersonates, by a host's metadata server.
"""

import base64
import datetime
import http.server
import json
import os
import re
import secrets as randomness
import signal
import socket
import sys
import time
import urllib.parse

from gcp_secrets import Refused, Secrets, unknown

# Known to xtask, which tells the tests.
PROJECT, NUMBER = "strongroom-test", "123456789012"

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = f"//iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/pool/providers/provider"
NAMED = "strongroom-"
# Checked against the project, whatever the secret's name.
OF_PROJECT = {"secretmanager.secrets.create", "secretmanager.secrets.list"}
IMPERSONATE = "iam.serviceAccounts.getAccessToken"
PATH = re.compile(r"/v1/projects/([^/]+)(?:/locations/([^/]+))?/secrets(?:/([^/:]+)(?:/versions(?:/([^/:]+))?)?)?(?::(\w+))?")


def email(name):
    return f"{name}@{PROJECT}.iam.gserviceaccount.com"


def unauthenticated():
    return Refused("UNAUTHENTICATED", 401, "Request had invalid authentication credentials.")


def denied(permission):
    message = f"Permission '{permission}' denied on resource (or it may not exist)."
    return Refused("PERMISSION_DENIED", 403, message, "IAM_PERMISSION_DENIED")


class Accounts:
    """Who may do what, and whose token is whose."""

    def __init__(self, role, secret):
        ours = set(role["includedPermissions"])
        more = {"secretmanager.versions.enable", "secretmanager.versions.disable"}
        self.permissions = {"strongroom": ours, "operator": ours | more, "impersonator": {IMPERSONATE}, "nobody": set()}
        given = {"writer": "strongroom", "operator": "operator", "nobody": "nobody"}
        self.tokens = {f"{name}-{secret}": (who, None) for name, who in given.items()}
        self.keys, self.subject, self.refresh = {}, randomness.token_hex(16), randomness.token_hex(16)

    def issue(self, who):
        token = f"ya29.{randomness.token_hex(16)}"
        self.tokens[token] = (who, time.time() + 3600)
        return token

    def who(self, header):
        kind, _, token = (header or "").partition(" ")
        if kind != "Bearer":
            raise unauthenticated()
        who, until = self.tokens.get(token, (None, None))
        if who and (until is None or time.time() < until):
            return who
        return self.signer(token)

    def signer(self, token):
        """The service account that signed a JWT, if it is for us and for now."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        try:
            head, claims, signature = token.split(".")
            decode = lambda part: base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
            header, told = json.loads(decode(head)), json.loads(decode(claims))
            who, public = self.keys[header["kid"]]
            public.verify(decode(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
            fits = header["alg"] == "RS256" and told["iss"] == told["sub"] == email(who)
            if fits and SCOPE in told.get("scope", "") and told["iat"] <= time.time() < told["exp"]:
                return who
        except (ValueError, KeyError, TypeError, InvalidSignature):
            pass
        raise unauthenticated()

    def check(self, who, permission, name):
        named = permission in OF_PROJECT or permission == IMPERSONATE or name.startswith(NAMED)
        if permission not in self.permissions[who] or not named:
            raise denied(permission)

    def key_file(self, who, url):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        key, key_id = rsa.generate_private_key(public_exponent=65537, key_size=2048), randomness.token_hex(20)
        self.keys[key_id] = (who, key.public_key())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": key_id,
            "private_key": pem.decode(),
            "client_email": email(who),
            "client_id": "1",
            "token_uri": f"{url}/token",
        }

    def write(self, folder, url):
        """A credentials file of every type."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        subject = os.path.join(folder, "subject_token")
        files = {
            "service_account": self.key_file("strongroom", url),
            "nobody": self.key_file("nobody", url),
            "external_account": {
                "type": "external_account",
                "audience": AUDIENCE,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": f"{url}/v1/token",
                "credential_source": {"file": subject},
            },
            "authorized_user": {
                "type": "authorized_user",
                "client_id": "client",
                "client_secret": "client-secret",
                "refresh_token": self.refresh,
                "token_uri": f"{url}/token",
            },
            "impersonated_service_account": {
                "type": "impersonated_service_account",
                "service_account_impersonation_url": f"{url}/v1/projects/-/serviceAccounts/{email('strongroom')}:generateAccessToken",
                "source_credentials": self.key_file("impersonator", url),
            },
        }
        files["refused"] = files["authorized_user"] | {"refresh_token": "revoked"}
        texts = {f"{name}.json": json.dumps(file) for name, file in files.items()} | {"subject_token": self.subject}
        for name, text in texts.items():
            with open(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)


class Handler(http.server.BaseHTTPRequestHandler):
    # Connections stay open, as those of the service do.
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    accounts = secrets = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, answer = 200, self.answer(body)
        except Refused as refused:
            error = {"code": refused.http, "message": refused.message, "status": refused.status}
            if refused.reason:
                kind = "type.googleapis.com/google.rpc.ErrorInfo"
                error["details"] = [{"@type": kind, "reason": refused.reason, "domain": "googleapis.com"}]
            status, answer = refused.http, {"error": error}
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(text.encode())))
        if self.path.startswith("/computeMetadata/"):
            self.send_header("Metadata-Flavor", "Google")
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_PATCH = do_DELETE = do_GET

    def answer(self, body):
        url = urllib.parse.urlsplit(self.path)
        path, query = urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query))
        if self.command == "POST" and path in ("/token", "/v1/token"):
            return self.exchange(path, body)
        if path.startswith("/computeMetadata/v1/"):
            return self.metadata(path)
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            raise Refused("INVALID_ARGUMENT", 400, "Invalid JSON payload received.") from None
        who = self.accounts.who(self.headers.get("Authorization"))
        if path.endswith(":generateAccessToken"):
            self.accounts.check(who, IMPERSONATE, "")
            until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
            return {"accessToken": self.accounts.issue("strongroom"), "expireTime": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        match = PATH.fullmatch(path)
        if match is None:
            raise unknown(f"{self.command} {path}")
        return self.operate(who, match.groups(), query, given)

    def operate(self, who, parts, query, body):
        project, location, secret, version, verb = parts
        numbers = "enum-encoding=int" in query.get("$alt", "")
        is_versions = "/versions" in self.path.split("?")[0]
        kind = "versions" if is_versions or verb == "addVersion" else "secrets"
        call = (self.command, kind, version is not None if kind == "versions" else secret is not None, verb)
        calls = {
            ("POST", "secrets", False, None): ("create", lambda: self.secrets.create(parent, location, query.get("secretId", ""), body)),
            ("GET", "secrets", False, None): ("list", lambda: self.secrets.list(parent, query)),
            ("GET", "secrets", True, None): ("get", lambda: self.secrets.secret(name).shown()),
            ("PATCH", "secrets", True, None): ("update", lambda: self.secrets.update(name, query.get("updateMask", ""), body)),
            ("DELETE", "secrets", True, None): ("delete", lambda: self.secrets.delete(name, query.get("etag"))),
            ("POST", "versions", False, "addVersion"): ("add", lambda: self.secrets.add(name, body, numbers)),
            ("GET", "versions", False, None): ("list", lambda: self.secrets.versions(name, query, numbers)),
            ("GET", "versions", True, None): ("get", lambda: self.secrets.version(name, version, numbers)),
            ("GET", "versions", True, "access"): ("access", lambda: self.secrets.access(name, version)),
        }
        for change in ("enable", "disable", "destroy"):
            calls[("POST", "versions", True, change)] = (change, lambda: self.secrets.change(name, version, verb, body, numbers))
        if call not in calls:
            raise unknown(f"{self.command} {self.path.split('?')[0]}")
        permission, operation = calls[call]
        permission = f"secretmanager.{kind}.{permission}"
        # Of a project that is not ours, not even that it is not there is told.
        if project not in (PROJECT, NUMBER):
            raise denied(permission)
        self.accounts.check(who, permission, secret or "")
        parent = f"projects/{NUMBER}" + (f"/locations/{location}" if location else "")
        name = f"{parent}/secrets/{secret}"
        with self.secrets.lock:
            return operation()

    def exchange(self, path, body):
        """Tokens for tokens: RFC 8693 for external accounts, RFC 6749 for users."""
        text = body.decode()
        given = json.loads(text) if text.startswith("{") else dict(urllib.parse.parse_qsl(text))
        issued = "urn:ietf:params:oauth:token-type:access_token"
        if path == "/v1/token":
            fits = given.get("audience") == AUDIENCE and given.get("subject_token") == self.accounts.subject
            fits = fits and given.get("grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange"
        else:
            fits = given.get("grant_type") == "refresh_token" and given.get("refresh_token") == self.accounts.refresh
            fits = fits and (given.get("client_id"), given.get("client_secret")) == ("client", "client-secret")
        if not fits:
            raise Refused("INVALID_ARGUMENT", 400, "invalid_grant")
        token = self.accounts.issue("strongroom")
        return {"access_token": token, "issued_token_type": issued, "token_type": "Bearer", "expires_in": 3600}

    def metadata(self, path):
        if self.headers.get("Metadata-Flavor") != "Google":
            raise Refused("PERMISSION_DENIED", 403, "Missing Metadata-Flavor:Google header.")
        if path.endswith("/universe/universe-domain"):
            return "googleapis.com"
        if path.endswith("/instance/service-accounts/default/token"):
            return {"access_token": self.accounts.issue("strongroom"), "expires_in": 3600, "token_type": "Bearer"}
        raise Refused("NOT_FOUND", 404, "not found")


def serve(port, role, folder):
    with open(role) as file:
        Handler.accounts = Accounts(json.load(file), os.environ.pop("GCP_SECRET"))
    Handler.secrets = Secrets()
    Handler.accounts.write(folder, f"http://127.0.0.1:{port}")

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_):
            """Clients that go away are a part of the tests."""

    server = Server(("127.0.0.1", port), Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


def ready(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", port, role, folder]:
            serve(int(port), role, folder)
        case ["ready", port]:
            ready(int(port))
        case _:
            sys.exit(__doc__)
