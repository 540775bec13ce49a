"""The files in deploy/ as far as they can be tried without a cluster: they parse, and name what exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from a2e_mcp.cli.main import command_parser
from a2e_mcp.cli.web_server import SPARE_SECONDS
from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.prometheus import PrometheusMeasurements
from a2e_mcp.setting_rows import setting_rows
from a2e_mcp.settings import read_settings
from tests.support.paths import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
VARIABLES = {row.variable for row in setting_rows()}
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
CLOSING_SECONDS = 15
"""What services and workers are given for their end."""


def documents(path: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(path.read_text(encoding="utf-8")))


def objects() -> list[Mapping[str, Any]]:
    (kustomization,) = documents(KUBERNETES / "kustomization.yaml")
    names = kustomization["resources"]
    assert set(names) | {"kustomization.yaml"} == {path.name for path in KUBERNETES.iterdir()}
    return [each for name in names for each in documents(KUBERNETES / name)]


def of_kind(kind: str) -> dict[str, Mapping[str, Any]]:
    return {each["metadata"]["name"]: each for each in objects() if each["kind"] == kind}


def containers() -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for each in objects():
        if "template" in each.get("spec", {}):
            pod = each["spec"]["template"]["spec"]
            for container in pod["containers"]:
                yield pod, container


def services() -> dict[str, Mapping[str, Any]]:
    (compose,) = documents(DEPLOY / "compose.yaml")
    found: dict[str, Mapping[str, Any]] = compose["services"]
    return found


def ours() -> dict[str, Mapping[str, Any]]:
    return {name: each for name, each in services().items() if each.get("image") == "a2e-mcp:company"}


def commands() -> list[tuple[str, ...]]:
    listed = [tuple(each["args"]) for _, each in containers()] + [tuple(each["command"]) for each in ours().values()]
    return sorted(set(listed))


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_is_one_of_the_program(command: tuple[str, ...]) -> None:
    assert command_parser().parse_args(command).command == command[0]


def test_every_variable_is_a_setting_and_has_a_value_that_can_be_read() -> None:
    config = of_kind("ConfigMap")["a2e-mcp"]["data"]
    secret = of_kind("Secret")["a2e-mcp"]["stringData"]
    lines = re.findall(r"^(?:# )?([A-Z0-9_]+)=(.*)$", (DEPLOY / "company.env.example").read_text(), re.MULTILINE)
    compose = {name: text for each in ours().values() for name, text in each["environment"].items()}
    compose["A2E_DATABASE"] = re.sub(r"\$\{POSTGRES_PASSWORD:[^}]*\}", "a-password", compose["A2E_DATABASE"])
    for given in ({**config, **secret}, dict(lines), compose):
        assert {name for name in given if not name.startswith("OTEL_")} <= VARIABLES
        read_settings({**given, "A2E_API_TOKEN": "sk_anything-At_all"})
    assert all(isinstance(text, str) for text in config.values()), "a ConfigMap takes text only"


def test_every_place_that_a_container_uses_is_there_and_no_other_can_be_written() -> None:
    names = {(each["kind"], each["metadata"]["name"]) for each in objects()}
    for pod, container in containers():
        volumes = {each["name"]: each for each in pod["volumes"]}
        assert {each["name"] for each in container["volumeMounts"]} == set(volumes)
        for volume in volumes.values():
            assert "emptyDir" in volume or ("Secret", volume["secret"]["secretName"]) in names
        for source in container["envFrom"]:
            kind, reference = ("ConfigMap", "configMapRef") if "configMapRef" in source else ("Secret", "secretRef")
            assert (kind, source[reference]["name"]) in names
        safe = container["securityContext"]
        assert (safe["readOnlyRootFilesystem"], safe["allowPrivilegeEscalation"]) == (True, False)
        (user,) = re.findall(r"--uid (\d+)", DOCKERFILE)
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, int(user))
        assert "/data" in {each["mountPath"] for each in container["volumeMounts"]}
    for each in ours().values():
        assert each["read_only"]
        assert any(place.startswith("/data:") for place in each["tmpfs"])


@pytest.mark.parametrize("name", ["server", "worker"])
def test_probes_ask_where_it_answers(name: str) -> None:
    ((_, container),) = [each for each in containers() if each[1]["name"] == name]
    (port,) = container["ports"]
    assert container["args"][-1].rpartition(":")[2] == str(port["containerPort"])
    paths = {kind: container[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["port"] for probe in paths.values()} == {port["name"]}
    assert {kind: probe["path"] for kind, probe in paths.items()} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    deployment = of_kind("Deployment")["a2e-mcp" if name == "server" else "a2e-mcp-worker"]
    scraped = deployment["spec"]["template"]["metadata"]["annotations"]
    assert scraped["prometheus.io/port"] == str(port["containerPort"])
    assert scraped["prometheus.io/path"] == "/metrics"
    (asked,) = [each for key, each in ours().items() if key.startswith(name) and not key.endswith("2")]
    assert f":{asked['command'][-1].rpartition(':')[2]}/readyz" in asked["healthcheck"]["test"][-1]


def test_the_balancer_of_a_cluster_reaches_the_servers() -> None:
    ((_, server),) = [each for each in containers() if each[1]["name"] == "server"]
    (service,) = of_kind("Service").values()
    assert service["spec"]["ports"][0]["targetPort"] == server["ports"][0]["name"]


def test_there_are_two_of_each_and_one_is_always_left() -> None:
    budgets, deployments = of_kind("PodDisruptionBudget"), of_kind("Deployment")
    assert set(budgets) == set(deployments) == {"a2e-mcp", "a2e-mcp-worker"}
    for name, deployment in deployments.items():
        assert deployment["spec"]["replicas"] == 2
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels
        assert budgets[name]["spec"]["selector"]["matchLabels"] == labels
        assert budgets[name]["spec"]["minAvailable"] == 1
    assert of_kind("Service")["a2e-mcp"]["spec"]["selector"] == {"app": "a2e-mcp"}


def test_a_server_has_the_time_that_its_end_takes() -> None:
    seconds = read_settings(of_kind("ConfigMap")["a2e-mcp"]["data"])
    needed = seconds.drain_seconds + seconds.call_seconds + SPARE_SECONDS + CLOSING_SECONDS
    assert of_kind("Deployment")["a2e-mcp"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= needed


def test_the_balancer_leads_to_the_servers_and_keeps_their_figures_inside() -> None:
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    upstreams = re.findall(r"reverse_proxy (.*) \{", caddy)[0].split()
    port = ours()["server-1"]["command"][-1].rpartition(":")[2]
    assert upstreams == [f"{name}:{port}" for name in ours() if name.startswith("server-")]
    assert "path /metrics" in caddy
    assert "health_uri /readyz" in caddy


def test_what_compose_takes_from_outside_is_said() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for name, rest in re.findall(r"\$\{(\w+)([^}]*)\}", text):
        assert rest.startswith(":?"), name
    assert (CHECKOUT / ".gitignore").read_text(encoding="utf-8").count("deploy/company.env\n") == 1


def test_every_alarm_asks_for_a_metric_that_exists_and_is_explained() -> None:
    (groups,) = documents(DEPLOY / "prometheus" / "alerts.yaml")
    rules = groups["groups"][0]["rules"]
    page = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    measured = PrometheusMeasurements(Drain()).page()[0].decode()
    known = set(re.findall(r"^# TYPE (a2e_mcp_\w+)", measured, re.MULTILINE))
    asked = {name for rule in rules for name in re.findall(r"a2e_mcp_\w+", rule["expr"])}
    assert {name.removesuffix("_total") for name in asked} <= {name.removesuffix("_total") for name in known}
    assert {rule["alert"] for rule in rules} == set(re.findall(r"^\| `(A2E\w+)`", page, re.MULTILINE))
    for name in re.findall(r"`(a2e_mcp_\w+)", page):
        assert name.removesuffix("_total") in {each.removesuffix("_total") for each in known}, name


@pytest.mark.long
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_puts_the_files_together() -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES)], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    made = list(YAML(typ="safe").load_all(done.stdout))
    assert len(made) == len(objects())
    assert all(container["image"] == "registry.example.com/a2e-mcp:company" for container in _images(made))


def _images(made: list[Any]) -> Iterator[Mapping[str, Any]]:
    for each in made:
        if "template" in each.get("spec", {}):
            yield from each["spec"]["template"]["spec"]["containers"]
