"""Azure Key Vault (its secrets) and Entra ID for tests, as strict as the service where we know it to be.

    azure_server.py serve PORT CA        with the applications' secret in AZURE_SECRET
    azure_server.py ready PORT           succeeds when it answers
    azure_server.py operate ENDPOINT CA COMMAND [ARGUMENT...]
                                         works on the vault with Microsoft's own client for Python

Listens on loopback only, for HTTP and HTTPS on the same port; writes the certificate of the authority that it made
for that to the file CA. Two vaults are there, told apart by the name that they are called by: `127.0.0.1`, which
deletes at once, and `localhost`, which takes its time to delete and to purge, as the service does.

Each rule and where it is from (documents: learn.microsoft.com/rest/api/keyvault/secrets and
.../azure/key-vault; SDK: the recorded tests of Microsoft's clients; assumed: nobody says):
- without a token 401 with a challenge that names authority and resource, and so with one that is unknown (SDK);
- a token is for one application, whose role says which actions it may use, 403 ForbiddenByRbac (documents);
- names: 1 to 127 of 0-9, a-z, A-Z and -, upper and lower case being one (documents);
- a value has at most 25,600 bytes, a version 15 tags of 256 characters; else 400 BadParameter (documents, SDK);
- each PUT makes a version of 32 hex digits, with tags and attributes of its own; times are in seconds (documents);
- PATCH changes what it names: attributes alone, or all tags, of one version or of the newest (documents);
- a disabled version is 403 SecretDisabled to GET, and stays in lists (documents, SDK);
- GET without a version is the newest, disabled or not (documents);
- lists come in pages of at most 25, and their nextLink has an explicit port (SDK); it goes on behind the last name
  of the page before (assumed);
- DELETE keeps the secret as deleted: its name answers 409 ObjectIsDeletedButRecoverable to PUT, 404 to everything
  else, until it is recovered or purged (documents);
- deleting and purging take a while: meanwhile 409 ObjectIsBeingDeleted to PUT, recover and purge, and the deleted
  secret is not found (SDK).
Not here: quotas, network rules, certificates and keys, purge protection, Managed HSM, a token's signature.
"""

import datetime
import http.server
import ipaddress
import json
import os
import re
import secrets
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse

# Known to xtask, which tells the tests.
TENANT = "11111111-2222-3333-4444-555555555555"
WRITER, NOBODY, KEEPER, FEDERATED = (f"{n}0000000-0000-0000-0000-000000000000" for n in "abcf")
# What a cluster's own authority would have signed.
ASSERTION = "strongroom-assertion"

OFFICER = {"get", "set", "list", "delete", "purge", "recover"}
ROLES = {WRITER: OFFICER, NOBODY: set(), KEEPER: OFFICER - {"purge"}, FEDERATED: OFFICER}
ACTIONS = {
    "get": "getSecret/action",
    "set": "setSecret/action",
    "list": "readMetadata/action",
    "delete": "delete",
    "purge": "purge/action",
    "recover": "recover/action",
}

VALUE_BYTES, TAGS, LENGTH, PAGE = 25_600, 15, 256, 25
NAME = re.compile(r"[0-9a-zA-Z-]{1,127}\Z")
# How long the vault `localhost` takes to delete and to purge.
LEISURE = 0.7
RETENTION = 90 * 86_400


class Refused(Exception):
    def __init__(self, status, code, message, inner=None, headers=()):
        self.status, self.headers = status, headers
        self.body = {"error": {"code": code, "message": message}}
        if inner:
            self.body["error"]["innererror"] = {"code": inner}


def bad(message="Property  has invalid value\r\n"):
    return Refused(400, "BadParameter", message)


def not_found(what):
    return Refused(404, "SecretNotFound", f"A secret with (name/id) {what} was not found in this key vault.")


def busy():
    return Refused(409, "Conflict", "Secret is currently being deleted.", "ObjectIsBeingDeleted")


class Version:
    def __init__(self):
        self.id = secrets.token_hex(16)
        self.value, self.content, self.tags, self.enabled = "", None, {}, True
        self.created = self.updated = int(time.time())
        self.more = {}


class Secret:
    def __init__(self, name):
        self.name, self.versions = name, []
        # Of one that was deleted: since when, and when the service is done with it.
        self.deleted, self.purged, self.done = None, False, 0.0

    def is_busy(self):
        return time.monotonic() < self.done


