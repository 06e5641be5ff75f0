"""Places of logs: folders, and buckets of S3, as files that can be read.

Comes in: paths as people type them. Goes out: files; what is in a bucket is copied to a folder that is gone afterwards.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from outlay.errors import BadInput, SourceFailed

#: How a path begins that is an address in S3, once it has been taken for a path.
_S3 = "s3:/"


@contextmanager
def gathered(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Return the files that paths lead to: files themselves, all files of folders, all objects under `s3://` prefixes.

    Args:
        paths: In the order in which they are to be read; what is in a folder is read in the order of names.

    Raises:
        BadInput: A folder or prefix holds nothing; S3 is asked for and boto3 is not installed.
        SourceFailed: S3 failed.
    """
    with tempfile.TemporaryDirectory(prefix="outlay-logs-") as folder:
        found: list[Path] = []
        for number, path in enumerate(paths):
            if str(path).startswith(_S3):
                found += _copied(str(path).removeprefix(_S3).lstrip("/"), Path(folder) / str(number))
            elif path.is_dir():
                inside = (below for below in path.rglob("*") if below.is_file())
                found += _some([below for below in sorted(inside) if not below.name.startswith(".")], str(path))
            else:
                found.append(path)
        yield found


def _some(found: list[Path], where: str) -> list[Path]:
    if not found:
        raise BadInput(f"{where} holds no files", fix="name a folder or prefix that does", code="no-file")
    return found


def _copied(address: str, folder: Path) -> list[Path]:
    """Copy all objects under a prefix; credentials and region are found as every tool of AWS finds them."""
    try:
        import boto3  # noqa: PLC0415 - an extra, only for those who read from S3
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above
    except ImportError as error:
        raise BadInput("s3:// needs boto3", fix="pip install 'outlay[aws]'", code="no-boto3") from error
    bucket, _, prefix = address.partition("/")
    found: list[Path] = []
    try:
        client: Any = boto3.client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for held in page.get("Contents", ()):
                if held["Size"]:
                    found.append(_place(folder, held["Key"], len(found)))
                    client.download_file(bucket, held["Key"], str(found[-1]))
    except (BotoCoreError, ClientError) as error:
        fix = "check bucket, prefix and credentials"
        raise SourceFailed(f"s3://{address} cannot be read: {error}", fix=fix, code="s3-failed") from error
    return _some(found, f"s3://{address}")


def _place(folder: Path, key: str, number: int) -> Path:
    """Return where an object is copied to: under its own name, in a folder of its own, where it meets no other."""
    place = folder / str(number)
    place.mkdir(parents=True)
    return place / (PurePosixPath(key).name or "object")
