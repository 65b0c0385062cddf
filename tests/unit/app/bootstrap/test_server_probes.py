"""What is watched follows from the addresses: an Aurora cluster is known by its endpoint."""

from __future__ import annotations

import pytest

from app.bootstrap.server_probes import aurora_cluster


@pytest.mark.parametrize(
    ("host", "cluster"),
    [
        ("credit.cluster-c0ffee.sa-east-1.rds.amazonaws.com", "credit"),
        ("credit.cluster-ro-c0ffee.sa-east-1.rds.amazonaws.com", "credit"),
        ("credit.cluster-c0ffee.cn-north-1.rds.amazonaws.com.cn", "credit"),
        ("credit-1.c0ffee.sa-east-1.rds.amazonaws.com", ""),  # one instance
        ("credit.cluster-c0ffee.sa-east-1.rds.example.com", ""),
        ("127.0.0.1", ""),
    ],
)
def test_only_the_endpoint_of_a_cluster_names_one(host: str, cluster: str) -> None:
    assert aurora_cluster(f"mysql://user:word@{host}:3306/credit") == cluster


def test_no_address_names_no_cluster() -> None:
    assert aurora_cluster("") == ""
