"""Units of AWS: what calls to its services are billed by, told from the call and its answer.

Comes in: the name of an operation, its parameters, its decoded answer. Goes out: quantities by unit. Values of a
program's own (items, objects, messages, documents) are measured, never kept.
"""

import base64
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from outlay.sdk.instrument.hosts import Route

Params = Mapping[str, Any]
Units = dict[str, object]


class Facts(NamedTuple):
    """What is remembered of a call until it is answered.

    Args:
        operation: As AWS names it.
        reads: Whether it reads; else it writes.
        first: Whether it asks for the first page of a result.
        job: The job it asks about.
    """

    operation: str
    reads: bool
    first: bool
    job: str | None


_BEDROCK = frozenset({"Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"})
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
_STATEMENTS = frozenset({"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"})
#: S3 bills by class: what writes, copies or lists, and what reads. What deletes is free.
_TIER_1 = ("Put", "Copy", "Post", "List", "Create", "Complete", "Upload", "Restore")
_FREE = ("Delete", "Abort")
_PAGES = {
    "DetectDocumentText": "textract-detect-document-text",
    "AnalyzeDocument": "textract-analyze-document",
    "AnalyzeExpense": "textract-analyze-expense",
    "AnalyzeID": "textract-analyze-id",
    "GetDocumentTextDetection": "textract-detect-document-text",
    "GetDocumentAnalysis": "textract-analyze-document",
    "GetExpenseAnalysis": "textract-analyze-expense",
    "GetLendingAnalysis": "textract-analyze-lending",
}
_INVOKES = frozenset({"Invoke", "InvokeWithResponseStream"})
#: SQS bills every 64 KiB of a request as one.
_SQS_PIECE = 1 << 16
_REPORT = re.compile(rb"Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB")
_MB_PER_GB = 1024
_MS_PER_S = 1000


def route_of(service: str, operation: str, params: Params, region: object) -> Route | None:
    """Return what a call to AWS asks for; None where nobody is billed for it.

    >>> route_of("sqs", "SendMessage", {"MessageBody": "x"}, "eu-west-1").model
    'sqs'
    >>> route_of("s3", "DeleteObject", {}, "eu-west-1") is None
    True
    """
    tags = {"region": region} if isinstance(region, str) else {}
    if service == "bedrock-runtime":
        if operation not in _BEDROCK:
            return None
        model = str(params.get("modelId") or "")[:200]
        return Route("aws", "embeddings" if "embed" in model else "chat", model or None, tags=tags)
    found = READERS[service].route(operation, params)
    if found is None:
        return None
    model, fixed, further = found
    return Route("aws", operation, model, fixed, tags={**tags, **further})


def facts_of(operation: str, params: Params) -> Facts:
    """Return what has to be remembered of a call."""
    statement = params.get("Statement")
    reads = operation in _READS or (isinstance(statement, str) and statement.lstrip()[:6].upper() == "SELECT")
    job = params.get("JobId")
    return Facts(operation, reads, "NextToken" not in params, job if isinstance(job, str) else None)


def capacity_wanted(operation: str, params: Params) -> bool:
    """Say whether DynamoDB can be asked for the capacity of an operation, and was not."""
    return operation in _READS | _WRITES | _STATEMENTS and "ReturnConsumedCapacity" not in params


_Routed = tuple[str, Units, dict[str, str]]


class Reader(NamedTuple):
    """How one service is read.

    Args:
        route: Returns model, the least that a call uses, and tags; None for what is free.
        units: Returns what was used, from facts, answer, and bytes sent.
    """

    route: Callable[[str, Params], _Routed | None]
    units: Callable[[Facts, Params, int], Units]


def _named(params: Params, name: str, tag: str) -> dict[str, str]:
    value = params.get(name)
    return {tag: value[:200]} if isinstance(value, str) else {}


def _dynamodb_route(operation: str, params: Params) -> _Routed | None:
    if operation not in _READS | _WRITES | _STATEMENTS:
        return None
    return "dynamodb", {"request": 1}, _named(params, "TableName", "table")


