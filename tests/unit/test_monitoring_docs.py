"""What the documents say of metrics is true: every name and label in them exists, and every metric is described."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics_core import Metric

from appliance.bus import Bus
from appliance.config.models import Config
from appliance.models.catalogue import load_catalogue
from appliance.models.profiles import resolve
from appliance.ops.status import Monitor
from tests.unit.storage_fakes import HandClock

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD, ALERTS, MANUAL = (
    DOCS / "monitoring/grafana-dashboard.json",
    DOCS / "monitoring/alerts.yaml",
    DOCS / "monitoring.md",
)

NAME = re.compile(r"\b(?:appliance|process)_[a-z_]+\b")
SELECTOR = re.compile(r"\b((?:appliance|process)_[a-z_]+)\{([^}]*)\}")
GROUPING = re.compile(r"\b(?:by|on) \(([^)]*)\)")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!=|=)")
ADDED = {"instance", "job", "le"}
"""Labels that Prometheus adds, and the one of buckets."""
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",), "gauge": ("",)}


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    """The labels of each series by its name."""
    monitor = Monitor(Config(), HandClock())
    monitor.attach(Bus())
    monitor.gauges.show_models(resolve(Config(), load_catalogue(), vram_mib=lambda: 0))
    monitor.gauges.show_health(monitor.health)
    return {
        metric.name + suffix: set(labels_of(monitor, metric))
        for metric in monitor.registry.collect()
        for suffix in SUFFIXES.get(metric.type, ("",))
    }


def labels_of(monitor: Monitor, metric: Metric) -> Iterator[str]:
    for sample in metric.samples:
        yield from sample.labels
    collector = monitor.registry._names_to_collectors.get(metric.name)
    yield from getattr(collector, "_labelnames", ())


def expressions() -> list[str]:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    alerts = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    return queries + [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]


def test_every_metric_and_label_that_is_asked_for_exists(metrics: dict[str, set[str]]) -> None:
    asked = expressions()
    assert len(asked) > 50
    for expression in asked:
        assert expression.count("(") == expression.count(")"), expression
        names = set(NAME.findall(expression))
        assert names <= set(metrics), f"{names - set(metrics)} in {expression}"
        for name, selector in SELECTOR.findall(expression):
            assert set(LABEL.findall(selector)) <= metrics[name] | ADDED, expression
        known = ADDED.union(*(metrics[name] for name in names))
        for group in GROUPING.findall(expression):
            assert {label.strip() for label in group.split(",")} <= known, expression


def test_a_label_value_that_is_asked_for_can_occur(metrics: dict[str, set[str]]) -> None:
    monitor = Monitor(Config(), HandClock())
    seen = {
        (key, value)
        for metric in monitor.registry.collect()
        for sample in metric.samples
        for key, value in sample.labels.items()
    }
    seen |= {("kind", "emergency"), ("state", "failed"), ("result", "failed"), ("result", "succeeded")}
    assert metrics
    for expression in expressions():
        for key, value in re.findall(r'\b([a-z_]+)(?:=|!=)"([^"$]+)"', expression):
            assert key == "job" or (key, value) in seen, expression


def test_alerts_say_what_is_wrong_and_what_to_do() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(names) == len(set(names))
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {"summary", "action"} <= rule["annotations"].keys()
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}


def test_the_dashboard_can_be_imported() -> None:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert dashboard["uid"]
    assert "id" not in dashboard
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in panels]
    for index, (x, y, w, h) in enumerate(places):
        assert x + w <= 24
        for x2, y2, w2, h2 in places[index + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_every_metric_is_in_the_manual_and_no_other(metrics: dict[str, set[str]]) -> None:
    named = set(NAME.findall(MANUAL.read_text(encoding="utf-8")))
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in metrics if name.startswith("appliance_")}
    assert {name for name in named if name.startswith("appliance_")} == ours
