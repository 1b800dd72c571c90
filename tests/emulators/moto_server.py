"""AWS Secrets Manager, IAM and STS for tests: moto, mended where the service is stricter or keeps more.

    moto_server.py serve PORT POLICY CA  with the users' secret access key in MOTO_SECRET
    moto_server.py ready PORT            succeeds when it answers

Listens on loopback only, for HTTP and HTTPS on the same port; writes the certificate of the authority that it made
for that to the file CA. Every request is signed and checked against policies (moto's switch for it is
INITIAL_NO_AUTH_ACTION_COUNT). One user has the policy of the file POLICY, one has it without what writes values,
one has none, and one may do nothing but assume a role that has it.

What moto 5 does otherwise than the service, and what is mended here:
- it drops a version's own staging labels when AWSCURRENT moves away from it;
- it takes values of any size;
- it checks every policy against the resource `*`;
- it answers the old version as the current one after AWSCURRENT was moved by UpdateSecretVersionStage, and lets
  AWSCURRENT be removed altogether;
- it takes any number of staging labels and of tags;
- it writes into secrets that are scheduled for deletion;
- it lets a role be assumed without the external id that its trust asks for;
- it refuses credentials in XML, with a status that the service does not use;
- it answers for every region at once: here requests to Secrets Manager have to be signed for the one of the endpoint;
- its DescribeSecret and ListSecrets show versions without labels;
- a page of its ListSecrets begins at a number, so that a deletion shifts it.
"""

import datetime
import ipaddress
import json
import os
import signal
import socket
import ssl
import sys
import tempfile
import threading

# Known to xtask, which tells the tests.
ACCOUNT = "123456789012"
EXTERNAL_ID = "strongroom-external-id"
REGION = "eu-west-1"

VERSION = "2012-10-17"
VALUE_BYTES = 65_536
LABELS = 20
TAGS = 50
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


def mend_versions(models, exceptions):
    """Staging labels, sizes, and what is scheduled for deletion."""
    secret, backend = models.FakeSecret, models.SecretsManagerBackend

    def reset_default_version(self, new, version_id):
        # Whoever has a label that the new one asks for loses it; whoever was current is the previous one.
        wanted = set(new["version_stages"]) | {PREVIOUS}
        for old_id, old in self.versions.items():
            was_current = CURRENT in old["version_stages"]
            old["version_stages"] = [stage for stage in old["version_stages"] if stage not in wanted]
            if was_current and old_id != version_id:
                old["version_stages"].append(PREVIOUS)
        self.versions[version_id] = new
        self.set_default_version_id(version_id)

    def labelled(self):
        return {key: one["version_stages"] for key, one in self.versions.items() if one["version_stages"]}

    secret.reset_default_version = reset_default_version
    secret._form_version_ids_to_stages = labelled

    def check_size(text):
        if text is not None and len(text.encode()) > VALUE_BYTES:
            raise exceptions.InvalidParameterException("The secret value is too large.")

    def check_not_deleted(self, secret_id):
        if secret_id in self.secrets and self.secrets[secret_id].is_deleted():
            raise exceptions.InvalidRequestException(
                "You can't perform this operation on the secret because it was marked for deletion."
            )

    def check_labels(one, added):
        labels = {stage for version in one.versions.values() for stage in version["version_stages"]}
        if len(labels | set(added)) > LABELS:
            raise exceptions.SecretsManagerClientError(
                "LimitExceededException", "The number of staging labels would exceed the limit."
            )

    def check_tags(tags):
        if len(tags) > TAGS:
            raise exceptions.InvalidParameterException("There are too many tags.")
        if any(len(key) > 128 or len(value) > 256 for key, value in tags.items()):
            raise exceptions.InvalidParameterException("A tag is too long.")

    create, put, stage = backend.create_secret, backend.put_secret_value, backend.update_secret_version_stage
    tag = backend.tag_resource

    def create_secret(self, **given):
        check_not_deleted(self, given["name"])
        check_size(given["secret_string"])
        check_tags({tag["Key"]: tag["Value"] for tag in given["tags"] or []})
        return create(self, **given)

    def put_secret_value(self, **given):
        check_not_deleted(self, given["secret_id"])
        check_size(given["secret_string"])
        if given["secret_id"] in self.secrets:
            one = self.secrets[given["secret_id"]]
            if given["client_request_token"] not in one.versions:
                check_labels(one, [*given["version_stages"], PREVIOUS])
        return put(self, **given)

    def update_secret_version_stage(self, **given):
        check_not_deleted(self, given["secret_id"])
        source, target, label = (
            given["remove_from_version_id"],
            given["move_to_version_id"],
            given["version_stage"],
        )
        if label == CURRENT and not target:
            raise exceptions.InvalidParameterException("AWSCURRENT can be moved but not removed.")
        if given["secret_id"] in self.secrets:
            one = self.secrets[given["secret_id"]]
            check_labels(one, [label] if target else [])
            if target and target in one.versions and label in one.versions[target]["version_stages"]:
                return one.arn, one.name
        answer = stage(self, **given)
        if label == CURRENT:
            self.secrets[given["secret_id"]].set_default_version_id(target)
        return answer

    def tag_resource(self, arn, tags):
        check_not_deleted(self, arn)
        if arn in self.secrets:
            old = {tag["Key"]: tag["Value"] for tag in self.secrets[arn].tags or []}
            check_tags(old | tags)
        return tag(self, arn, tags)

    backend.create_secret = create_secret
    backend.put_secret_value = put_secret_value
    backend.update_secret_version_stage = update_secret_version_stage
    backend.tag_resource = tag_resource


