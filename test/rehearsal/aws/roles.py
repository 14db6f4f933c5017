"""What is called with the credentials of a role has to be allowed by its policies.

moto can do that, for all callers or none, and asks for the resource only where it knows it. Here callers without a
session (who deploys, the test) may do anything.
"""

import json
import re

from moto import settings
from moto.awslambda.responses import LambdaResponse
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import _RESTError
from moto.events.responses import EventsHandler
from moto.iam.access_control import AssumedRoleAccessKey, IAMPolicyStatement
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.ssm.responses import SimpleSystemManagerResponse

# Calls whose right has another name.
RIGHTS = {"Invoke": "InvokeFunction", "SendMessageBatch": "SendMessage"}


def enforce() -> None:
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    check = ActionAuthenticatorMixin._authenticate_and_authorize_action

    def of_sessions(self, iam_request_cls, resource="*"):
        if "X-Amz-Security-Token" not in self.headers:
            return

        def request(action, **rest):
            return iam_request_cls(action=RIGHTS.get(action, action), **rest)

        try:
            check(self, request, resource)
        except _RESTError as error:
            # All services that are called with a role's credentials here speak JSON.
            raise error.to_json() from error

    ActionAuthenticatorMixin._authenticate_and_authorize_action = of_sessions
    AssumedRoleAccessKey.collect_policies = as_text(AssumedRoleAccessKey.collect_policies)
    IAMPolicyStatement._match = staticmethod(matches)
    EventsHandler._determine_resource = bus_arn
    LambdaResponse._determine_resource = function_arn
    SecretsManagerResponse._determine_resource = secret_arn
    SimpleSystemManagerResponse._determine_resource = parameter_arn


def as_text(collect):
    """Policies in a role's own resource are objects in moto's CloudFormation, where its IAM expects JSON text."""

    def collected(self):
        return [json.dumps(policy) if isinstance(policy, dict) else policy for policy in collect(self)]

    return collected


def bus_arn(self) -> str:
    names = {entry.get("EventBusName", "default") for entry in self._get_param("Entries") or []}
    if len(names) != 1:
        return "*"
    [name] = names
    return name if name.startswith("arn:") else f"arn:aws:events:{self.region}:{self.current_account}:event-bus/{name}"


def function_arn(self) -> str:
    found = re.search(r"/functions/([^/]+)", self.path)
    return f"arn:aws:lambda:{self.region}:{self.current_account}:function:{found[1]}" if found else "*"


def secret_arn(self) -> str:
    """Of what a call names by SecretId: an ARN, with or without what hangs on it, or a name."""
    backend = secretsmanager_backends[self.current_account][self.region]
    secret_id = self._get_param("SecretId")
    return backend.secrets[secret_id].arn if secret_id and secret_id in backend.secrets else "*"


def parameter_arn(self) -> str:
    name = self._get_param("Name") or ""
    return name if name.startswith("arn:") else f"arn:aws:ssm:{self.region}:{self.current_account}:parameter/{name.lstrip('/')}"


def matches(pattern: str, text: str):
    """As IAM does: `*` for any text, `?` for one character, nothing else is special."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text)
