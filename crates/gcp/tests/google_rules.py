"""The rules that the back-end lives by, seen through Google's own library for Python.

    google_rules.py ENDPOINT PROJECT NAME [LOCATION]    with a token in GCP_TOKEN; makes and deletes the secret NAME

With a location, of that region, whose endpoint ENDPOINT must be.
"""

from google.api_core import exceptions

from google_client import connect

client, (project, secret, *location) = connect()
within = "".join(f"/locations/{one}" for one in location)
parent = f"projects/{project}{within}"
name = f"{parent}/secrets/{secret}"
AUTOMATIC = {"replication": {"automatic": {}}}
# Where it is kept is in the name of a secret of a region, and of others it must be said.
KEPT, WRONGLY = ({}, AUTOMATIC) if location else (AUTOMATIC, {})


def refused(status, call, **request):
    try:
        call(request=request)
    except exceptions.GoogleAPICallError as error:
        told = error.response.json()["error"]["status"]
        assert told == status, f"{call.__name__} was refused with {told}, not {status}: {request}"
        return
    raise AssertionError(f"{call.__name__} was taken: {request}")


def create(**more):
    return {"parent": parent, "secret_id": secret, "secret": KEPT | more}


def add(data, **more):
    return {"parent": name, "payload": {"data": data} | more}


def version(which, **more):
    return {"name": f"{name}/versions/{which}"} | more


# Nothing is there yet.
refused("NOT_FOUND", client.get_secret, name=name)
refused("NOT_FOUND", client.add_secret_version, **add(b"x"))
refused("NOT_FOUND", client.delete_secret, name=name)

# What a secret may be.
refused("INVALID_ARGUMENT", client.create_secret, **(create() | {"secret_id": secret + ".x"}))
refused("INVALID_ARGUMENT", client.create_secret, **(create() | {"secret_id": "x" * 256}))
refused("INVALID_ARGUMENT", client.create_secret, **(create() | {"secret": WRONGLY}))
refused("INVALID_ARGUMENT", client.create_secret, **create(labels={"Upper": "x"}))
refused("INVALID_ARGUMENT", client.create_secret, **create(labels={"long": "x" * 64}))
refused("INVALID_ARGUMENT", client.create_secret, **create(labels={f"k{n}": "" for n in range(65)}))
refused("INVALID_ARGUMENT", client.create_secret, **create(annotations={"-x": ""}))
refused("INVALID_ARGUMENT", client.create_secret, **create(annotations={"x": "y" * 16 * 1024}))
made = client.create_secret(request=create(labels={"a": "b"}, annotations={"c": "D /\u00e9"}))
assert made.name.endswith(f"{within}/secrets/{secret}") and made.name != name, "the project is named by its number"
refused("ALREADY_EXISTS", client.create_secret, **create())

# Versions: bytes, checksums, numbers.
refused("NOT_FOUND", client.access_secret_version, **version("latest"))
refused("INVALID_ARGUMENT", client.add_secret_version, **add(b""))
refused("INVALID_ARGUMENT", client.add_secret_version, **add(b"x" * 65_537))
refused("INVALID_ARGUMENT", client.add_secret_version, **add(b"123456789", data_crc32c=1))
# The check value of CRC32C.
one = client.add_secret_version(request=add(b"123456789", data_crc32c=0xE3069283))
assert one.name.endswith("/versions/1") and one.client_specified_payload_checksum
two = client.add_secret_version(request=add(b"x" * 65_536))
assert two.name.endswith("/versions/2") and two.create_time > one.create_time
payload = client.access_secret_version(request=version(1)).payload
assert (payload.data, payload.data_crc32c) == (b"123456789", 0xE3069283)
assert client.get_secret_version(request=version(1)).create_time == one.create_time
refused("NOT_FOUND", client.access_secret_version, **version(3))
refused("NOT_FOUND", client.get_secret_version, **version(3))

# States and etags.
refused("FAILED_PRECONDITION", client.destroy_secret_version, **version(2, etag='"stale"'))
gone = client.destroy_secret_version(request=version(2, etag=two.etag))
assert gone.state.name == "DESTROYED" and gone.etag != two.etag
refused("FAILED_PRECONDITION", client.access_secret_version, **version(2))
refused("FAILED_PRECONDITION", client.access_secret_version, **version("latest"))
refused("FAILED_PRECONDITION", client.destroy_secret_version, **version(2))
listed = list(client.list_secret_versions(request={"parent": name, "page_size": 1}))
assert [one.state.name for one in listed] == ["DESTROYED", "ENABLED"]

# Labels: a mask replaces a whole map, an old etag is refused, adding versions does not make it old.
changed = {"name": name, "labels": {"e": "f"}, "etag": made.etag}
mask = {"paths": ["labels"]}
updated = client.update_secret(request={"secret": changed, "update_mask": mask})
assert dict(updated.labels) == {"e": "f"} and dict(updated.annotations) == {"c": "D /\u00e9"}
refused("FAILED_PRECONDITION", client.update_secret, secret=changed, update_mask=mask)
refused("INVALID_ARGUMENT", client.update_secret, secret={"name": name}, update_mask={"paths": ["nothing"]})

# Lists, filtered by a part of the name.
listed = list(client.list_secrets(request={"parent": parent, "filter": f"name:{secret[:-1]}"}))
assert [one.name for one in listed] == [made.name]

if location:
    # What is of a region is there alone.
    refused("NOT_FOUND", client.get_secret, name=f"projects/{project}/secrets/{secret}")

# What is deleted is gone, and its numbers begin anew.
client.delete_secret(request={"name": name})
refused("NOT_FOUND", client.access_secret_version, **version(1))
client.create_secret(request=create())
assert client.add_secret_version(request=add(b"x")).name.endswith("/versions/1")
client.delete_secret(request={"name": name})
refused("PERMISSION_DENIED", client.get_secret, name=f"projects/not-my-project{within}/secrets/{secret}")
print("all rules hold")
