"""What `make manifests` looks at, without checkov: every overlay is right, and what is planted in one is found."""

import copy
from functools import cache

import pytest

from deploy.check import rendering
from deploy.check.rules import found

OVERLAYS = ("air-gapped", "local", "multi-region/east", "multi-region/west", "single-region", "site")


@cache
def objects(name):
    return rendering.rendered(rendering.overlays()[name])


def test_all_overlays_are_looked_at():
    assert tuple(rendering.overlays()) == OVERLAYS


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_right(name):
    assert [str(finding) for finding in found(objects(name))] == []


def of(manifests, kind, name):
    return next(each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name))


def pod(manifests, kind, name):
    return of(manifests, kind, name)["spec"]["template"]["spec"]


def container(manifests, kind, name):
    return pod(manifests, kind, name)["containers"][0]


def config(manifests, name):
    return next(each["data"] for each in manifests if each["kind"] == "ConfigMap" and each["metadata"]["name"].startswith(name))


def typo(manifests):
    container(manifests, "Deployment", "printbus-spooler")["livenesProbe"] = {}


def typo_in_a_custom_resource(manifests):
    of(manifests, "ScaledObject", "printbus-converter-html")["spec"]["maxReplicas"] = 6


def no_such_kind(manifests):
    of(manifests, "Deployment", "printbus-spooler")["apiVersion"] = "apps/v1beta1"


def missing_probe(manifests):
    del container(manifests, "Deployment", "printbus-registry")["readinessProbe"]


def liveness_that_depends_on_others(manifests):
    container(manifests, "Deployment", "printbus-registry")["livenessProbe"]["httpGet"]["path"] = "/readyz"


def killed_too_soon(manifests):
    pod(manifests, "Deployment", "printbus-converter-office")["terminationGracePeriodSeconds"] = 30


def root(manifests):
    del pod(manifests, "StatefulSet", "printbus-gateway")["securityContext"]["runAsNonRoot"]


def writable(manifests):
    container(manifests, "StatefulSet", "printbus-nats")["securityContext"]["readOnlyRootFilesystem"] = False


def boundless(manifests):
    del container(manifests, "StatefulSet", "printbus-agent")["resources"]["limits"]["memory"]


def unknown_setting(manifests):
    config(manifests, "printbus-spooler")["PRINTBUS_PRINT_AHED"] = "50"


def setting_of_another_service(manifests):
    config(manifests, "printbus-webhooks")["PRINTBUS_PRINT_AHEAD"] = "50"


def wrong_value(manifests):
    config(manifests, "printbus-converter")["PRINTBUS_CONVERTER_LANES"] = "many"


def open_secret(manifests):
    container(manifests, "Deployment", "printbus-spooler")["env"][0] = {
        "name": "PRINTBUS_DATABASE_URL",
        "value": "postgresql://a:b@c/d",
    }


def wrong_port(manifests):
    container(manifests, "StatefulSet", "printbus-gateway")["ports"][0]["containerPort"] = 8080


def service_without_pods(manifests):
    of(manifests, "Service", "printbus-gateway")["spec"]["selector"] = {"app.kubernetes.io/name": "gatway"}


def unknown_consumer(manifests):
    of(manifests, "ScaledObject", "printbus-converter-html")["spec"]["triggers"][0]["metadata"]["consumer"] = "converter_htm"


def scaled_agent(manifests):
    of(manifests, "ScaledObject", "printbus-converter-html")["spec"]["scaleTargetRef"] = {
        "kind": "StatefulSet",
        "name": "printbus-agent",
    }


def server_that_is_not_there(manifests):
    of(manifests, "StatefulSet", "printbus-nats")["spec"]["replicas"] = 2


def open_network(manifests):
    manifests.remove(of(manifests, "NetworkPolicy", "printbus-default-deny"))


def metadata(manifests):
    egress = of(manifests, "NetworkPolicy", "printbus-converter")["spec"]["egress"]
    del egress[0]["to"][0]["ipBlock"]["except"]


def no_such_secret(manifests):
    pod(manifests, "Deployment", "printbus-spooler")["volumes"][0]["secret"]["secretName"] = "printbus-spoler"


