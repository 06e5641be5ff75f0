"""A bucket: `s3://bucket/prefix`, read with whatever credentials AWS's own chain finds.

Comes in: an address. Goes out: its files, brought one by one. Nothing is written there, and no credential is kept.
"""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from outlay.bills.importer import Asked
from outlay.bills.places.shelf import Entry
from outlay.errors import BadInput, EngineFailed
from outlay.fetching import aws
from outlay.fetching.patience import PATIENCE, Patience

SCHEME = "s3://"
#: Options that reading a bucket knows.
OPTIONS = ("profile", "region", *PATIENCE)


class Bucket:
    """The files below a prefix of a bucket.

    Args:
        asked: What was asked for; `place` is the address.

    Raises:
        BadInput: The address has no bucket, or the endpoint is not to be used.
        BadConfig: boto3 is not installed, or there is no such profile.
    """

    def __init__(self, asked: Asked) -> None:
        self._bucket, _, self._prefix = asked.place.removeprefix(SCHEME).partition("/")
        if not self._bucket:
            raise BadInput(f"{asked.place} names no bucket", fix="write s3://bucket/prefix", code="bad-address")
        self._folder = asked.folder
        self._client = aws.client("s3", asked.options)
        self._patience = Patience.asked(asked.options)
        self._brought = 0

    def entries(self) -> Sequence[Entry]:
        """See `Shelf.entries`. A prefix is a folder or one file, never the first half of a name."""
        below = self._prefix.rstrip("/") + "/"
        return [
            entry
            for entry in self._listed(self._prefix)
            if not entry.name.endswith("/")
            and (not self._prefix or entry.name == self._prefix or entry.name.startswith(below))
        ]

    def find(self, key: str, beside: str) -> str | None:  # noqa: ARG002 - a key says all
        """See `Shelf.find`."""
        return next((entry.name for entry in self._listed(key) if entry.name == key), None)

    def bring(self, name: str) -> Path:
        """See `Shelf.bring`."""
        self._brought += 1
        path = self._folder / f"{self._brought}-{name.rpartition('/')[2]}"
        try:
            aws.asked(
                lambda: self._client.download_file(self._bucket, name, str(path)), self.address(name), self._patience
            )
        except OSError as error:
            raise EngineFailed(
                f"{self.address(name)} could not be kept in {self._folder}: {error.strerror}; nothing was taken in",
                fix="free some space there, or set TMPDIR to a folder that has it",
                code="disk-full",
            ) from error
        return path

    def address(self, name: str) -> str:
        """See `Shelf.address`."""
        return f"{SCHEME}{self._bucket}/{name}"

    def _listed(self, prefix: str) -> list[Entry]:
        """Return every file whose key begins like this, in the order of keys."""
        found: list[Entry] = []
        asked: dict[str, str] = {"Bucket": self._bucket, "Prefix": prefix}
        while True:
            page = aws.asked(lambda: self._client.list_objects_v2(**asked), self.address(prefix), self._patience)
            found += [Entry(each["Key"], each["LastModified"].astimezone(UTC)) for each in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return sorted(found, key=lambda entry: entry.name)
            asked["ContinuationToken"] = page["NextContinuationToken"]
