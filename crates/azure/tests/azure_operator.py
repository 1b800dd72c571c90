"""What an operator does, with Microsoft's own clients for Python.

    azure_operator.py ENDPOINT AUTHORITY_HOST CA TENANT CLIENT COMMAND [ARGUMENT...]    with the client's secret in AZURE_SECRET

Prints what the client tells.
"""

import json
import sys

from azure_client import connect

client, (command, *arguments) = connect()


def told(one):
    print(json.dumps({"version": one.properties.version, "value": one.value}))


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
    case "recover", [name]:
        client.begin_recover_deleted_secret(name).wait()
    case "purge", [name]:
        client.purge_deleted_secret(name)
    case _:
        sys.exit(__doc__)
