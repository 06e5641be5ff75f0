"""What Cost Explorer refuses: by botocore's own description of the API, and by the rules that are in words only."""

import re
from collections.abc import Callable, Mapping, Sized
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import botocore.session

_MODEL = botocore.session.get_session().get_service_model("ce", api_version="2017-10-25")
_GROUPABLE = {
    *("AZ", "INSTANCE_TYPE", "LEGAL_ENTITY_NAME", "INVOICING_ENTITY", "LINKED_ACCOUNT", "OPERATION", "PLATFORM"),
    *("PURCHASE_TYPE", "SERVICE", "TENANCY", "RECORD_TYPE", "USAGE_TYPE", "REGION", "RESOURCE_ID"),
}
_METRICS = {
    *("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "NormalizedUsageAmount"),
    *("UnblendedCost", "UsageQuantity"),
}
_ATTRIBUTES_FROM = datetime(2026, 9, 1, tzinfo=UTC)
_ROOTS = ("And", "Or", "Not", "Dimensions", "Tags", "CostCategories", "ProductAttributes")
_MOST_GROUPS = 2
_KINDS = {"structure": dict, "list": list, "string": str, "integer": int, "boolean": bool}


class Refusal(Exception):
    """An error as AWS answers it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def judge_call(prefix: str, authorization: str) -> None:
    """Refuse what is not a signed request of Cost Explorer."""
    if prefix != "AWSInsightsIndexService" or "Credential=" not in authorization:
        raise Refusal("IncompleteSignatureException", "this is not a signed request of Cost Explorer")


def judge_shape(operation: str, body: object) -> None:
    """Refuse what the description of the API does not allow: types, required fields, lengths, patterns, words."""
    _judge(_MODEL.operation_model(operation).input_shape, body, operation)


def _judge(shape: Any, value: object, where: str) -> None:  # noqa: ANN401 - botocore ships no types
    if not isinstance(value, _KINDS[shape.type_name]):
        raise Refusal("SerializationException", f"{where} is not a {shape.type_name}")
    if shape.type_name != "structure":
        _judge_limits(shape, value, where)
    if isinstance(value, dict):
        missing, extra = set(shape.required_members) - set(value), set(value) - set(shape.members)
        if missing or extra:
            raise Refusal("ValidationException", f"{where}: missing {sorted(missing)}, unknown {sorted(extra)}")
        for name, item in value.items():
            _judge(shape.members[name], item, f"{where}.{name}")
    elif isinstance(value, list):
        for item in value:
            _judge(shape.member, item, where)


def _judge_limits(shape: Any, value: object, where: str) -> None:  # noqa: ANN401 - botocore ships no types
    limits = shape.metadata
    size = value if isinstance(value, int) else len(cast(Sized, value))
    if not limits.get("min", size) <= size <= limits.get("max", size):
        raise Refusal("ValidationException", f"{where}: {size} is not within its limits")
    if not isinstance(value, str):
        return
    pattern = limits.get("pattern", "")
    if "\\p" not in pattern and pattern and not re.fullmatch(pattern, value):
        raise Refusal("ValidationException", f"{where}: {value!r} does not match {pattern}")
    if shape.enum and value not in shape.enum:
        raise Refusal("ValidationException", f"{where}: {value!r} is not one of {shape.enum}")


def judge_days(body: Mapping[str, Any], start: datetime, end: datetime, now: datetime) -> None:
    """Refuse periods that are empty, too old, in the future, or written for another granularity."""
    if start >= end:
        raise Refusal("ValidationException", "Start date (and hour) should be before end date (and hour)")
    if start.year * 12 + start.month < now.year * 12 + now.month - 13:
        raise Refusal("BillExpirationException", "the bill has expired")
    if end > now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1):
        raise Refusal("ValidationException", "end date past the beginning of next day")
    if (body["Granularity"] == "HOURLY") != ("T" in body["TimePeriod"]["Start"]):
        raise Refusal("ValidationException", "hours are asked for with instants, days with days")


def judge_question(body: Mapping[str, Any], start: datetime) -> None:
    """Refuse metrics, groups and filters that Cost Explorer does not answer."""
    if unknown := set(body["Metrics"]) - _METRICS:
        raise Refusal("ValidationException", f"invalid metrics: {sorted(unknown)}")
    groups = body.get("GroupBy", [])
    if len(groups) > _MOST_GROUPS:
        raise Refusal("ValidationException", "Cannot have more than two GroupBy")
    for group in groups:
        if group["Type"] == "DIMENSION" and group["Key"] not in _GROUPABLE:
            raise Refusal("ValidationException", f"cannot group by {group['Key']}")
        if group["Type"] == "PRODUCT_ATTRIBUTE" and start < _ATTRIBUTES_FROM:
            raise Refusal("DataUnavailableException", "no product attributes for this period")
    if "Filter" in body:
        _judge_filter(body["Filter"])


def _judge_filter(expression: Mapping[str, Any]) -> None:
    roots = [name for name in _ROOTS if name in expression]
    if len(roots) != 1:
        raise Refusal("ValidationException", f"Expression must have exactly one root, not {roots}")
    judges: dict[str, Callable[[Any], None]] = {"And": _judge_several, "Or": _judge_several, "Not": _judge_filter}
    judges.get(roots[0], lambda inner: _judge_values(roots[0], inner))(expression[roots[0]])


def _judge_several(expressions: list[Mapping[str, Any]]) -> None:
    if len(expressions) < _MOST_GROUPS:
        raise Refusal("ValidationException", "And and Or take at least two expressions")
    for expression in expressions:
        _judge_filter(expression)


def _judge_values(root: str, inner: Mapping[str, Any]) -> None:
    known = {"EQUALS", "CASE_SENSITIVE"} | (set() if root == "Dimensions" else {"ABSENT"})
    options = set(inner.get("MatchOptions", ["EQUALS"]))
    if options - known:
        raise Refusal("ValidationException", f"Match Option is not supported for {root}: {sorted(options)}")
    if ("ABSENT" in options) == bool(inner.get("Values")):
        raise Refusal("ValidationException", "give values, or ABSENT")
