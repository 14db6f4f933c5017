"""CloudFormation resources that moto's CloudFormation does not make, though most of their services are in moto."""

import json

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.utils import get_backend
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.events.models import EventBus
from moto.logs.models import logs_backends
from moto.scheduler.models import scheduler_backends
from moto.sqs.models import sqs_backends

from .logs import parse


def supply() -> None:
    """Puts them in moto's table, and makes a type that is in neither an error: moto would leave it out and go on."""
    EventBus.physical_resource_id = property(lambda bus: bus.name)
    known = parsing.resource_class_from_type

    def strict(resource_type: str):
        found = known(resource_type)
        if found is None and resource_type not in parsing.NULL_MODELS:
            raise ValidationError(message=f"{resource_type}: neither moto nor test/rehearsal/aws/resources.py has it")
        return found

    parsing.resource_class_from_type = strict


class Declared:
    """What the types here have in common. Each says how it is put, again for a change of it, and how it is removed."""

    name_property = ""

    def __init__(self, physical_id: str, properties: dict, attributes: dict):
        self.physical_resource_id = physical_id
        self.properties = properties
        self.attributes = attributes

    @classmethod
    def cloudformation_name_type(cls) -> str:
        return cls.name_property

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.type

    @classmethod
    def has_cfn_attr(cls, _) -> bool:
        return True

    def get_cfn_attribute(self, attribute: str) -> str:
        return self.attributes[attribute]

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        properties = cloudformation_json["Properties"]
        physical_id, attributes = cls.put(resource_name, properties, account_id, region_name)
        return cls(physical_id, properties, attributes)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        original_resource.delete(account_id, region_name)
        name = original_resource.physical_resource_id if not cls.name_property else new_resource_name
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        try:
            self.remove(account_id, region_name)
        except UnknownFunctionException:
            # moto deletes in any order, where AWS begins with what refers to others.
            pass


class FunctionUrl(Declared, CloudFormationModel):
    type = "AWS::Lambda::Url"

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        config = get_backend(account_id, region_name).create_function_url_config(
            properties["TargetFunctionArn"], properties
        )
        described = config.to_dict()
        return described["FunctionArn"], described

    def remove(self, account_id, region_name):
        get_backend(account_id, region_name).delete_function_url_config(self.properties["TargetFunctionArn"])


class EventInvokeConfig(Declared, CloudFormationModel):
    type = "AWS::Lambda::EventInvokeConfig"

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        get_backend(account_id, region_name).put_function_event_invoke_config(properties["FunctionName"], properties)
        return name, {}

    def remove(self, account_id, region_name):
        get_backend(account_id, region_name).delete_function_event_invoke_config(self.properties["FunctionName"])


class Schedule(Declared, CloudFormationModel):
    type = "AWS::Scheduler::Schedule"
    name_property = "Name"

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        schedule = scheduler_backends[account_id][region_name].create_schedule(
            name=name,
            group_name=properties.get("GroupName"),
            description=properties.get("Description"),
            schedule_expression=properties["ScheduleExpression"],
            schedule_expression_timezone=properties.get("ScheduleExpressionTimezone"),
            flexible_time_window=properties["FlexibleTimeWindow"],
            state=properties.get("State", "ENABLED"),
            start_date=properties.get("StartDate"),
            end_date=properties.get("EndDate"),
            kms_key_arn=properties.get("KmsKeyArn"),
            action_after_completion=None,
            target=properties["Target"],
        )
        return name, {"Arn": schedule.arn}

    def remove(self, account_id, region_name):
        group = self.properties.get("GroupName")
        scheduler_backends[account_id][region_name].delete_schedule(group, self.physical_resource_id)


class Alarm(Declared, CloudFormationModel):
    type = "AWS::CloudWatch::Alarm"
    name_property = "AlarmName"

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        alarm = cloudwatch_backends[account_id][region_name].put_metric_alarm(
            name=name,
            namespace=properties["Namespace"],
            metric_name=properties["MetricName"],
            dimensions=properties.get("Dimensions", []),
            statistic=properties["Statistic"],
            period=properties["Period"],
            evaluation_periods=properties["EvaluationPeriods"],
            comparison_operator=properties["ComparisonOperator"],
            threshold=properties["Threshold"],
            treat_missing_data=properties.get("TreatMissingData"),
            description=properties.get("AlarmDescription"),
            alarm_actions=properties.get("AlarmActions", []),
            ok_actions=properties.get("OKActions", []),
        )
        return name, {"Arn": alarm.alarm_arn}

    def remove(self, account_id, region_name):
        cloudwatch_backends[account_id][region_name].delete_alarms([self.physical_resource_id])


class SubscriptionFilter(Declared, CloudFormationModel):
    """Its log group has to be there before: EKS makes it when a cluster's logging is switched on."""

    type = "AWS::Logs::SubscriptionFilter"

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        parse(properties["FilterPattern"])
        logs_backends[account_id][region_name].put_subscription_filter(
            log_group_name=properties["LogGroupName"],
            filter_name=name,
            filter_pattern=properties["FilterPattern"],
            destination_arn=properties["DestinationArn"],
            role_arn=properties.get("RoleArn"),
        )
        return name, {}

    def remove(self, account_id, region_name):
        group = self.properties["LogGroupName"]
        logs_backends[account_id][region_name].delete_subscription_filter(group, self.physical_resource_id)


class QueuePolicy(Declared, CloudFormationModel):
    type = "AWS::SQS::QueuePolicy"

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        cls.set(properties, json.dumps(properties["PolicyDocument"]), account_id, region_name)
        return name, {}

    def remove(self, account_id, region_name):
        self.set(self.properties, "", account_id, region_name)

    @staticmethod
    def set(properties, policy, account_id, region_name):
        backend = sqs_backends[account_id][region_name]
        for url in properties["Queues"]:
            name = url.rsplit("/", 1)[-1]
            if name in backend.queues:
                backend.set_queue_attributes(name, {"Policy": policy})


class Kept(Declared):
    """Declared in the template, and known to it alone: nothing here asks its service."""

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        return name, {}

    def remove(self, account_id, region_name):
        pass


class BucketPolicy(Kept, CloudFormationModel):
    """osls's own refuses whoever comes without TLS, which is everybody here."""

    type = "AWS::S3::BucketPolicy"


class AccessEntry(Kept, CloudFormationModel):
    type = "AWS::EKS::AccessEntry"


class ApiStage(Kept, CloudFormationModel):
    type = "AWS::ApiGateway::Stage"
    name_property = "StageName"


class ApiDomainName(Kept, CloudFormationModel):
    type = "AWS::ApiGateway::DomainName"
    name_property = "DomainName"

    @classmethod
    def put(cls, name, properties, account_id, region_name):
        return name, {"RegionalDomainName": f"d-rehearsal.execute-api.{region_name}.amazonaws.com"}


class ApiBasePathMapping(Kept, CloudFormationModel):
    type = "AWS::ApiGateway::BasePathMapping"
