"""Microsoft's own client for Python, on the vault that tests use."""

import os
import sys

from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient


def connect():
    """The client of ENDPOINT AUTHORITY_HOST CA TENANT CLIENT, with the client's secret in AZURE_SECRET, and what follows."""
    endpoint, authority, ca, tenant, application, *arguments = sys.argv[1:]
    login = ClientSecretCredential(
        tenant,
        application,
        os.environ["AZURE_SECRET"],
        authority=authority,
        disable_instance_discovery=True,
        connection_verify=ca,
    )
    return SecretClient(endpoint, login, verify_challenge_resource=False, connection_verify=ca), arguments
