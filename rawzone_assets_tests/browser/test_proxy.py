"""A real nginx with the shipped configuration before a real Dagster web server: the UI works, attacks do not.

Dagster's web server carries out mutations from anybody who reaches it, from any page, also on plain GET.
"""

import base64
import http.client
import json
import ssl
import urllib.parse
from contextlib import ExitStack
from dataclasses import dataclass

import dagster as dg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from rawzone_assets_tests.browser import demo_zone, proxy
from rawzone_assets_tests.processes import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(proxy.NGINX is None, reason="nginx is not installed"),
]
FORGED = dg.AssetKey(["source", "distrokid"])
FORGERY = (
    "mutation { reportRunlessAssetEvents(eventParams: {eventType: ASSET_MATERIALIZATION, "
    'assetKey: {path: ["source", "distrokid"]}, description: "forged"}) { __typename } }'
)
JSON = {"Content-Type": "application/json"}
QUERY = urllib.parse.quote(FORGERY)
SELECTOR = 'repositoryLocationName: "rawzone", repositoryName: "__repository__"'
SENSOR = f'sensorSelector: {{{SELECTOR}, sensorName: "landing"}}'
STREAMS = '{path: ["raw", "distrokid", "streams"]}'


@dataclass(frozen=True)
class Attack:
    """A request that must be refused; ``works`` says that Dagster by itself carries it out."""

    title: str
    method: str
    path: str
    headers: dict
    body: str | None = None
    works: bool = False


def body(query=FORGERY):
    return json.dumps({"query": query})


def attacks(origin):
    evil, own = {"Origin": "https://evil.example"}, {"Origin": origin}
    port = origin.rpartition(":")[2]
    yield Attack("a mutation in the address", "GET", f"/graphql?query={QUERY}", {}, works=True)
    yield Attack("the same from a page of ours", "GET", f"/graphql?query={QUERY}", own, works=True)
    yield Attack("the same from another page", "GET", f"/graphql?query={QUERY}", evil, works=True)
    yield Attack("the same as HEAD", "HEAD", f"/graphql?query={QUERY}", own)  # Dagster refuses HEAD by itself
    half = {**own, "Upgrade": "websocket", "Connection": "upgrade"}
    yield Attack("the same as half a handshake", "GET", f"/graphql?query={QUERY}", half)
    for path in ("//graphql", "/%67raphql", "/_next/../graphql", "/x/..%2fgraphql", "/./graphql"):
        yield Attack(f"the same as {path}", "GET", f"{path}?query={QUERY}", own)
    plain = {"Content-Type": "text/plain"}
    in_address = f"/graphql?query={QUERY}"
    yield Attack("plain text from another page", "POST", in_address, {**evil, **plain}, "x", works=True)
    yield Attack("plain text from ours", "POST", in_address, {**own, **plain}, "x", works=True)
    two = {"Content-Type": "text/plain; application/json"}  # sent by any page without asking first
    yield Attack("JSON in disguise", "POST", "/graphql", {**evil, **two}, body(), works=True)
    yield Attack("JSON in disguise, own origin", "POST", "/graphql", {**own, **two}, body(), works=True)
    graphql = {"Content-Type": "application/graphql"}
    yield Attack("GraphQL's own type", "POST", "/graphql", {**own, **graphql}, FORGERY, works=True)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    yield Attack("a form", "POST", in_address, {**own, **form}, "a=b", works=True)
    yield Attack("JSON and an address", "POST", in_address, {**own, **JSON}, body(), works=True)
    named = {**own, **JSON}
    yield Attack("a name and a query", "POST", f"/graphql?op=x&query={QUERY}", named, body(), works=True)
    yield Attack("JSON from nowhere", "POST", "/graphql", JSON, body(), works=True)
    for other in (
        "https://evil.example",
        "null",
        origin.replace("https", "http"),
        f"{origin}.evil.example",
        f"https://evil.example|{origin}",
        f"https://{proxy.HOST}",
        f"https://sub.{proxy.HOST}:{port}",
    ):
        yield Attack(f"JSON from {other}", "POST", "/graphql", {"Origin": other, **JSON}, body(), works=True)
    cross = {**own, **JSON, "Sec-Fetch-Site": "cross-site"}
    yield Attack("a page that the browser calls foreign", "POST", "/graphql", cross, body(), works=True)
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1"):
        headers = {"Origin": f"https://{host}", "Host": host, **JSON}
        yield Attack(f"our address as {host}", "POST", "/graphql", headers, body(), works=True)
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        yield Attack(method, method, "/graphql", {**own, **JSON}, body())
    report = "/report_asset_materialization/source/distrokid"
    yield Attack("a report by address", "POST", f"{report}?description=forged", evil, works=True)
    yield Attack("a report from ours", "POST", report, {**own, **JSON}, "{}", works=True)
    yield Attack("a report in disguise", "POST", f"/%72{report[2:]}", {**own, **JSON}, "{}")
    check = "/report_asset_check/raw/distrokid/streams?check_name=integrity&passed=true"
    yield Attack("a report of a check", "POST", check, {**own, **JSON}, "{}")
    yield Attack("a notebook", "GET", "/notebook?path=/etc/x.ipynb&repoLocName=rawzone", own)
    yield Attack("a page posted to", "POST", "/assets", {**own, **JSON}, body())


