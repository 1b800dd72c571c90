"""Runs commands of the `zenml` client in one process, since a process of its own for each costs seconds.

Reads one JSON object a line and answers one a line:

{"cli": [ARGUMENT, ...], "input": TEXT}     what `zenml ARGUMENT ...` would do: {"code": N, "out": TEXT, "err": TEXT}
{"call": METHOD, "args": {...}}             a method of the Python client: {"value": ...} or {"error": [CLASS, TEXT]}
"""

import io
import json
import sys
import traceback
import warnings
from enum import Enum
from uuid import UUID

warnings.simplefilter("ignore")

answers = sys.stdout
# The client prints documents to what standard output is when it is loaded, and the rest to standard error.
sys.stdout = documents = io.StringIO()

from click.testing import CliRunner  # noqa: E402
from zenml_cli import cli  # noqa: E402
from zenml.client import Client  # noqa: E402
from zenml.models import Page  # noqa: E402


def run(arguments, text):
    """One command line."""
    documents.seek(0)
    documents.truncate()
    ended = CliRunner().invoke(cli, arguments, input=text)
    err = ended.stderr
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        err += "".join(traceback.format_exception_only(ended.exception))
    return {"code": ended.exit_code, "out": ended.stdout + documents.getvalue(), "err": err}


def plain(value):
    """What a method answered, in JSON."""
    if isinstance(value, Page):
        return {
            "total": value.total,
            "total_pages": value.total_pages,
            "items": [plain(item) for item in value.items],
        }
    if hasattr(value, "secret_values"):
        return {
            "id": str(value.id),
            "name": value.name,
            "private": value.private,
            "values": value.secret_values,
            "missing": value.has_missing_values,
            "user": value.user.name if value.user else None,
        }
    if hasattr(value, "model_dump"):
        return json.loads(value.model_dump_json())
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (UUID, Enum)):
        return str(value)
    return value


def call(method, arguments):
    """One method of the client."""
    try:
        return {"value": plain(getattr(Client(), method)(**arguments))}
    except Exception as error:  # noqa: BLE001
        return {"error": [type(error).__name__, str(error)]}


for line in sys.stdin:
    task = json.loads(line)
    if "cli" in task:
        answer = run(task["cli"], task.get("input"))
    else:
        answer = call(task["call"], task.get("args", {}))
    print(json.dumps(answer), file=answers, flush=True)
