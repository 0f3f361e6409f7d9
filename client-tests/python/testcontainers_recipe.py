"""seedance-mock with Testcontainers for Python: starts it, makes a task, and prints the task and the verdict as JSON."""

import json
import os
import ssl

import httpx
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

# What the admin API asks for: the container's port is open to more than this program.
TOKEN = "only-for-this-test"

mock = (
    DockerContainer(os.environ.get("SEEDANCE_MOCK_IMAGE", "seedance-mock"))
    .with_command("serve alpn-required --host 0.0.0.0 --admin-host 0.0.0.0")
    .with_env("SEEDANCE_MOCK_ADMIN_TOKEN", TOKEN)
    .with_exposed_ports(8443, 8480)
    .waiting_for(HttpWaitStrategy(8480, "/health/ready"))
)
with mock:
    host = mock.get_container_host_ip()
    url = f"https://{host}:{mock.get_exposed_port(8443)}/api/v3"
    admin = f"http://{host}:{mock.get_exposed_port(8480)}"

    # httpx offers HTTP/2 only when it is told to; without it the service resets it at its ClientHello.
    trust = ssl.create_default_context(cadata=httpx.get(f"{admin}/ca.pem").text)
    with httpx.Client(http2=True, verify=trust, headers={"authorization": "Bearer any"}) as client:
        created = client.post(
            f"{url}/contents/generations/tasks",
            json={
                "model": "doubao-seedance-2-0-260128",
                "content": [{"type": "text", "text": "A lighthouse at dusk."}],
            },
        ).raise_for_status()

    # Behind Docker's proxy for published ports a reset arrives as a FIN: `?resets=fin` makes what depends on it inconclusive.
    report = httpx.get(f"{admin}/report?final=true", headers={"authorization": f"Bearer {TOKEN}"}).raise_for_status()

print(json.dumps({"created": created.json(), "report": report.json()}))