class Vault:
    def __init__(self, leisure):
        self.leisure, self.secrets = leisure, {}

    def find(self, name):
        one = self.secrets.get(name.lower())
        if one and one.purged and not one.is_busy():
            del self.secrets[name.lower()]
            return None
        return one

    def live(self, name):
        one = self.find(name)
        if one is None or one.deleted:
            raise not_found(name)
        return one

    def gone(self, name):
        """One that was deleted."""
        one = self.find(name)
        if one is None or not one.deleted or one.purged:
            raise not_found(name)
        return one

    def version(self, name, wanted):
        one = self.live(name)
        if not wanted:
            return one, one.versions[-1]
        for version in one.versions:
            if version.id == wanted:
                return one, version
        raise not_found(f"{name}/{wanted}")


def attributes(version):
    told = {"enabled": version.enabled, "created": version.created, "updated": version.updated}
    return told | version.more | {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}


def shown(base, one, version, named=True, value=False):
    told = {"id": f"{base}/secrets/{one.name}" + (f"/{version.id}" if named else "")}
    told["attributes"] = attributes(version)
    if version.tags:
        told["tags"] = version.tags
    if version.content is not None:
        told["contentType"] = version.content
    if value:
        told["value"] = version.value
    return told


def shown_deleted(base, one):
    told = shown(base, one, one.versions[-1])
    told["recoveryId"] = f"{base}/deletedsecrets/{one.name}"
    return told | {"deletedDate": one.deleted, "scheduledPurgeDate": one.deleted + RETENTION}


def change(version, body):
    """All of it or nothing."""
    tags, content, given = body.get("tags"), body.get("contentType"), body.get("attributes") or {}
    if tags is not None:
        texts = [text for pair in tags.items() for text in pair]
        if len(tags) > TAGS or not all(isinstance(text, str) and len(text) <= LENGTH for text in texts):
            raise bad()
    if content is not None and len(content) > 255:
        raise bad()
    if tags is not None:
        version.tags = tags
    if content is not None:
        version.content = content
    if "enabled" in given:
        version.enabled = bool(given["enabled"])
    version.more |= {key: given[key] for key in ("nbf", "exp") if key in given}
    version.updated = int(time.time())