def mend_pages(models):
    """A page goes on behind the last name of the one before."""
    backend = models.SecretsManagerBackend

    def list_secrets(self, filters, max_results=None, next_token=None, include_planned_deletion=False):
        # Most secrets are of other tests: moto's own look at each is a slow one.
        beginnings = tuple(
            value.lower() for one in filters or [] if one["Key"] == "name" for value in one["Values"]
        )
        plain = beginnings and not any(value.startswith("!") for value in beginnings)
        names = sorted(
            one.name
            for one in list(dict.values(self.secrets))
            if (not plain or one.name.lower().startswith(beginnings))
            and (include_planned_deletion or not one.is_deleted())
            and models._matches(one, filters)
        )
        rest = [name for name in names if next_token is None or name > next_token]
        page = rest[: int(max_results or 100)]
        shown = [self.secrets[name].to_dict() for name in page if name in self.secrets]
        return shown, page[-1] if len(rest) > len(page) else None

    backend.list_secrets = list_secrets


def mend_policies(access_control, policy_conditions, exceptions, account):
    """Policies are checked against the secret that a request names."""
    request = access_control.IAMRequest
    check = request.check_action_permitted

    def refusing(how, code, text):
        def refuse(self, *given):
            if self._service == "secretsmanager":
                raise exceptions.SecretsManagerClientError(code, text)
            return how(self, *given)

        return refuse

    for method, code, text in [
        ("_raise_access_denied", "AccessDeniedException", "You are not authorized."),
        ("_raise_invalid_access_key", "UnrecognizedClientException", "The security token is invalid."),
        ("_raise_signature_does_not_match", "InvalidSignatureException", "The signature does not match."),
    ]:
        setattr(request, method, refusing(getattr(request, method), code, text))

    # They name none.
    unnamed = {"secretsmanager:ListSecrets", "secretsmanager:BatchGetSecretValue"}

    def arn(self, name):
        if name.startswith("arn:"):
            return name
        return f"arn:aws:secretsmanager:{self._region}:{account}:secret:{name}-AbCdEf"

    def check_action_permitted(self, resource):
        action = self._action
        if self._service == "secretsmanager" and self._region != REGION:
            raise exceptions.SecretsManagerClientError(
                "InvalidSignatureException", "Credential should be scoped to a valid region."
            )
        if self._service == "secretsmanager" and action not in unnamed:
            body = json.loads(self._body)
            return check(self, arn(self, body.get("SecretId") or body["Name"]))
        check(self, resource)
        if action == "secretsmanager:BatchGetSecretValue":
            # Each of them must be allowed by itself.
            self._action = "secretsmanager:GetSecretValue"
            for name in json.loads(self._body).get("SecretIdList", []):
                check(self, arn(self, name))

    request.check_action_permitted = check_action_permitted

    condition = policy_conditions.TrustCondition
    verify = condition.verify_condition
    condition.verify_condition = lambda self, actual: bool(actual) and verify(self, actual)