def no_such_config(manifests):
    container(manifests, "Deployment", "printbus-spooler")["envFrom"][0]["configMapRef"]["name"] = "printbus-setings"


def link_that_is_not_mounted(manifests):
    config(manifests, "printbus-streams")["PRINTBUS_LINKS"] = '["/etc/printbus/us.link"]'


def store_of_a_stranger(manifests):
    config(manifests, "printbus-gateway")["PRINTBUS_REGION_DOCUMENTS"] = '{"us": "s3://us-documents"}'


def links_that_nobody_hears(manifests):
    config(manifests, "printbus-streams")["PRINTBUS_LINK_ADDRESSES"] = '["links.print.example.org:7422"]'


def bus_without_room(manifests):
    data = config(manifests, "printbus-nats")
    data["nats.conf"] = data["nats.conf"].replace("max_file_store: 36GB", "max_file_store: 13GB")


def disk_without_room(manifests):
    claim = of(manifests, "StatefulSet", "printbus-nats")["spec"]["volumeClaimTemplates"][0]
    claim["spec"]["resources"]["requests"]["storage"] = "20Gi"


def unknown_host(manifests):
    of(manifests, "HTTPRoute", "printbus")["spec"]["hostnames"] = ["print.inside.example"]


def two_addresses(manifests):
    config(manifests, "printbus-spooler")["PRINTBUS_PUBLIC_URL"] = "https://print.example.com"


def replicas_beside_an_autoscaler(manifests):
    of(manifests, "StatefulSet", "printbus-gateway")["spec"]["replicas"] = 3


def metrics_at_the_doors(manifests):
    of(manifests, "ServiceMonitor", "printbus-services")["spec"]["endpoints"][0]["port"] = "http"


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (typo, "'livenesProbe' was unexpected"),
        (typo_in_a_custom_resource, "/spec/maxReplicas is in no schema"),
        (no_such_kind, "there is no Deployment in apps/v1beta1"),
        (missing_probe, "it has no readinessProbe"),
        (liveness_that_depends_on_others, "its livenessProbe asks for /readyz"),
        (killed_too_soon, "it is killed after 30 s, and may need 75"),
        (root, "it may run as root"),
        (writable, "it may change its own programs"),
        (boundless, "its resources.limits lack memory"),
        (unknown_setting, "PRINTBUS_PRINT_AHED is no setting of spooler"),
        (setting_of_another_service, "PRINTBUS_PRINT_AHEAD is no setting of webhooks"),
        (wrong_value, "PRINTBUS_CONVERTER_LANES"),
        (open_secret, "PRINTBUS_DATABASE_URL stands in the manifest"),
        (wrong_port, "its port http is 8080, and it listens at 39899"),
        (service_without_pods, "no pod has the labels"),
        (unknown_consumer, "there is no consumer converter_htm"),
        (scaled_agent, "agent is not scaled by a queue"),
        (server_that_is_not_there, "PRINTBUS_NATS_URL names"),
        (open_network, "there is none that denies everything first"),
        (metadata, "leads to the metadata at 169.254.169.254"),
        (no_such_secret, "nobody makes the Secret printbus-spoler"),
        (no_such_config, "there is no ConfigMap printbus-setings"),
        (link_that_is_not_mounted, "the Secret printbus-links is not mounted at /etc/printbus"),
        (store_of_a_stranger, "PRINTBUS_REGION_DOCUMENTS names us, and PRINTBUS_LINKS does not"),
        (links_that_nobody_hears, "no server of the bus has the port 7422"),
        (bus_without_room, "max_file_store is 13 GB, and its streams reserve 13.6"),
        (disk_without_room, "its disk has 20Gi, and max_file_store is 36 GB of it"),
        (unknown_host, "print.inside.example is not among the gateway's PRINTBUS_HTTP_NAMES"),
        (two_addresses, "its PRINTBUS_PUBLIC_URL is not the gateway's"),
        (replicas_beside_an_autoscaler, "printbus-gateway has `replicas` of its own"),
        (metrics_at_the_doors, "metrics are at the port probes, not at http"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_planted_is_found(plant, words):
    manifests = copy.deepcopy(objects("single-region"))
    plant(manifests)
    sentences = [str(finding) for finding in found(manifests)]
    assert any(words in sentence for sentence in sentences), sentences
