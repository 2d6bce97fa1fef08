"""Holds built manifests against the schemas of Kubernetes and against each other.

    check_kubernetes.py FILE VERSION...

Each object must fit the strict schema of every VERSION; what a name refers to must be there; every container must be as
locked up as the "restricted" Pod Security Standard wants it. Prints one line per fault and ends with 1 if there is any.
"""

import pathlib
import re
import sys

import yaml
from kubernetes_validate import utils

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Kinds that are not Kubernetes's own, whose schemas it does not have, with the fields they can't do without.
CUSTOM = {"ScaledObject": ["spec.scaleTargetRef.name", "spec.triggers", "spec.maxReplicaCount"]}
# Made by people, not by the overlay.
SECRETS = {"sagaflow": {"database_url", "redis_url", "admin_tokens"}}


def get(value, path):
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def main(file, versions):
    with open(file) as stream:
        objects = [document for document in yaml.safe_load_all(stream) if document]
    faults = []
    by_kind = {}
    for o in objects:
        by_kind.setdefault(o["kind"], {})[o["metadata"]["name"]] = o
    for o in objects:
        name = f"{o['kind']} {o['metadata']['name']}"
        faults += [f"{name}: {fault}" for fault in check(o, by_kind, versions)]
    faults += check_connections(by_kind)
    for fault in faults:
        print(f"{file}: {fault}", file=sys.stderr)
    if not faults:
        print(f"{file.rsplit('/', 1)[-1]}: {len(objects)} objects fit Kubernetes {', '.join(versions)}")
    return 1 if faults else 0


def check(o, by_kind, versions):
    if o["kind"] in CUSTOM:
        yield from (f"{path} is missing" for path in CUSTOM[o["kind"]] if not get(o, path))
    else:
        for version in versions:
            try:
                utils.validate(o, version, strict=True)
            except utils.ValidationError as error:
                yield f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"
            except utils.SchemaNotFoundError as error:
                yield error.message
    target = get(o, "spec.scaleTargetRef.name")
    if target and target not in by_kind["Deployment"]:
        yield f"scales {target}, which does not exist"
    template = get(o, "spec.template")
    if template:
        yield from check_pod(template, by_kind)
    pods = [get(w, "spec.template.metadata.labels") for k in ("Deployment", "Job") for w in by_kind[k].values()]
    for path in ("spec.selector.matchLabels", "spec.podSelector.matchLabels", "spec.selector"):
        labels = get(o, path)
        if not labels or "matchLabels" in labels:
            continue
        if not any(labels.items() <= pod.items() for pod in pods):
            yield f"{path} selects no pod"
        if o["kind"] == "Deployment" and not labels.items() <= get(template, "metadata.labels").items():
            yield "its selector does not fit its own pods"


def check_pod(template, by_kind):
    pod = template["spec"]
    if pod.get("serviceAccountName") not in by_kind["ServiceAccount"]:
        yield "its service account does not exist"
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            keys = {item["key"] for item in volume["secret"].get("items", [])}
            yield from check_secret(volume["secret"]["secretName"], keys)
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    if not get(pod, "securityContext.runAsNonRoot") or get(pod, "securityContext.seccompProfile.type") != "RuntimeDefault":
        yield "the pod may run as root or without a seccomp profile"
    for container in pod["containers"]:
        context = container.get("securityContext", {})
        if (
            context.get("allowPrivilegeEscalation") is not False
            or not context.get("readOnlyRootFilesystem")
            or get(context, "capabilities.drop") != ["ALL"]
        ):
            yield f"container {container['name']} is not restricted"
        if not get(container, "resources.requests.cpu") or not get(container, "resources.limits.memory"):
            yield f"container {container['name']} has no CPU request or no memory limit"
        if ":" not in container["image"]:
            yield f"the image {container['image']} has no version"
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"mounts {mount['name']}, which is no volume"
        for source in container.get("envFrom", []):
            if source["configMapRef"]["name"] not in by_kind["ConfigMap"]:
                yield f"refers to the ConfigMap {source['configMapRef']['name']}, which does not exist"
        for variable in container.get("env", []):
            secret = get(variable, "valueFrom.secretKeyRef")
            if secret:
                yield from check_secret(secret["name"], {secret["key"]})
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            port = get(container, f"{probe}.httpGet.port")
            if port and port not in ports:
                yield f"{probe} asks port {port}, which the container does not have"


def check_connections(by_kind):
    """At full scale, with one more of each during a rollout, Postgres's connections fit what docs/deployment.md states."""
    most = {target(o): get(o, "spec.maxReplicas") or get(o, "spec.maxReplicaCount")
            for kind in ("HorizontalPodAutoscaler", "ScaledObject") for o in by_kind.get(kind, {}).values()}
    if not most:
        return
    settings = {}
    for o in by_kind["ConfigMap"].values():
        settings |= o["data"]
    needed = 0
    for name, total in (("sagaflow-api", api_connections), ("sagaflow-engine", engine_connections)):
        container = get(by_kind["Deployment"][name], "spec.template.spec")["containers"][0]
        own = settings | {v["name"]: v["value"] for v in container.get("env", []) if "value" in v}
        needed += (most[name] + 1) * total(own)
    stated = int(re.search(r"`max_connections = (\d+)`", (ROOT / "docs/deployment.md").read_text()).group(1))
    if needed + PEOPLE > stated:
        yield f"Postgres needs {needed} + {PEOPLE} connections, but docs/deployment.md states {stated}"


# Postgres's own reserve (superuser_reserved_connections), saga migrate and check, an exporter, somebody with psql.
PEOPLE = 15


def target(o):
    return get(o, "spec.scaleTargetRef.name")


# As in docs/postgres.md.
def api_connections(settings):
    return int(settings.get("STARTERS", 2)) + 2 + int(settings.get("READERS", 16)) + 1


def engine_connections(settings):
    return int(settings.get("COMMITTERS", 2)) + 2 + 2 + 1


def check_secret(name, keys):
    if name not in SECRETS:
        yield f"refers to the Secret {name}, which nobody makes"
    elif not keys <= SECRETS[name]:
        yield f"refers to keys {keys - SECRETS[name]}, which the Secret {name} does not have"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