class Service:
    def __init__(self, secret):
        self.secret, self.tokens, self.lock = secret, {}, threading.Lock()
        self.vaults = {"127.0.0.1": Vault(0.0), "localhost": Vault(LEISURE)}

    def answer(self, method, host, target, headers, body):
        url = urllib.parse.urlsplit(target)
        path = [urllib.parse.unquote(part) for part in url.path.split("/") if part]
        query = dict(urllib.parse.parse_qsl(url.query))
        with self.lock:
            match method, path:
                case "POST", [tenant, "oauth2", "v2.0", "token"]:
                    return self.token(tenant, dict(urllib.parse.parse_qsl(body.decode())))
                case "GET", ["metadata", "identity", "oauth2", "token"]:
                    return self.identity(query, headers)
                # Microsoft's client for Python looks up who gives tokens.
                case "GET", [*_, "discovery", "instance"]:
                    return 200, self.instance(host)
                case "GET", [_, "v2.0", ".well-known", "openid-configuration"]:
                    return 200, self.openid(host)
            return self.vault(method, host, path, query, headers, body)

    def instance(self, host):
        return {
            "tenant_discovery_endpoint": f"https://{host}/{TENANT}/v2.0/.well-known/openid-configuration",
            "metadata": [],
        }

    def openid(self, host):
        base = f"https://{host}/{TENANT}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "issuer": f"{base}/v2.0",
        }

    def token(self, tenant, form):
        def refuse(number, text):
            told = {"error": "invalid_client", "error_codes": [number]}
            return 401, told | {"error_description": f"AADSTS{number}: {text} {form}"}

        client = form.get("client_id")
        if tenant != TENANT:
            return 400, refuse(90002, "Tenant not found.")[1]
        if client not in ROLES:
            return refuse(700016, "Application was not found in the directory.")
        if form.get("grant_type") != "client_credentials":
            return refuse(70003, "The grant type is not supported.")
        if form.get("scope") != "https://vault.azure.net/.default":
            return refuse(70011, "The scope is not valid.")
        if client == FEDERATED:
            if form.get("client_assertion") != ASSERTION:
                return refuse(700211, "No matching federated identity record found.")
        elif form.get("client_secret") != self.secret:
            return refuse(7000215, "Invalid client secret provided.")
        return 200, self.granted(client)

    def granted(self, client):
        token = f"eyStrongroom.{secrets.token_urlsafe(32)}"
        self.tokens[token] = client
        return {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": token}

    def identity(self, query, headers):
        """As App Service has it for the identity of what runs there."""
        if headers.get("X-IDENTITY-HEADER") != self.secret or query.get("resource") != "https://vault.azure.net":
            return 400, {"statusCode": 400, "message": "no such identity"}
        told = self.granted(query.get("client_id", WRITER))
        return 200, {
            "access_token": told["access_token"],
            "expires_on": str(int(time.time()) + 3600),
            "resource": query["resource"],
            "token_type": "Bearer",
        }

    def vault(self, method, host, path, query, headers, body):
        base, vault = f"https://{host}", self.vaults.get(host.split(":")[0])
        if vault is None:
            raise Refused(404, "VaultNotFound", "no such vault")
        kind, token = (headers.get("Authorization", "") + " ").split(" ")[:2]
        client = self.tokens.get(token) if kind == "Bearer" else None
        if client is None:
            challenge = f'Bearer authorization="https://{host}/{TENANT}", resource="https://vault.azure.net"'
            text = "AKV10000: Request is missing a Bearer or PoP token."
            raise Refused(401, "Unauthorized", text, headers=[("WWW-Authenticate", challenge)])
        if "api-version" not in query:
            raise bad("api-version must be specified")
        match method, path:
            case ("PUT", ["secrets", _]) | ("PATCH", ["secrets", _] | ["secrets", _, _]):
                action = "set"
            case "GET", ["secrets"] | ["deletedsecrets"] | ["secrets", _, "versions"]:
                action = "list"
            case "GET", ["secrets", _] | ["secrets", _, _] | ["deletedsecrets", _]:
                action = "get"
            case "DELETE", ["secrets", _]:
                action = "delete"
            case "DELETE", ["deletedsecrets", _]:
                action = "purge"
            case "POST", ["deletedsecrets", _, "recover"]:
                action = "recover"
            case _:
                raise Refused(405, "MethodNotAllowed", "method not allowed")
        if len(path) > 1 and not NAME.match(path[1]):
            raise bad(f"The request URI contains an invalid name: {path[1]}")
        if action not in ROLES[client]:
            text = f"Caller is not authorized.\r\nCaller: appid={client}\r\n"
            text += f"Action: 'Microsoft.KeyVault/vaults/secrets/{ACTIONS[action]}'\r\n"
            raise Refused(403, "Forbidden", text, "ForbiddenByRbac")
        return getattr(self, f"do_{action}")(vault, base, method, path, query, body)

    def parsed(self, body):
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise bad("The request body is not a JSON object.")
        return told

    def do_set(self, vault, base, method, path, query, body):
        body, name = self.parsed(body), path[1]
        if method == "PATCH":
            one, version = vault.version(name, path[2] if len(path) > 2 else None)
            change(version, body)
            return 200, shown(base, one, version)
        if not isinstance(body.get("value"), str):
            raise bad("Parameter 'value' is missing.")
        if len(body["value"].encode()) > VALUE_BYTES:
            raise bad()
        one = vault.find(name)
        if one is not None and one.deleted:
            if one.is_busy():
                raise busy()
            text = f"Secret {name} is currently in a deleted but recoverable state."
            raise Refused(409, "Conflict", text, "ObjectIsDeletedButRecoverable")
        version = Version()
        version.value = body["value"]
        change(version, body)
        if one is None:
            one = vault.secrets[name.lower()] = Secret(name)
        one.versions.append(version)
        return 200, shown(base, one, version, value=True)

    def do_get(self, vault, base, method, path, query, body):
        if path[0] == "deletedsecrets":
            one = vault.gone(path[1])
            if one.is_busy():
                raise not_found(path[1])
            return 200, shown_deleted(base, one)
        one, version = vault.version(path[1], path[2] if len(path) > 2 else None)
        if not version.enabled:
            text = "Operation get is not allowed on a disabled secret."
            raise Refused(403, "Forbidden", text, "SecretDisabled")
        return 200, shown(base, one, version, value=True)

    def do_list(self, vault, base, method, path, query, body):
        if len(path) == 3:
            one = vault.live(path[1])
            # In no order that anybody promises.
            items = sorted((version.id, shown(base, one, version)) for version in one.versions)
        elif path[0] == "secrets":
            live = [(key, one) for key, one in vault.secrets.items() if not one.deleted]
            items = sorted((key, shown(base, one, one.versions[-1], named=False)) for key, one in live)
        else:
            gone = [(k, one) for k, one in vault.secrets.items() if one.deleted and not one.is_busy()]
            items = sorted((key, shown_deleted(base, one)) for key, one in gone if not one.purged)
        try:
            most = int(query.get("maxresults", PAGE))
        except ValueError:
            most = 0
        if not 1 <= most <= PAGE:
            raise bad("The maxresults parameter must be between 1 and 25.")
        behind = query.get("$skiptoken", "")
        items = [item for item in items if item[0] > behind]
        more = None
        if len(items) > most:
            host = base if ":" in base.removeprefix("https://") else f"{base}:443"
            following = {"api-version": query["api-version"], "$skiptoken": items[most - 1][0], "maxresults": most}
            more = f"{host}/{'/'.join(path)}?{urllib.parse.urlencode(following, safe='$')}"
        return 200, {"value": [told for _, told in items[:most]], "nextLink": more}

    def do_delete(self, vault, base, method, path, query, body):
        one = vault.live(path[1])
        one.deleted, one.done = int(time.time()), time.monotonic() + vault.leisure
        return 200, shown_deleted(base, one)

    def do_purge(self, vault, base, method, path, query, body):
        one = vault.gone(path[1])
        if one.is_busy():
            raise busy()
        one.purged, one.done = True, time.monotonic() + vault.leisure
        return 204, None

    def do_recover(self, vault, base, method, path, query, body):
        one = vault.gone(path[1])
        if one.is_busy():
            raise busy()
        one.deleted = None
        return 200, shown(base, one, one.versions[-1])


def tls(path):
    """A context for this host, whose authority's certificate is written to `path`; its key is kept nowhere."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def certificate(name, key, issuer, by, is_authority):
        now = datetime.datetime.now(datetime.timezone.utc)
        named = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        authority_key = x509.SubjectKeyIdentifier.from_public_key(by.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key), critical=False
            )
        )
        if is_authority:
            builder = builder.add_extension(authority_key, critical=False)
        else:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            names = x509.SubjectAlternativeName([address, x509.DNSName("localhost")])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    with open(path, "wb") as file:
        file.write(certificate("vault authority", authority, "vault authority", authority, True))
    private = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(private + certificate("vault", own, "vault authority", authority, False))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def serve(port, authority):
    service, context = Service(os.environ.pop("AZURE_SECRET")), tls(authority)

    class Handler(http.server.BaseHTTPRequestHandler):
        # Connections stay open, as those of the service do.
        protocol_version = "HTTP/1.1"
        # Head and body in one piece: otherwise the second waits for the first to be acknowledged.
        wbufsize = -1

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = []
            try:
                status, told = service.answer(
                    self.command, self.headers.get("Host", ""), self.path, self.headers, body
                )
            except Refused as refused:
                status, told, headers = refused.status, refused.body, refused.headers
            text = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if told is not None:
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
            self.send_header("x-ms-request-id", secrets.token_hex(16))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = handle_any

        def log_message(self, *_):
            pass

    class Both(http.server.ThreadingHTTPServer):
        request_queue_size = 256

        def finish_request(self, request, client_address):
            # What TLS begins with, and no request does.
            if request.recv(1, socket.MSG_PEEK) == b"\x16":
                request = context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)

        def handle_error(self, *_):
            """Clients that go away, or that do not trust us, are a part of the tests."""

    server = Both(("127.0.0.1", port), Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


def operate(endpoint, authority, command, arguments):
    """An operator with rights of their own; the client's secret is in AZURE_SECRET."""
    from azure.core.exceptions import HttpResponseError
    from azure.identity import ClientSecretCredential
    from azure.keyvault.secrets import SecretClient

    login = ClientSecretCredential(
        TENANT,
        WRITER,
        os.environ["AZURE_SECRET"],
        authority=endpoint,
        disable_instance_discovery=True,
        connection_verify=authority,
    )
    client = SecretClient(endpoint, login, verify_challenge_resource=False, connection_verify=authority)

    def told(one):
        print(json.dumps({"version": one.properties.version, "value": one.value}))

    try:
        match command, arguments:
            case "set", [name, value]:
                told(client.set_secret(name, value))
            case "get", [name, *version]:
                told(client.get_secret(name, *version))
            case "list", []:
                for one in client.list_properties_of_secrets():
                    print(json.dumps({"name": one.name, "tags": one.tags, "content": one.content_type}))
            case "versions", [name]:
                for one in client.list_properties_of_secret_versions(name):
                    print(json.dumps({"version": one.version, "enabled": one.enabled, "tags": one.tags}))
            case "disable" | "enable", [name, version]:
                client.update_secret_properties(name, version, enabled=command == "enable")
            case "delete", [name]:
                client.begin_delete_secret(name).wait()
            case "deleted", []:
                for one in client.list_deleted_secrets():
                    print(one.name)
            case "recover", [name]:
                client.begin_recover_deleted_secret(name).wait()
            case "purge", [name]:
                client.purge_deleted_secret(name)
            case _:
                sys.exit(__doc__)
    except HttpResponseError as error:
        inner = (error.error.innererror or {}).get("code") if error.error else None
        sys.exit(f"{error.status_code} {error.error.code if error.error else None} {inner}")


def ready(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", port, authority]:
            serve(int(port), authority)
        case ["ready", port]:
            ready(int(port))
        case ["operate", endpoint, authority, command, *arguments]:
            operate(endpoint, authority, command, arguments)
        case _:
            sys.exit(__doc__)
