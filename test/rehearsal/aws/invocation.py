"""Invocations, whoever asks for them, go to where functions run."""

import json
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.core.utils import iso_8601_datetime_without_milliseconds, utcfromtimestamp
from moto.events.models import Rule
from moto.sqs.models import Queue


class Refused(LambdaClientError):
    def __init__(self, code: int, error_type: str, message: str):
        super().__init__(error_type, message)
        self.code = code


def caller(lambda_url: str):
    """What invokes functions where they run."""

    def post(function_name: str, body: bytes, headers: dict):
        path = f"/2015-03-31/functions/{quote(function_name)}/invocations"
        request = Request(lambda_url + path, data=body, headers=headers, method="POST")
        try:
            with urlopen(request) as response:
                return response.read(), response.headers
        except HTTPError as error:
            message = json.load(error).get("Message", "")
            raise Refused(error.code, error.headers["x-amzn-errortype"], message) from error

    return post


def forward(post) -> None:
    def invoke(self, function_name, qualifier, body, headers, response_headers):
        function = self.get_function(function_name, qualifier)
        kept = {"X-Amz-Invocation-Type": headers.get("X-Amz-Invocation-Type", "RequestResponse")}
        payload, answered = post(function.function_name, (body or "").encode(), kept)
        if "x-amz-function-error" in answered:
            response_headers["x-amz-function-error"] = answered["x-amz-function-error"]
        response_headers["Content-Length"] = str(len(payload))
        return payload

    LambdaBackend.invoke = invoke
    LambdaFunction.get_code = with_location

    # EventBridge invokes asynchronously, and tells Lambda which rule it is.
    to_others = Rule.send_to_targets

    def send_to_targets(self, original_event, transform_input=True):
        functions = [target for target in self.targets if ":lambda:" in target["Arn"]]
        if functions and self.state == "ENABLED" and self.event_pattern.matches_event(original_event):
            event = as_delivered(original_event)
            for target in functions:
                if unknown := target.keys() - {"Id", "Arn", "RetryPolicy", "DeadLetterConfig"}:
                    raise NotImplementedError(f"rule {self.name}: target with {', '.join(sorted(unknown))}")
                headers = {"X-Amz-Invocation-Type": "Event", "X-Amz-Source-Arn": self.arn}
                post(target["Arn"].split(":function:")[1], json.dumps(event).encode(), headers)
        targets = self.targets
        self.targets = [target for target in targets if target not in functions]
        try:
            to_others(self, original_event, transform_input)
        finally:
            self.targets = targets

    Rule.send_to_targets = send_to_targets

    # Lambda polls queues (poller.ts). moto would invoke while it takes a message, without a delay and under a lock.
    Queue.lambda_event_source_mappings = property(lambda queue: NoMappings(), lambda queue, mappings: None)


described = LambdaFunction.get_code


def with_location(self) -> dict:
    """A signed URL of the package, as AWS gives one. moto names a bucket of AWS; here it is the one of the deployment."""
    answer = described(self)
    if "S3Key" in self.code:
        answer["Code"]["Location"] = f"/{self.code['S3Bucket']}/{quote(self.code['S3Key'])}?X-Amz-Signature=any"
    return answer


class NoMappings(dict):
    """Takes mappings and has none."""

    def __setitem__(self, arn, mapping):
        pass


def as_delivered(event: dict) -> dict:
    """An event as AWS hands it to a target; moto's own template loses `account`."""
    time = iso_8601_datetime_without_milliseconds(utcfromtimestamp(float(event["time"])))
    return {**{key: value for key, value in event.items() if key != "ingestion-time"}, "time": time}
