"""What an operator does, with Google's own library for Python.

    google_cloud.py ENDPOINT PROJECT ACTION SECRET [ARGUMENT...]    with a token in GCP_TOKEN

Prints the value, or the secret's labels and annotations.
"""

import json

from google_client import connect

client, (project, action, secret, *rest) = connect()
name = f"projects/{project}/secrets/{secret}"
version = lambda: {"name": f"{name}/versions/{rest[0]}"}

match action:
    case "access":
        print(client.access_secret_version(request=version()).payload.data.decode())
    case "add":
        client.add_secret_version(request={"parent": name, "payload": {"data": rest[0].encode()}})
    case "enable":
        client.enable_secret_version(request=version())
    case "disable":
        client.disable_secret_version(request=version())
    case "destroy":
        client.destroy_secret_version(request=version())
    case "delete":
        client.delete_secret(request={"name": name})
    case "label":
        labels = dict(client.get_secret(request={"name": name}).labels) | {rest[0]: rest[1]}
        changed = {"secret": {"name": name, "labels": labels}, "update_mask": {"paths": ["labels"]}}
        client.update_secret(request=changed)
    case "delay":
        changed = {"name": name, "version_destroy_ttl": {"seconds": 86_400}}
        client.update_secret(request={"secret": changed, "update_mask": {"paths": ["version_destroy_ttl"]}})
    case "show":
        shown = client.get_secret(request={"name": name})
        states = [one.state.name for one in client.list_secret_versions(request={"parent": name})]
        kept = type(shown).to_dict(shown)["replication"]
        print(json.dumps([dict(shown.labels), dict(shown.annotations), states, kept]))
