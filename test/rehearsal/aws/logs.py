"""CloudWatch Logs hands log events to the functions that subscribe to them.

moto hands on all of them, and waits for the function. Here, as on AWS, those that the subscription's filter pattern is
for are handed on, asynchronously, in the form that moto gives them: base64 of gzip of JSON.
"""

import json
import re

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.logs.models import logs_backends

COMPARISON = re.compile(r'\$\.([\w.]+) (=|!=) "([^"*]*)"')


def deliver(post) -> None:
    as_payload = LambdaBackend.send_log_event

    def send_log_event(self, function_arn, filter_name, log_group_name, log_stream_name, log_events):
        group = logs_backends[self.account_id][self.region_name].groups[log_group_name]
        matches = parse(group.subscription_filters[filter_name].filter_pattern)
        # An ID on AWS is a text of 56 digits.
        matching = [{**event, "id": f"{event['id']:056}"} for event in log_events if matches(event["message"])]
        if matching:
            as_payload(self, function_arn, filter_name, log_group_name, log_stream_name, matching)

    def invoke(self, body, request_headers, response_headers):
        post(self.function_name, body.encode(), {"X-Amz-Invocation-Type": "Event"})

    LambdaBackend.send_log_event = send_log_event
    LambdaFunction.invoke = invoke


def parse(pattern: str):
    """A filter pattern as a predicate of a log event's text: `{ $.a.b = "x" && $.c != "y" }`.

    That is all that the service uses of the language; anything else is an error. What AWS makes of `!=` where the field
    is absent it does not say: here nothing matches then, and nothing rests on it.
    """
    found = re.fullmatch(r"\{ (.+) \}", pattern)
    comparisons = [COMPARISON.fullmatch(part) for part in found[1].split(" && ")] if found else [None]
    if None in comparisons:
        raise NotImplementedError(f"filter pattern {pattern}")

    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return all(holds(event, *comparison.groups()) for comparison in comparisons)

    return matches


def holds(event, path: str, operator: str, text: str) -> bool:
    for name in path.split("."):
        event = event.get(name) if isinstance(event, dict) else None
    return event is not None and (event == text) == (operator == "=")
