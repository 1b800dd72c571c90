"""The rules of Google Cloud Secret Manager: secrets, their versions, and what is refused.

Where a rule is from, README.md says. A number in a comment is a row of the table there.
"""

import base64
import binascii
import datetime
import re
import threading

PAYLOAD_BYTES = 65_536
LABELS = 64
ANNOTATION_BYTES = 16 * 1024
PAGE = 25_000

SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
ANNOTATION_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
KEY = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")
DURATION = re.compile(r"([0-9]+)(\.[0-9]+)?s")

SETTABLE = {"replication", "labels", "annotations", "versionDestroyTtl", "customerManagedEncryption"}
# Read by nobody when they are sent.
OUTPUT = {"name", "createTime"}
STATES = {"ENABLED": 1, "DISABLED": 2, "DESTROYED": 3}


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, status, http, message, reason=None):
        super().__init__(message)
        self.status, self.http, self.message, self.reason = status, http, message, reason


def invalid(message):
    return Refused("INVALID_ARGUMENT", 400, message)


def missing(name):
    return Refused("NOT_FOUND", 404, f"Resource [{name}] not found.")


def precondition(message):
    return Refused("FAILED_PRECONDITION", 400, message)


def unknown(what):
    """What this emulator cannot do must not seem to work."""
    return Refused("UNIMPLEMENTED", 501, f"this emulator has no {what}")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def text_of(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def crc32c(data, table=[]):
    """Castagnoli's, a byte at a time."""
    if not table:
        for n in range(256):
            for _ in range(8):
                n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
            table.append(n)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def is_label(text, is_key):
    fits = lambda c: c in "_-" or (c.isalnum() and not c.isupper())
    begins = not is_key or (text != "" and text[0].isalpha() and not text[0].isupper())
    return begins and len(text) <= 63 and len(text.encode()) <= 128 and all(map(fits, text))


def check_key(encryption, location):
    if encryption is not None:
        match = KEY.fullmatch(str(encryption.get("kmsKeyName")))
        if match is None or match[1] != location:
            raise invalid("The KMS key is not one of the location.")


def check_replication(given, location):
    if location:
        if given:
            raise invalid("Replication must not be set on a regional secret.")
        return
    if given.keys() == {"automatic"}:
        check_key(given["automatic"].get("customerManagedEncryption"), "global")
    elif given.keys() == {"userManaged"}:
        replicas = given["userManaged"].get("replicas") or []
        locations = [replica.get("location") for replica in replicas]
        keys = [replica.get("customerManagedEncryption") for replica in replicas]
        if not replicas or len(set(locations)) != len(locations) or not all(locations):
            raise invalid("The replicas must be in locations of their own.")
        if any(keys) and not all(keys):
            raise invalid("All replicas must have a KMS key, or none.")
        for where, key in zip(locations, keys):
            check_key(key, where)
    else:
        raise invalid("The replication policy must be set.")


def settings(body):
    """What a caller may set, checked."""
    body = dict(body)
    for name in OUTPUT:
        body.pop(name, None)
    unknown_names = body.keys() - SETTABLE - {"etag"}
    if unknown_names:
        raise unknown(f"field {sorted(unknown_names)}")
    labels, annotations = body.get("labels", {}), body.get("annotations", {})
    if len(labels) > LABELS:
        raise invalid("A secret may have at most 64 labels.")
    if not all(is_label(key, True) and is_label(value, False) for key, value in labels.items()):
        raise invalid("A label does not match the expected format.")
    if not all(ANNOTATION_KEY.fullmatch(key) for key in annotations):
        raise invalid("The key of an annotation is not valid.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) >= ANNOTATION_BYTES:
        raise invalid("The annotations must be smaller than 16 KiB.")
    if "versionDestroyTtl" in body:
        match = DURATION.fullmatch(body["versionDestroyTtl"])
        if match is None or int(match[1]) < 86_400:
            raise invalid("The time until versions are destroyed must be at least a day.")
    return body


class Secret:
    def __init__(self, name, number, given, etag):
        self.name, self.number, self.given, self.etag = name, number, given, etag
        self.created = now()
        self.versions = []

    def shown(self):
        return self.given | {"name": self.name, "createTime": text_of(self.created), "etag": self.etag}

    def find(self, which):
        # The newest, whatever its state (row 9).
        if which == "latest" and self.versions:
            return self.versions[-1]
        if which.isascii() and which.isdigit() and 1 <= int(which) <= len(self.versions):
            return self.versions[int(which) - 1]
        raise missing(f"{self.name}/versions/{which}")


class Version:
    def __init__(self, secret, data, sum_was_given, etag):
        self.name = f"{secret.name}/versions/{len(secret.versions) + 1}"
        self.number, self.data, self.etag = len(secret.versions) + 1, data, etag
        self.sum_was_given, self.state = sum_was_given, "ENABLED"
        self.created, self.destroyed, self.scheduled = now(), None, None

    def shown(self, numbers):
        shown = {
            "name": self.name,
            "createTime": text_of(self.created),
            "etag": self.etag,
            "state": STATES[self.state] if numbers else self.state,
        }
        if self.sum_was_given:
            shown["clientSpecifiedPayloadChecksum"] = True
        if self.destroyed:
            shown["destroyTime"] = text_of(self.destroyed)
        if self.scheduled:
            shown["scheduledDestroyTime"] = text_of(self.scheduled)
        return shown


class Secrets:
    """All secrets of a project, in memory. Names are those of answers: with the project's number (row 1)."""

    def __init__(self):
        self.secrets, self.lock, self.count = {}, threading.Lock(), 0

    def next(self):
        self.count += 1
        return self.count, f'"{0x160000000000 + self.count:x}"'

    def secret(self, name):
        if name not in self.secrets:
            raise missing(name)
        return self.secrets[name]

    def create(self, parent, location, secret_id, body):
        if not SECRET_ID.fullmatch(secret_id):
            raise invalid("The id of the secret does not match [a-zA-Z_0-9-]{1,255}.")
        given = settings(body)
        given.pop("etag", None)
        check_replication(given.get("replication") or {}, location)
        if location:
            check_key(given.get("customerManagedEncryption"), location)
        name = f"{parent}/secrets/{secret_id}"
        if name in self.secrets:
            raise Refused("ALREADY_EXISTS", 409, f"Secret [{name}] already exists.")
        number, etag = self.next()
        self.secrets[name] = Secret(name, number, given, etag)
        return self.secrets[name].shown()

    def update(self, name, mask, body):
        secret, given = self.secret(name), settings(body)
        check_etag(given.pop("etag", None), secret.etag)
        fields = [re.sub("_(.)", lambda found: found[1].upper(), field) for field in mask.split(",") if field]
        if not fields or not set(fields) <= SETTABLE - {"replication"}:
            raise invalid("The update mask is not valid.")
        for field in fields:
            secret.given.pop(field, None)
            if field in given:
                secret.given[field] = given[field]
        _, secret.etag = self.next()
        return secret.shown()

    def delete(self, name, etag):
        check_etag(etag, self.secret(name).etag)
        del self.secrets[name]
        return {}

    def list(self, parent, query):
        begin = f"{parent}/secrets/"
        ours = [one for name, one in self.secrets.items() if name.startswith(begin)]
        for kind, key, value in terms(query.get("filter", "")):
            if kind == "name":
                ours = [one for one in ours if value.lower() in one.name[len(begin) :].lower()]
            elif kind == "labels":
                ours = [one for one in ours if one.given.get("labels", {}).get(key) == value]
            else:
                raise unknown(f"filter {kind} of secrets")
        page, more = cut(ours, query)
        return {"secrets": [one.shown() for one in page], "totalSize": len(ours)} | more

    def versions(self, name, query, numbers):
        ours = list(self.secret(name).versions)
        for kind, _, value in terms(query.get("filter", "")):
            if kind != "state":
                raise unknown(f"filter {kind} of versions")
            ours = [one for one in ours if one.state == value.upper()]
        page, more = cut(ours, query)
        return {"versions": [one.shown(numbers) for one in page], "totalSize": len(ours)} | more

    def add(self, name, body, numbers):
        secret, payload = self.secret(name), body.get("payload")
        if not isinstance(payload, dict):
            raise invalid("The payload is required.")
        try:
            data = base64.b64decode(payload.get("data", ""), validate=True)
        except (binascii.Error, ValueError):
            raise invalid("The payload is not base64.") from None
        if not data:
            raise invalid("Secret Payload cannot be empty.")
        if len(data) > PAYLOAD_BYTES:
            raise invalid("The payload is larger than 65,536 bytes.")
        told = payload.get("dataCrc32c")
        if told is not None and int(told) != crc32c(data):
            raise invalid("The payload does not match its checksum.")
        _, etag = self.next()
        secret.versions.append(Version(secret, data, told is not None, etag))
        return secret.versions[-1].shown(numbers)

    def version(self, name, which, numbers):
        return self.secret(name).find(which).shown(numbers)

    def access(self, name, which):
        version = self.secret(name).find(which)
        if version.state != "ENABLED":
            raise precondition(f"Secret Version [{version.name}] is in {version.state} state.")
        sum_ = str(crc32c(version.data))
        return {
            "name": version.name,
            "payload": {"data": base64.b64encode(version.data).decode(), "dataCrc32c": sum_},
        }

    def change(self, name, which, verb, body, numbers):
        secret = self.secret(name)
        version = secret.find(which)
        check_etag(body.get("etag"), version.etag)
        if version.state == "DESTROYED":
            raise precondition(f"Secret Version [{version.name}] is in DESTROYED state.")
        delay = secret.given.get("versionDestroyTtl")
        if verb == "destroy" and delay:
            version.state = "DISABLED"
            version.scheduled = now() + datetime.timedelta(seconds=int(DURATION.fullmatch(delay)[1]))
        elif verb == "destroy":
            version.state, version.data, version.destroyed = "DESTROYED", b"", now()
        else:
            version.state = {"enable": "ENABLED", "disable": "DISABLED"}[verb]
            version.scheduled = None
        _, version.etag = self.next()
        return version.shown(numbers)


def check_etag(given, current):
    if given and given != current:
        raise precondition("The etag does not match the resource's.")


def terms(text):
    for term in text.split():
        if term == "AND":
            continue
        match = re.fullmatch(r'(name|state|labels)(?:\.([a-z0-9_-]+))?[:=]"?([A-Za-z0-9_-]+)"?', term)
        if match is None:
            raise unknown(f"filter {term}")
        yield match[1], match[2], match[3]


def cut(ours, query):
    """A page, the newest first (row 10). The next one begins behind the last of it, whatever has gone by then."""
    try:
        size = int(query.get("pageSize") or PAGE)
        before = int(query["pageToken"]) if query.get("pageToken") else None
    except ValueError:
        raise invalid("The page is not valid.") from None
    if size < 0:
        raise invalid("The page is not valid.")
    rest = sorted(ours, key=lambda one: -one.number)
    rest = [one for one in rest if before is None or one.number < before]
    page = rest[: min(size or PAGE, PAGE)]
    return page, {"nextPageToken": str(page[-1].number)} if len(rest) > len(page) else {}