TITLES = [attack.title for attack in attacks("https://localhost:1")]


@pytest.fixture(scope="module")
def gates(home, tmp_path_factory):
    """As ``deploy/`` has it: the code in a server of its own; an open web server and a read-only one; nginx
    before each, and one with passwords before the open one."""
    ports = free_port(), free_port()
    with ExitStack() as stack:
        where = stack.enter_context(demo_zone.code_server(home, port=free_port()))
        for port, arguments in zip(ports, ((), ("--read-only",)), strict=True):
            stack.enter_context(
                demo_zone.serving(
                    home,
                    port=port,
                    command=("dagster_webserver",),
                    arguments=arguments,
                    workspace=proxy.SHIPPED.parent / "workspace.grpc.yaml",
                    **where,
                )
            )
        front = [
            stack.enter_context(
                proxy.proxied(tmp_path_factory.mktemp(f"nginx{n}"), dagster_port=ports[n % 2], auth=auth)
            )
            for n, auth in enumerate((None, None, "auth-basic.conf"))
        ]
        yield {"direct": ports[0], "open": front[0], "read-only": front[1], "passwords": front[2]}


@pytest.fixture(scope="module")
def forgeries(home):
    """How many forged materializations there are."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        yield lambda: len(instance.fetch_materializations(FORGED, limit=1000).records)


class TestTheOpenServer:
    def test_what_a_page_of_ours_asks_for_is_carried_out(self, gates, forgeries):
        """Else the refusals below would mean nothing."""
        before, gate = forgeries(), gates["open"]
        for kind in ("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"):
            headers = {"Origin": gate.origin, "Content-Type": kind, "Sec-Fetch-Site": "same-origin"}
            status, _ = ask(gate.port, Attack("", "POST", "/graphql", headers, body()))
            assert status == 200
        assert forgeries() == before + 3

    @pytest.mark.parametrize("number", range(len(TITLES)), ids=TITLES)
    def test_an_attack_is_refused_and_changes_nothing(self, gates, forgeries, number):
        attack = list(attacks(gates["open"].origin))[number]
        before = forgeries()
        status, answer = ask(gates["open"].port, attack)
        assert status in {400, 403, 405, 415, 421}, (status, answer[:200])
        assert forgeries() == before
        if attack.works:
            ask(gates["direct"], attack, secure=False)
            assert forgeries() == before + 1, "Dagster refuses it by itself: the test shows nothing"

    def test_an_address_that_is_no_page_gives_the_same_document_as_any_page(self, gates):
        """So an endpoint that a later Dagster adds cannot be reached by name."""
        gate = gates["open"]
        for path in ("/endpoint_of_tomorrow?a=b", "/assets/raw/x?view=partitions", "/graphql/?query={version}"):
            status, answer = ask(gate.port, Attack("", "GET", path, {}))
            assert (status, b"<html" in answer, b'"version"' in answer) == (200, True, False)

    def test_live_logs_are_for_our_pages(self, gates):
        gate = gates["open"]
        for origin in ("https://evil.example", "null", None):
            with pytest.raises(InvalidStatus) as refused, live(gate, origin):
                pass
            assert refused.value.response.status_code == 403
        with live(gate, gate.origin) as socket:
            socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(socket.recv(timeout=60)) == {"type": "connection_ack"}

    def test_a_mutation_over_a_websocket_is_not_carried_out(self, gates, forgeries):
        """Dagster's own doing: subscriptions only. If that changes, the same-origin rule is what is left."""
        before = forgeries()
        with live(gates["open"], gates["open"].origin) as socket:
            socket.send(json.dumps({"type": "start", "id": "1", "payload": {"query": FORGERY}}))
            assert json.loads(socket.recv(timeout=60))["type"] == "error"
        assert forgeries() == before