def _dynamodb_units(facts: Facts, answer: Params, _: int) -> Units:
    """Return the capacity units of an answer; a request where none is stated."""
    stated = answer.get("ConsumedCapacity")
    listed = stated if isinstance(stated, list) else [stated] if isinstance(stated, dict) else []
    found = {"read_unit": Decimal(0), "write_unit": Decimal(0)}
    for one in listed:
        apart = {
            unit: one.get(name)
            for unit, name in (("read_unit", "ReadCapacityUnits"), ("write_unit", "WriteCapacityUnits"))
        }
        if any(apart.values()):
            for unit, quantity in apart.items():
                found[unit] += Decimal(str(quantity or 0))
        else:
            found["read_unit" if facts.reads else "write_unit"] += Decimal(str(one.get("CapacityUnits") or 0))
    return {unit: quantity for unit, quantity in found.items() if quantity} or {"request": 1}


def _s3_route(operation: str, params: Params) -> _Routed | None:
    if operation.startswith(_FREE):
        return None
    unit = "request_tier1" if operation.startswith(_TIER_1) else "request_tier2"
    return "s3", {unit: 1}, _named(params, "Bucket", "bucket")


def _s3_units(facts: Facts, answer: Params, sent: int) -> Units:
    unit = "request_tier1" if facts.operation.startswith(_TIER_1) else "request_tier2"
    length = answer.get("ContentLength") if facts.operation == "GetObject" else None
    found: Units = {unit: 1}
    if sent and facts.operation in {"PutObject", "UploadPart"}:
        found["byte_in"] = sent
    if isinstance(length, int) and length > 0:
        found["byte_out"] = length
    return found


def _textract_route(operation: str, params: Params) -> _Routed | None:
    model = _PAGES.get(operation)
    if model is None:
        return None
    features = params.get("FeatureTypes")
    tags = {"features": ",".join(map(str, features))[:200]} if isinstance(features, list) else {}
    return model, {"page": 1}, tags


def _textract_units(facts: Facts, answer: Params, _: int) -> Units:
    """Return the pages of a document. A job is read page by page, and each page of results says all of them."""
    unfinished = answer.get("JobStatus") not in {None, "SUCCEEDED", "PARTIAL_SUCCESS"}
    if unfinished or not facts.first:
        return {}
    pages = (answer.get("DocumentMetadata") or {}).get("Pages")
    return {"page": pages} if isinstance(pages, int) else {"page": 1}


def _lambda_route(operation: str, params: Params) -> _Routed | None:
    return ("lambda", {"request": 1}, _named(params, "FunctionName", "function")) if operation in _INVOKES else None


def _lambda_units(_: Facts, answer: Params, __: int) -> Units:
    """Return the request, and its GB-seconds where the caller asked for the end of the log."""
    found: Units = {"request": 1}
    log = answer.get("LogResult")
    told = _REPORT.search(base64.b64decode(log)) if isinstance(log, str) else None
    if told:
        used = Decimal(int(told[1])) * int(told[2]) / (_MS_PER_S * _MB_PER_GB)
        found["gb_second"] = used.quantize(Decimal("1e-9"))
    return found


def _sqs_route(_: str, params: Params) -> _Routed | None:
    address = params.get("QueueUrl")
    return "sqs", {"request": 1}, {"queue": address.rpartition("/")[2][:200]} if isinstance(address, str) else {}


def _sqs_units(_: Facts, answer: Params, sent: int) -> Units:
    received = sum(
        len(str(one.get("Body", "")).encode()) for one in answer.get("Messages") or () if isinstance(one, dict)
    )
    return {"request": max(1, -(-max(sent, received) // _SQS_PIECE))}


#: By service, as botocore names it in its events.
READERS = {
    "dynamodb": Reader(_dynamodb_route, _dynamodb_units),
    "s3": Reader(_s3_route, _s3_units),
    "textract": Reader(_textract_route, _textract_units),
    "lambda": Reader(_lambda_route, _lambda_units),
    "sqs": Reader(_sqs_route, _sqs_units),
}
