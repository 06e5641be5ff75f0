"""Groups: the at most two dimensions that a cost is broken out by, and which columns of a charge they fill.

Comes in: what a person types. Goes out: AWS's group definitions, then columns of a charge for the keys it answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from outlay.errors import BadInput

_MOST = 2
#: Column of a charge by dimension; a dimension without one lands in `extra` under its own name.
_COLUMNS = {
    "AZ": "availability_zone",
    "LEGAL_ENTITY_NAME": "invoice_issuer_name",
    "LINKED_ACCOUNT": "sub_account_id",
    "REGION": "region_id",
    "RESOURCE_ID": "resource_id",
    "SERVICE": "service_name",
    "USAGE_TYPE": "sku_meter",
}
_DIMENSIONS = (
    *("AZ", "BILLING_ENTITY", "CACHE_ENGINE", "DATABASE_ENGINE", "DEPLOYMENT_OPTION", "INSTANCE_TYPE"),
    *("INSTANCE_TYPE_FAMILY", "INVOICING_ENTITY", "LEGAL_ENTITY_NAME", "LINKED_ACCOUNT", "OPERATING_SYSTEM"),
    *("OPERATION", "PAYMENT_OPTION", "PLATFORM", "PURCHASE_TYPE", "REGION", "RESERVATION_ID", "SAVINGS_PLAN_ARN"),
    *("SAVINGS_PLANS_TYPE", "SERVICE", "TENANCY", "USAGE_TYPE", "USAGE_TYPE_GROUP"),
)
_TYPES = {"tag": "TAG", "cost_category": "COST_CATEGORY", "product_attribute": "PRODUCT_ATTRIBUTE"}
_ATTRIBUTES = {"model": "resource_id", "provider": "publisher_name"}
#: What Bedrock is called, whole or as the beginning of the name of a model sold through it.
_AI = ("Amazon Bedrock", "Amazon Textract", "Amazon Comprehend", "Amazon SageMaker", "Amazon Rekognition")


@dataclass(frozen=True, slots=True)
class Group:
    """One dimension to break costs out by.

    Args:
        kind: DIMENSION, TAG, COST_CATEGORY or PRODUCT_ATTRIBUTE.
        key: Its name.
    """

    kind: str
    key: str

    @property
    def definition(self) -> dict[str, str]:
        """Return it as AWS takes it."""
        return {"Type": self.kind, "Key": self.key}


def read_groups(text: str) -> tuple[Group, ...]:
    """Read `--option group_by=`: at most two of a dimension, `tag:KEY`, `cost_category:NAME`, `product_attribute:NAME`.

    Raises:
        BadInput: There are more, one twice, or one that AWS does not know.

    >>> [group.definition for group in read_groups("tag:team,service")]
    [{'Type': 'TAG', 'Key': 'team'}, {'Type': 'DIMENSION', 'Key': 'SERVICE'}]
    """
    asked = [part.strip() for part in text.split(",") if part.strip()]
    if not 1 <= len(set(asked)) <= _MOST or len(set(asked)) != len(asked):
        raise BadInput(
            f"--option group_by={text} names {len(asked)} dimensions; Cost Explorer takes one or two, each once",
            fix="leave some out; a cost export (outlay import aws_cur) has all of them at once",
            code="too-many-groups",
        )
    return tuple(_read(part) for part in asked)


def _read(text: str) -> Group:
    kind, colon, key = text.partition(":")
    if colon and kind.lower() in _TYPES and key:
        return Group(_TYPES[kind.lower()], key)
    if not colon and text.upper() in _DIMENSIONS:
        return Group("DIMENSION", text.upper())
    raise BadInput(
        f"--option group_by={text} is not a dimension of Cost Explorer",
        fix=f"name tag:KEY, cost_category:NAME, product_attribute:NAME or one of {', '.join(_DIMENSIONS).lower()}",
        code="unknown-group",
    )


def columns_of(
    groups: Sequence[Group], keys: Iterable[str], names: Mapping[str, str]
) -> dict[str, str | Mapping[str, str] | None]:
    """Return columns of a charge for the keys of one group of an answer.

    Args:
        groups: What was asked for.
        keys: What AWS answered, in that order. The keys of all but dimensions are `name$value`; nothing after the
            first `$` means that the line has no such tag.
        names: What AWS calls values.
    """
    found: dict[str, str | Mapping[str, str] | None] = {}
    for group, key in zip(groups, keys, strict=True):
        if group.kind == "DIMENSION":
            column = _COLUMNS.get(group.key, group.key.lower())
            found[column] = None if _is_none(group.key, key) else key
            if group.key == "LINKED_ACCOUNT":
                found["sub_account_name"] = names.get(key)
            continue
        name, _, value = key.partition("$")
        if group.kind == "TAG":
            found["tags"] = {name: value} if value else {}
        elif group.kind == "PRODUCT_ATTRIBUTE" and name in _ATTRIBUTES:
            found[_ATTRIBUTES[name]] = value or None
        else:
            found[f"{group.kind.lower()}/{name}"] = value or None
    service = str(found.get("service_name") or "")
    if service.startswith(_AI) or service.endswith("(Amazon Bedrock Edition)"):
        found["service_category"] = "AI and Machine Learning"
    return found


def _is_none(dimension: str, key: str) -> bool:
    """Say whether a key is AWS's way to write that a line has none.

    >>> _is_none("RESOURCE_ID", "NoResourceId"), _is_none("REGION", "us-east-1")
    (True, False)
    """
    return key.lower() in ("", f"no{dimension.replace('_', '').lower()}")