def make_accounts(iam, account, policy, secret):
    """The users, whose access key ids tests know, and the role."""

    def user(name, access_key_id, document):
        iam.create_user("us-east-1", name)
        if document:
            iam.put_user_policy(name, "strongroom", json.dumps(document))
        key = iam.create_access_key(name)
        iam.access_keys.pop(key.physical_resource_id, None)
        key.access_key_id, key.secret_access_key = access_key_id, secret
        iam.access_keys[access_key_id] = key

    user("strongroom", "AKIASTRONGROOMWRITER", policy)
    user("nobody", "AKIASTRONGROOMNOBODY", None)
    writing = {"secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"}
    reading = [
        statement | {"Action": [action for action in statement["Action"] if action not in writing]}
        for statement in policy["Statement"]
    ]
    user("reader", "AKIASTRONGROOMREADER", policy | {"Statement": reading})

    role = f"arn:aws:iam::{account}:role/strongroom"
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    user("assumer", "AKIASTRONGROOMASSUME", {"Version": VERSION, "Statement": [assume | {"Resource": role}]})
    trust = assume | {
        "Principal": {"AWS": f"arn:aws:iam::{account}:user/assumer"},
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
    }
    iam.create_role(
        role_name="strongroom",
        assume_role_policy_document=json.dumps({"Version": VERSION, "Statement": [trust]}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    iam.put_role_policy("strongroom", "strongroom", json.dumps(policy))


def tls(path):
    """A context for 127.0.0.1, whose authority's certificate is written to `path`; its key is kept nowhere."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def certificate(name, key, issuer, by, is_authority):
        now = datetime.datetime.now(datetime.timezone.utc)
        named = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    with open(path, "wb") as file:
        file.write(certificate("moto authority", authority, "moto authority", authority, True))
    private = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(private + certificate("moto", own, "moto authority", authority, False))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def serve(port, policy, authority):
    secret = os.environ.pop("MOTO_SECRET")
    # Read when moto is loaded.
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT

    from moto.iam import access_control, policy_conditions
    from moto.iam.models import iam_backends
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from moto.secretsmanager import exceptions, models
    from werkzeug.serving import ThreadedWSGIServer

    mend_versions(models, exceptions)
    mend_pages(models)
    mend_policies(access_control, policy_conditions, exceptions, ACCOUNT)

    # moto keeps everything in plain dictionaries, without locks: one request at a time.
    app, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ, start_response):
        with lock:
            return app(environ, start_response)

    class Handler(MotoRequestHandler):
        # Connections stay open, as those of the service do.
        protocol_version = "HTTP/1.1"

        def log(self, *_):
            pass

    context = tls(authority)

    class Both(ThreadedWSGIServer):
        def finish_request(self, request, client_address):
            # What TLS begins with, and no request does.
            if request.recv(1, socket.MSG_PEEK) == b"\x16":
                request = context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)

        def handle_error(self, *_):
            """Clients that go away, or that do not trust us, are a part of the tests."""

    server = Both("127.0.0.1", port, one_at_a_time, Handler)
    with open(policy) as file:
        make_accounts(iam_backends[ACCOUNT]["aws"], ACCOUNT, json.load(file), secret)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


def ready(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", port, policy, authority]:
            serve(int(port), policy, authority)
        case ["ready", port]:
            ready(int(port))
        case _:
            sys.exit(__doc__)
