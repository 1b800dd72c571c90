"""The rules that the back-end lives by, seen through Microsoft's own client for Python: every call that it makes.

    azure_rules.py ENDPOINT AUTHORITY_HOST CA TENANT CLIENT NAME    with the client's secret in AZURE_SECRET; makes, deletes
                                                                    and purges the secret NAME
"""

from azure.core.exceptions import HttpResponseError

from azure_client import connect

client, (name,) = connect()


def refused(status, code, inner, call, *arguments, **more):
    try:
        call(*arguments, **more)
    except HttpResponseError as error:
        told = error.error
        codes = (error.status_code, told.code, (told.innererror or {}).get("code"))
        assert codes == (status, code, inner), f"{call.__name__} {arguments} was refused with {codes}"
        return
    raise AssertionError(f"{call.__name__} was taken: {arguments}")


def versions():
    return {one.version: one for one in client.list_properties_of_secret_versions(name)}


# Nothing is there yet; that is no refusal to whoever looks for versions.
refused(404, "SecretNotFound", None, client.get_secret, name)
refused(404, "SecretNotFound", None, client.begin_delete_secret, name)
assert versions() == {}

# What a secret may be.
refused(400, "BadParameter", None, client.set_secret, name + "_", "v")
refused(400, "BadParameter", None, client.set_secret, name, "v" * 25_601)
refused(400, "BadParameter", None, client.set_secret, name, "v", tags={f"t{n}": "" for n in range(16)})

# Each value is a version, with tags of its own.
one = client.set_secret(name, "one", content_type="text/plain", tags={"a": "b", "c": "d"}).properties
two = client.set_secret(name, "v" * 25_600, content_type="application/json", tags={"e": "f"}).properties
assert len(one.version) == len(two.version) == 32 and one.version != two.version
assert client.get_secret(name, one.version).value == "one"
assert client.get_secret(name).properties.version == two.version
refused(404, "SecretNotFound", None, client.get_secret, name, "0" * 32)
assert [one.content_type for one in client.list_properties_of_secrets() if one.name == name] == ["application/json"]
assert {which: one.tags for which, one in versions().items()} == {
    one.version: {"a": "b", "c": "d"},
    two.version: {"e": "f"},
}

# PATCH puts all tags in place of those that a version has, and changes nothing else, nor another version.
tagged = client.update_secret_properties(name, one.version, tags={"a": "x"})
assert tagged.tags == {"a": "x"} and tagged.enabled and tagged.content_type == "text/plain"
assert client.get_secret(name, one.version).value == "one"
assert versions()[two.version].tags == {"e": "f"}
refused(404, "SecretNotFound", None, client.update_secret_properties, name, "0" * 32, tags={})

# PATCH disables one version, and leaves its tags.
assert not client.update_secret_properties(name, one.version, enabled=False).enabled
refused(403, "Forbidden", "SecretDisabled", client.get_secret, name, one.version)
shown = versions()
assert not shown[one.version].enabled and shown[one.version].tags == {"a": "x"} and shown[two.version].enabled
# Its tags can be changed all the same, and that does not enable it.
assert not client.update_secret_properties(name, one.version, tags={"a": "y"}).enabled
assert client.update_secret_properties(name, one.version, enabled=True).tags == {"a": "y"}

# What is deleted keeps its name until it is purged.
client.begin_delete_secret(name).wait()
refused(404, "SecretNotFound", None, client.get_secret, name, one.version)
refused(404, "SecretNotFound", None, client.begin_delete_secret, name)
refused(409, "Conflict", "ObjectIsDeletedButRecoverable", client.set_secret, name, "v")
assert name in [one.name for one in client.list_deleted_secrets()]
client.purge_deleted_secret(name)
refused(404, "SecretNotFound", None, client.purge_deleted_secret, name)
refused(404, "SecretNotFound", None, client.begin_recover_deleted_secret, name)
client.set_secret(name, "v")
assert len(versions()) == 1
client.begin_delete_secret(name).wait()
client.purge_deleted_secret(name)
print("all rules hold")
