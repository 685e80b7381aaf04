"""What compose.yaml and the Dockerfile say, for containers.sh; runs in the root of the sources.

usage: compose.py check                       whether what they name is there and fits together
       compose.py packages                    those that the image installs
       compose.py service|health NAME FROM=TO...
                   a service's environment as words NAME=VALUE, then its command, or that of its
                   healthcheck; each with a zero byte behind it, and all FROM replaced by TO
"""

import os
import re
import shlex
import sys

import yaml

with open("compose.yaml") as file:
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", file.read())
stack = yaml.safe_load(text.replace("$$", "$"))
services = stack["services"]
with open("Dockerfile") as file:
    stages = re.split(r"^FROM ", re.sub(r"\\\n", " ", file.read()), flags=re.M)[1:]


def wanted(condition, text):
    if not condition:
        sys.exit("containers: " + text)


def words_of(command):
    return shlex.split(command) if isinstance(command, str) else command


def keys(tree, path=()):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from keys(value, path + (name,))
        yield "STOS_" + "_".join(path + (name,)).upper()


def check_service(name, service):
    with open("config/stos.yaml") as file:
        known = set(keys(yaml.safe_load(file)))
    for variable in service.get("environment", {}):
        is_known = not variable.startswith("STOS_") or variable in known
        wanted(is_known, "%s sets %s, which is no key" % (name, variable))
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        there = os.path.exists(source) if source.startswith(".") else source in stack["volumes"]
        wanted(there, "%s wants the volume %s" % (name, source))
    for other, how in service.get("depends_on", {}).items():
        wanted(other in services, "%s depends on %s" % (name, other))
        healthy = how["condition"] == "service_healthy"
        wanted(not healthy or "healthcheck" in services[other], "%s cannot be healthy" % other)
    if "build" in service:
        check_command(name, words_of(service["command"]))


def check_command(name, words):
    program = words[0]
    build = os.environ["STOS_BUILD_DIR"]
    ours = [os.path.join(build, folder, program) for folder in ("bin", "examples")]
    is_there = program in ("sh", "python3") or any(map(os.path.exists, ours))
    wanted(is_there, "%s runs %s, which is not there" % (name, program))
    wanted(program != "python3" or program in packages(), "the image has no python3")
    for word in words[1:]:
        match = re.match("/usr/local/share/stos/(.*)", word)
        if match:
            wanted(os.path.exists(match[1]), "%s wants %s" % (name, word))
            copied = re.findall(r"^COPY (\S+) /usr/local/share", stages[-1], re.M)
            wanted(any(map(match[1].startswith, copied)), "the image has no %s" % word)


def check_nodes():
    environments = {name: service.get("environment", {}) for name, service in services.items()}
    nodes = {name: each for name, each in environments.items() if "STOS_CLUSTER_ADDRESS" in each}
    wanted(len(nodes) == 4, "there are %d nodes" % len(nodes))
    addresses = sorted(each["STOS_CLUSTER_ADDRESS"] for each in nodes.values())
    exposed = re.search("^EXPOSE (.*)", stages[-1], re.M)[1].split()
    metrics = []
    for name, each in nodes.items():
        wanted(each["STOS_CLUSTER_ADDRESS"] == name + ":4242", "%s listens elsewhere" % name)
        wanted(services[name]["hostname"] == name, "the host of %s has another name" % name)
        peers = sorted(each["STOS_CLUSTER_PEERS"].split(","))
        wanted(peers == addresses, "%s has other peers" % name)
        port = each["STOS_MONITORING_ADDRESS"].split(":")[1]
        wanted({"4242", port} <= set(exposed), "the image does not expose the ports of %s" % name)
        metrics.append("%s:%s" % (name, port))
    with open("monitoring/targets.yml") as file:
        targets = [each for group in yaml.safe_load(file) for each in group["targets"]]
    is_same = sorted(targets) == sorted(metrics)
    wanted(is_same, "Prometheus looks for %s, not %s" % (targets, metrics))
    mounted = [volume.split(":")[1] for volume in services["prometheus"]["volumes"]]
    with open("monitoring/prometheus.yml") as file:
        prometheus = yaml.safe_load(file)
    sources = prometheus["scrape_configs"][0]["file_sd_configs"]
    files = prometheus["rule_files"] + sources[0]["files"]
    are_there = all("/etc/stos/" + each in mounted for each in files)
    wanted(are_there, "Prometheus has not all files of %s" % files)
    with open("monitoring/grafana/provisioning/datasources/prometheus.yml") as file:
        source = yaml.safe_load(file)["datasources"][0]["url"]
    wanted(source == "http://prometheus:9090", "Grafana looks for Prometheus at %s" % source)


def check_image():
    for stage in stages:
        for words in re.findall(r"^COPY (?!--from)(.*)", stage, re.M):
            for source in words.split()[:-1]:
                wanted(os.path.exists(source), "the image wants %s" % source)


def packages():
    words = re.search("apt-get [^&]*install (.*?)&&", stages[-1])[1].split()
    return [word for word in words if not word.startswith("-")]


def print_words(what, name, replacements):
    service = services[name]
    words = ["%s=%s" % pair for pair in service.get("environment", {}).items()]
    if what == "health":
        words += ["sh", "-c", service["healthcheck"]["test"][1]]
    else:
        words += words_of(service["command"])
    for word in words:
        for replacement in replacements:
            word = word.replace(*replacement.split("=", 1))
        sys.stdout.write(word + "\0")


if sys.argv[1] == "check":
    for name, service in services.items():
        check_service(name, service)
    check_nodes()
    check_image()
elif sys.argv[1] == "packages":
    print("\n".join(packages()))
else:
    print_words(sys.argv[1], sys.argv[2], sys.argv[3:])
