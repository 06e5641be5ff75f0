"""Containers: which tag of a container's line says what about who caused it.

Comes in: the option `containers`. Goes out: settings of `bills/container_keys`.
"""

import re
from collections.abc import Mapping, Sequence

from outlay.errors import BadInput
from outlay.terms.attribution import ATTRIBUTION

OPTION = "containers"
_OTHER = re.compile(r"[^a-z0-9]+")
#: Where each dimension is looked for unless the option says: Kubernetes' labels, then what EKS and ECS say themselves.
_PLACES: Mapping[str, Sequence[str]] = {
    "cluster": ("aws:eks:cluster-name", "aws:ecs:clusterName", "aws:ecs:cluster-name"),
    "feature": ("feature",),
    "customer": ("customer", "tenant"),
    "team": ("team", "owner"),
    "user": (),
    "environment": ("environment", "env"),
    "service": (
        *("app.kubernetes.io/name", "app", "aws:eks:deployment", "aws:eks:workload-name"),
        *("aws:ecs:serviceName", "aws:ecs:service-name", "aws:eks:namespace"),
    ),
    "release": ("app.kubernetes.io/version",),
}


def settings(options: Mapping[str, str]) -> dict[str, str]:
    """Return where each dimension is looked for, as settings `of_<dimension>`.

    Args:
        options: Of the import; `containers` says it as `team:squad,service:aws:eks:namespace`.

    Raises:
        BadInput: The option is not written so, or names no dimension.

    >>> settings({"containers": "team:aws:eks:namespace"})["of_team"], settings({})["of_environment"]
    ('aws_eks_namespace', 'environment,env')
    """
    told: dict[str, Sequence[str]] = {}
    for pair in filter(None, (each.strip() for each in options.get(OPTION, "").split(","))):
        dimension, _, tag = pair.partition(":")
        if dimension not in ATTRIBUTION or not tag:
            raise BadInput(
                f"--option {OPTION}={options[OPTION]}: {pair!r} is no dimension and tag",
                fix=f"write for example team:squad; dimensions are {', '.join(ATTRIBUTION)}",
                code="bad-option",
            )
        told[dimension] = (tag,)
    return {f"of_{name}": ",".join(map(_folded, told.get(name, places))) for name, places in _PLACES.items()}


def _folded(tag: str) -> str:
    """Return a tag's key as reports of both kinds are read.

    >>> _folded("app.kubernetes.io/name"), _folded("aws:ecs:clusterName")
    ('app_kubernetes_io_name', 'aws_ecs_clustername')
    """
    return _OTHER.sub("_", tag.lower()).strip("_")