class TestTheReadOnlyServer:
    @pytest.mark.parametrize(
        "mutation",
        [
            FORGERY,
            f"mutation {{ wipeAssets(assetPartitionRanges: [{{assetKey: {STREAMS}}}]) {{ __typename }} }}",
            'mutation { deleteRun(runId: "x") { __typename } }',
            'mutation { terminateRun(runId: "x") { __typename } }',
            (
                "mutation { launchPartitionBackfill(backfillParams: "
                f'{{partitionNames: ["2026-01-01"], assetSelection: [{STREAMS}]}}) {{ __typename }} }}'
            ),
            (
                f"mutation {{ launchRun(executionParams: {{selector: {{{SELECTOR}, "
                'pipelineName: "__ASSET_JOB"}, runConfigData: {}}) { __typename } }'
            ),
            f'mutation {{ setSensorCursor({SENSOR}, cursor: "x") {{ __typename }} }}',
            (
                f'mutation {{ sensorDryRun(selectorData: {{{SELECTOR}, sensorName: "landing"}}, '
                'cursor: "") { __typename } }'
            ),
            f"mutation {{ startSensor({SENSOR}) {{ __typename }} }}",
            'mutation { reloadRepositoryLocation(repositoryLocationName: "rawzone") { __typename } }',
            "mutation { reloadWorkspace { __typename } }",
            (
                f"mutation {{ addDynamicPartition(repositorySelector: {{{SELECTOR}}}, "
                'partitionsDefName: "x", partitionKey: "x") { __typename } }'
            ),
        ],
        ids=lambda text: text.split("{")[1].split("(")[0].strip(),
    )
    def test_a_mutation_is_refused_even_from_our_own_page(self, gates, forgeries, mutation):
        before, gate = forgeries(), gates["read-only"]
        headers = {"Origin": gate.origin, **JSON}
        status, answer = ask(gate.port, Attack("", "POST", "/graphql", headers, body(mutation)))
        (result,) = json.loads(answer)["data"].values()
        assert (status, result["__typename"]) == (200, "UnauthorizedError")
        assert forgeries() == before

    def test_a_report_by_a_program_is_refused_by_dagster_too(self, gates, forgeries):
        before, gate = forgeries(), gates["read-only"]
        report = Attack("", "POST", "/report_asset_materialization/source/distrokid", {"Origin": gate.origin})
        assert ask(gate.port, report)[0] == 403
        assert forgeries() == before

    def test_a_person_looks_around_through_it(self, gates, chromium, look):
        """The pages, their data and the live updates come through, and the page says what is not allowed."""
        gate = gates["read-only"]
        context = chromium.new_context(ignore_https_errors=True, viewport={"width": 1500, "height": 1000})
        page = context.new_page()
        failed = []
        page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
        page.set_default_timeout(60_000)
        page.goto(f"{gate.origin}/assets/raw/distrokid/streams?view=overview")
        page.get_by_text("DistroKid streams page").first.wait_for()
        page.get_by_text("compression_ratio").first.wait_for()
        look(page, "proxy-read-only-overview")
        page.goto(f"{gate.origin}/runs")
        page.get_by_text("Success").first.wait_for()
        page.get_by_text("rawzone/feed").first.wait_for()
        look(page, "proxy-read-only-runs")
        run = page.locator("a[href^='/runs/']").first.get_attribute("href")
        with page.expect_websocket() as socket:
            page.goto(f"{gate.origin}{run}")
            page.get_by_text("RUN_SUCCESS").first.wait_for()
        assert socket.value.url.startswith(f"wss://{proxy.HOST}")
        assert failed == []
        context.close()


class TestPasswords:
    def test_nobody_gets_in_without(self, gates):
        gate = gates["passwords"]
        for path, method in (("/", "GET"), ("/graphql", "POST"), ("/_next/x.js", "GET"), ("/logs/x", "GET")):
            headers = {"Origin": gate.origin, **JSON}
            status, _ = ask(gate.port, Attack("", method, path, headers, body()))
            assert status == 401
        with pytest.raises(InvalidStatus) as refused, live(gate, gate.origin):
            pass
        assert refused.value.response.status_code == 401

    def test_the_right_one_opens_and_the_wrong_one_does_not(self, gates):
        gate = gates["passwords"]
        for password, expected in ((proxy.PASSWORD, 200), ("guess", 401)):
            word = base64.b64encode(f"{proxy.USER}:{password}".encode()).decode()
            headers = {"Origin": gate.origin, **JSON, "Authorization": f"Basic {word}"}
            status, _ = ask(gate.port, Attack("", "POST", "/graphql", headers, body("{ version }")))
            assert status == expected


def ask(port, attack, *, secure=True):
    """Send exactly these bytes of a request: no library may correct its path or headers."""
    if secure:
        connection = http.client.HTTPSConnection(proxy.HOST, port, context=_trusting(), timeout=120)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.putrequest(attack.method, attack.path, skip_host="Host" in attack.headers)
        data = (attack.body or "").encode()
        for name, value in {**attack.headers, "Content-Length": str(len(data))}.items():
            connection.putheader(name, value)
        connection.endheaders(data or None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def live(gate, origin):
    return connect(
        f"wss://{proxy.HOST}:{gate.port}/graphql", origin=origin, ssl=_trusting(), subprotocols=["graphql-ws"]
    )


def _trusting():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
