"""Google's own library for Python, on the project that tests use."""

import os
import sys

from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.oauth2.credentials import Credentials


def connect():
    """The client of ENDPOINT, with a token in GCP_TOKEN, and what follows: PROJECT and more."""
    endpoint, *arguments = sys.argv[1:]
    scheme, host = endpoint.split("://")
    transport = SecretManagerServiceRestTransport(
        host=host, url_scheme=scheme, credentials=Credentials(os.environ["GCP_TOKEN"])
    )
    return SecretManagerServiceClient(transport=transport), arguments
